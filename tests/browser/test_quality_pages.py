"""Onboarding, screening and gold units, as a worker's browser meets them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_driver import Browser, Page
from live_task import LiveTask

pytestmark = pytest.mark.browser

EXAMPLES = Path(__file__).parents[2] / "examples"
SUBMIT = "#html-task-submit-button"
KEPT_OUT = "You are not currently qualified"
RIGHT = {
    "I love it": "pleased",
    "worst film": "displeased",
    "wonderful evening": "pleased",
    "money back": "displeased",
    "so happy": "pleased",
    "It broke": "displeased",
}
"""Part of a gold or screening sentence → what its writer feels."""

Launch = Callable[..., LiveTask]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    tasks: list[LiveTask] = []

    def start(config: str, *overrides: str) -> LiveTask:
        tasks.append(LiveTask(EXAMPLES / config, tmp_path / "home", *overrides))
        return tasks[-1]

    yield start
    for task in tasks:
        task.take_down()


def do_unit(page: Page, is_right: bool) -> str:
    """Answer what the page shows, and wait for what comes next; the sentence comes back."""
    page.at(SUBMIT, "waitFor")
    text = str(page.at("blockquote", "innerText")).strip()
    right = next((feeling for part, feeling in RIGHT.items() if part in text), "neutral")
    page.click(f"[name=feeling][value={right if is_right else 'neutral'}]")
    page.click(SUBMIT)
    page.call("waitForFunction", f"!document.body?.innerText.includes({json.dumps(text)})")
    assert page.log("errors") == []
    return text


def is_special(text: str) -> bool:
    return any(part in text for part in RIGHT)


def test_golds_come_first_and_too_many_wrong_ones_end_it(browser: Browser, launch: Launch) -> None:
    task = launch("quality_control/conf_golds.yaml")
    page = browser.open(task.link("ann"))
    assert [is_special(do_unit(page, True)) for _ in range(3)] == [True, True, False]
    page = browser.open(task.link("mallory"))
    for _ in range(2):
        assert is_special(do_unit(page, False))
    page.wait_for_text(KEPT_OUT)


def test_a_screening_lets_in_or_keeps_out(browser: Browser, launch: Launch) -> None:
    task = launch("quality_control/conf_screening.yaml")
    page = browser.open(task.link("ann"))
    assert [is_special(do_unit(page, True)) for _ in range(2)] == [True, False]
    page = browser.open(task.link("mallory"))
    assert is_special(do_unit(page, False))
    page.wait_for_text(KEPT_OUT)


ONBOARDING = """
onboarding_data = {"headline": "Rain is on its way", "topics": ["weather", "sport"]}

def validate_onboarding(given):
    return given["outputs"]["topic"] == "weather"
"""


def test_the_published_package_does_the_qualifying_task_and_then_the_real_one(
    browser: Browser, launch: Launch, react_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "code.py").write_text(ONBOARDING)
    task = launch(
        "static_react_task/conf.yaml",
        f"mephisto.blueprint.task_source={react_bundle}",
        "+mephisto.blueprint.onboarding_qualification=headlines",
        f"+mephisto.task.code={tmp_path / 'code.py'}",
    )
    page = browser.open(task.link("ann"))
    page.wait_for_text("Rain is on its way")
    page.click("[value=weather]")
    page.click("button[type=submit]")
    page.at("[value=culture]", "waitFor")
    assert task.answers() == []
    page = browser.open(task.link("mallory"))
    page.wait_for_text("Rain is on its way")
    page.click("[value=sport]")
    page.click("button[type=submit]")
    page.wait_for_text(KEPT_OUT)
    page = browser.open(task.link("ann"))
    page.click("[value=culture]")
    page.click("button[type=submit]")
    page.wait_for_text("Thank you, your answer")
    assert task.answers() == [{"topic": "culture"}]
