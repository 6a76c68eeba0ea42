from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from mephisto_blueprints.static_task import StaticTaskBlueprint

SEEDS = range(30)


@pytest.fixture
def answers(make: Any, tmp_path: Path) -> Any:
    """Thirty answers of simulated workers to a form."""

    def answer_often(html: str, item: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        (tmp_path / "task.html").write_text(html, "utf-8")
        blueprint = make(StaticTaskBlueprint, task_source=str(tmp_path / "task.html"))
        return [blueprint.example_answer(item or {}, random.Random(seed)) for seed in SEEDS]

    return answer_often


def test_a_required_choice_is_always_made(answers: Any) -> None:
    html = "<input type=radio name=r value=a required><input type=radio name=r value=b>"
    assert {answer["r"] for answer in answers(html)} == {"a", "b"}


def test_an_optional_choice_is_sometimes_left_out(answers: Any) -> None:
    found = answers("<input type=radio name=r value=a>")
    assert {answer.get("r") for answer in found} == {"a", None}


def test_boxes_of_one_name_give_a_value_or_a_list(answers: Any) -> None:
    html = "".join(f"<input type=checkbox name=b value={value}>" for value in "xyz")
    given = [answer["b"] for answer in answers(html) if "b" in answer]
    assert any(isinstance(value, list) for value in given)
    assert all(set(value) <= set("xyz") for value in given)


def test_a_select_gives_one_of_its_options(answers: Any) -> None:
    html = (
        "<select name=s required><option value=''>choose</option><option value=1>one</option>"
        "<option> two </option><option disabled>three</option></select>"
    )
    assert {answer["s"] for answer in answers(html)} == {"1", "two"}


def test_numbers_keep_to_their_limits_and_steps(answers: Any) -> None:
    html = "<input type=number name=n min=10 max=12 step=0.5 required><input type=range name=m>"
    allowed = {"10", "10.5", "11", "11.5", "12"}
    for answer in answers(html):
        assert answer["n"] in allowed
        assert answer["m"] == "" or 0 <= int(answer["m"]) <= 100


def test_texts_keep_to_their_length(answers: Any) -> None:
    html = "<textarea name=t required minlength=90 maxlength=100></textarea><input name=u>"
    found = answers(html)
    assert all(90 <= len(answer["t"]) <= 100 for answer in found)
    assert any(answer["u"] for answer in found)


def test_placeholders_in_the_form_take_the_items_values(answers: Any) -> None:
    html = "<input type=radio name='q_${id}' value='${choice}' required>"
    assert answers(html, {"id": 7, "choice": "tea"})[0]["q_7"] == "tea"


def test_what_a_browser_would_not_send_is_left_out(answers: Any) -> None:
    html = (
        "<input type=submit name=go><input name=off disabled><input type=file name=f><input>"
        "<input type=hidden name=h value=v>"
    )
    assert answers(html)[0] == {"h": "v", "file1": {}}


def test_one_seed_gives_one_answer(answers: Any) -> None:
    html = "<input name=t><input type=date name=d><select name=s><option>a<option>b</select>"
    assert answers(html) == answers(html)
