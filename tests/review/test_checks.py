"""What the engine looks at in an answer under review, and what it costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from review_world import ReviewedRun

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import (
    Check,
    Checks,
    Files,
    Json,
    SubmittedData,
    Timeline,
    Transcript,
)
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.data_model import Submission
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.assignments import store_live_updates
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.database.queries.details import MOST_UPDATES
from mephisto_engine.database.queries.neighbours import LONGEST, Neighbour, neighbours
from mephisto_engine.database.queries.standing import Figures
from mephisto_engine.operations.reading.review_checks import Looked, engine_checks
from mephisto_engine.operations.reading.unit_sections import Beside, read_sections
from mephisto_engine.operations.runs.run_setup import RunSetup
from mephisto_engine.testing.conformance.database import StoredRun

TEXT = "the heat of the iron melts the wax so that the towel takes it up"


def answer(unit: int, worker: int, body: Any, seconds: float = 60.0, item: int = 0) -> Neighbour:
    return Neighbour(unit, item, worker, 0, int(seconds * 1000), json.dumps(body))


def checked(*around: Neighbour, here: Figures | None = None, **given: Any) -> list[Check]:
    looked = Looked(given.pop("unit_index", 0), given.pop("is_right", None), here or Figures(),
                    around, **given)  # fmt: skip
    return list(engine_checks(looked))


@pytest.mark.parametrize(
    ("unit_index", "is_right", "expected"),
    [
        (GOLD_INDEX, True, [Check("passed", "gold unit passed")]),
        (GOLD_INDEX, False, [Check("failed", "gold unit failed")]),
        (SCREENING_INDEX, None, [Check("odd", "screening unit, not judged")]),
        (0, True, []),
    ],
)
def test_what_was_known_beforehand_is_said(
    unit_index: int, is_right: bool | None, expected: list[Check]
) -> None:
    assert checked(unit_index=unit_index, is_right=is_right) == expected


@pytest.mark.parametrize(
    ("right", "wrong", "result"), [(3, 0, "passed"), (3, 1, "odd"), (1, 3, "failed")]
)
def test_the_gold_units_of_a_worker_count(right: int, wrong: int, result: str) -> None:
    (found,) = checked(here=Figures(gold_right=right, gold_wrong=wrong))
    assert found == Check(result, f"{right} of {right + wrong} gold units right")


def test_a_time_is_compared_with_the_workers_median() -> None:
    here = Figures(completed=5, median_seconds=230.0)
    (found,) = checked(answer(1, 1, {}, 271.0), here=here)
    assert found == Check("passed", "took 4m31s, 18% slower than this worker's median (3m50s)")
    (found,) = checked(answer(1, 1, {}, 30.0), here=here)
    assert found == Check("odd", "took 30s, 87% faster than this worker's median (3m50s)")


def test_the_time_of_a_new_worker_is_compared_with_that_of_others() -> None:
    others = [answer(n, 2 + n, {}, 100.0) for n in range(5)]
    (found,) = checked(*others, answer(9, 1, {}, 101.0))
    assert found == Check("passed", "took 1m41s, about the median around it (1m40s)")
    (found,) = checked(answer(9, 1, {}, 101.0))
    assert found == Check("passed", "took 1m41s; too few others to compare")


def test_a_time_that_is_not_ordinary_at_all_stands_out() -> None:
    others = [answer(n, 2 + n, {}, 90.0 + n) for n in range(20)]
    here = Figures(completed=5, median_seconds=2.0)
    (found,) = checked(*others, answer(99, 1, {}, 2.0), here=here)
    assert found.result == "odd"
    assert found.text.startswith("took 2.0s; half of the units around it took 1m39s or more")


def test_a_text_that_was_there_before_is_named() -> None:
    others = [answer(7, 2, {"why": TEXT}), answer(8, 1, {"why": "something else entirely here"})]
    found = checked(*others, answer(9, 1, {"why": f"{TEXT.upper()}!"}))
    assert found[-1] == Check(
        "odd", "wrote the same in ‘why’ of unit 9 as another worker wrote in unit 7",
    )  # fmt: skip


def test_a_row_of_one_answer_is_said() -> None:
    others = [answer(n, 2 + n, {"rating": "abc"[n % 3]}, item=n) for n in range(60)]
    own = [answer(100 + n, 1, {"rating": "a"}, item=100 + n) for n in range(12)]
    found = checked(*others, *own, labels=[LabelField("rating", ("a", "b", "c"))])
    assert found[-1].result == "odd"
    assert found[-1].text.startswith("answered ‘a’ 12 times in a row")


def test_whatever_was_handed_in_can_be_looked_at() -> None:
    bodies = ["not json", "null", "[]", "3", json.dumps({"": None}), '{"a": {"b": [1]}}']
    around = [Neighbour(n, 0, n, 0, None, body) for n, body in enumerate(bodies)]
    assert checked(*around) == []


def test_neighbours_are_the_workers_own_before_and_others_around(
    db: MephistoDB, home: Path
) -> None:
    run = ReviewedRun(db, home, "ann", "bob", "ann", "eve", "ann")
    ReviewedRun(db, home, "ann", "bob")
    agents = db.read(lambda: dict(Submission.select(Submission.id, Submission.agent).tuples()))
    found = db.read(neighbours, agents[3])
    assert [row.unit_id for row in found] == [
        run.units[0], run.units[1], run.units[3], run.units[2],
    ]  # fmt: skip
    assert db.read(neighbours, 999) == []


def test_an_answer_that_is_very_long_is_left_out(db: MephistoDB, home: Path) -> None:
    run = StoredRun.create(db, assignments=2)
    run.submit(run.arrive("ann", 0), json.dumps("x" * LONGEST))
    run.submit(run.arrive("bob", 1), "{}")
    assert [row.unit_id for row in db.read(neighbours, 2)] == [run.units[1][0]]
    assert db.read(neighbours, 1) == []


def test_a_unit_in_review_has_its_checks_and_its_timeline(run: ReviewedRun) -> None:
    run.review.stage(NewDecision(run.units[0], "accepted", "fine"))
    sections = run.review.detail(run.units[0]).sections
    (checks,) = [section for section in sections if isinstance(section, Checks)]
    assert checks.rows[0] == Check("passed", "answered every field")
    (timeline,) = [section for section in sections if isinstance(section, Timeline)]
    said = [moment.text for moment in timeline.moments]
    assert said == [
        "created",
        "agent 1, worker alice, began",
        "agent 1, worker alice, submitted",
        "operator:me staged accepted: fine",
    ]


class _Broken(MockBlueprint):
    BLUEPRINT_TYPE = "broken"

    @classmethod
    def review_sections(cls, data: SubmittedData) -> Any:
        return [data.answer] if data.answer else 1 / 0

    @classmethod
    def review_checks(cls, data: SubmittedData) -> Any:
        return [("passed", "no Check")]


@pytest.mark.parametrize(
    ("kind", "answer", "fault"),
    [
        ("gone", {"a": 1}, "gone cannot show this: PluginError"),
        ("broken", {"a": 1}, "broken cannot show this: TypeError: review_sections gave"),
        ("broken", None, "broken cannot show this: ZeroDivisionError: division by zero"),
    ],
)
def test_the_data_are_shown_whatever_a_plugin_does(kind: str, answer: Any, fault: str) -> None:
    registry = Registry({"blueprint": {"broken": _Broken}})
    beside = Beside(0, None, Files("FILES", ()), ())
    read = read_sections(SubmittedData({"q": 1}, answer), beside, RunSetup(1, kind, {}), registry)
    assert read.fault.startswith(fault)
    assert read.sections[:2] == (Json("PROMPT", {"q": 1}), Json("ANSWER", answer))
    (checks,) = [section for section in read.sections if isinstance(section, Checks)]
    assert checks.rows[0].result == "odd"
    assert checks.rows[0].text.startswith(f"{kind} cannot check this")


def test_messages_that_are_left_out_are_counted(run: ReviewedRun) -> None:
    def talk(number: int) -> None:
        said = [(1, bool(place % 2), {"text": f"{place}"}) for place in range(number)]
        run.db.write_now(store_live_updates, said)

    talk(MOST_UPDATES)
    assert run.review.detail(run.units[0]).fault == ""
    talk(700)
    read = run.review.detail(run.units[0])
    assert read.fault == "The last 500 of 1,200 messages are shown."
    (said,) = [section for section in read.sections if isinstance(section, Transcript)]
    assert len(said.turns) == MOST_UPDATES


def test_units_of_one_item_are_not_checked_beside_each_other(run: ReviewedRun) -> None:
    (first, *_) = run.review.queue()
    (unit,) = run.review.item(first.assignment_id)
    assert not [section for section in unit.sections if isinstance(section, Checks | Timeline)]
