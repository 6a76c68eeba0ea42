"""A worker's browser, the gateway, the engine and the database, all of them real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_driver import Browser
from live_task import LiveTask

pytestmark = pytest.mark.browser

EXAMPLES = Path(__file__).parents[2] / "examples"
SUBMIT = "#html-task-submit-button"
Launch = Callable[..., LiveTask]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Launches an example; what is still up at the end is taken down."""
    tasks: list[LiveTask] = []

    def start(config: str, *overrides: str) -> LiveTask:
        tasks.append(LiveTask(EXAMPLES / config, tmp_path / "home", *overrides))
        return tasks[-1]

    yield start
    for task in tasks:
        task.take_down()


def test_an_html_task_is_answered_with_a_file(
    browser: Browser, launch: Launch, tmp_path: Path
) -> None:
    task = launch("static_task/conf.yaml")
    upload = tmp_path / "screen.txt"
    upload.write_text("what I saw")
    page = browser.open(task.link("ann"))
    page.click("[name=rating][value='3']")
    page.click("[name=faults][value=too_long]")
    page.at("[name=file1]", "setInputFiles", str(upload))
    page.click(SUBMIT)
    page.wait_for_text("Thank you")
    [answer] = task.answers()
    assert answer["rating"] == "3"
    assert answer["faults"] == "too_long"
    assert answer["file1"]["name"] == "screen.txt"
    [stored] = task.uploads()
    assert stored.original_name == "screen.txt"
    assert task.upload_path(stored).read_text() == "what I saw"
    assert answer["files"][0]["filename"] == stored.stored_name
    assert page.log("errors") == []


def test_a_react_page_with_the_published_package_is_answered(
    browser: Browser, launch: Launch, react_bundle: Path
) -> None:
    task = launch("static_react_task/conf.yaml", f"mephisto.blueprint.task_source={react_bundle}")
    page = browser.open(task.link("ann"))
    page.click("[value=culture]")
    page.click("button[type=submit]")
    page.wait_for_text("Thank you, your answer")
    assert task.answers() == [{"topic": "culture"}]
    assert page.log("errors") == []


def test_the_checked_in_bundle_runs(browser: Browser, launch: Launch) -> None:
    task = launch("static_react_task/conf.yaml")
    page = browser.open(task.link("ann"))
    page.click("[value=weather]")
    page.click("button[type=submit]")
    page.wait_for_text("Thank you, your answer")
    assert task.answers() == [{"topic": "weather"}]


def test_a_task_laid_out_as_mephistos_is_answered(browser: Browser, launch: Launch) -> None:
    task = launch("mephisto_layout/hydra_configs/conf/example_local_mock.yaml")
    page = browser.open(task.link("ann"))
    page.wait_for_text("Rate the description")
    page.click("[value=good]")
    page.click(SUBMIT)
    page.wait_for_text("Thank you")
    assert task.answers()[0]["rating"] == "good"


def test_a_preview_registers_nobody(browser: Browser, launch: Launch) -> None:
    task = launch("static_task/conf.yaml")
    page = browser.open(f"{task.url}?preview=1")
    page.wait_for_text("You will read one question")
    page.call("waitForLoadState", "networkidle")
    assert not [entry for entry in page.log("requests") if entry.startswith("POST")]
    assert task.agent_count() == 0


def test_a_reload_keeps_the_worker_on_the_same_item(browser: Browser, launch: Launch) -> None:
    task = launch("static_task/conf.yaml")
    page = browser.open(task.link("ann"))
    page.at(SUBMIT, "waitFor")
    before = page.at("#conversation", "innerText")
    page.call("reload")
    page.at(SUBMIT, "waitFor")
    assert page.at("#conversation", "innerText") == before
    assert task.agent_count() == 1


@pytest.mark.parametrize(
    ("config", "choice", "submit", "expected"),
    [
        ("static_task/conf.yaml", "[name=rating][value='4']", SUBMIT, {"rating": "4"}),
        (
            "static_react_task/conf.yaml",
            "[value=sport]",
            "button[type=submit]",
            {"topic": "sport"},
        ),
    ],
    ids=["html", "react"],
)
def test_an_answer_outlives_a_server_that_goes_away(
    browser: Browser,
    launch: Launch,
    config: str,
    choice: str,
    submit: str,
    expected: dict[str, str],
) -> None:
    task = launch(config)
    page = browser.open(task.link("ann"))
    page.click(choice)
    task.take_down()
    page.click(submit)
    assert page.wait_for_failure() == "POST /submit_task"
    task.bring_back()
    page.wait_for_text("Thank you, your answer")
    [answer] = task.answers()
    assert expected.items() <= answer.items()
