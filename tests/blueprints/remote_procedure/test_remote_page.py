"""The example's page, built on the published package, in a real browser against the real engine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_task import LiveTask

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).parents[3] / "examples" / "remote_procedure"
NODE_MODULES = Path(__file__).parents[2] / "browser" / "node_modules"
HEADLINE = "[name=headline]"
SUBMIT = "button[type=submit]"

Launch = Callable[..., LiveTask]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Launches the example; what is still up at the end is taken down."""
    tasks: list[LiveTask] = []

    def start(*overrides: str) -> LiveTask:
        tasks.append(LiveTask(EXAMPLE / "conf.yaml", tmp_path / "home", *overrides))
        return tasks[-1]

    yield start
    for task in tasks:
        task.take_down()


def wait_for_check(page: Any, headline: str) -> None:
    page.at(f"#checks li:has-text('{headline}')", "waitFor")


def write(page: Any, headline: str) -> None:
    """Type a headline and have it checked."""
    page.at(HEADLINE, "fill", headline)
    page.click("#check:enabled")
    wait_for_check(page, headline)


def test_a_page_calls_functions_and_submits(browser: Any, launch: Launch) -> None:
    task = launch()
    page = browser.open(task.link("ann"))
    page.click("#suggest:enabled")
    page.at(f"{HEADLINE}[value='The old mill by']", "waitFor")
    page.click("#suggest:enabled")
    page.at(f"{HEADLINE}[value='For three years volunteers']", "waitFor")
    write(page, "A mill turns into a castle")
    assert "not in the article: turns, into, castle" in page.text()
    page.click(SUBMIT)
    page.wait_for_text("Thank you")
    assert task.stored_answers(1) == [{"headline": "A mill turns into a castle", "checks": 1}]
    assert page.log("errors") == []


def test_a_reload_keeps_what_was_called_before(browser: Any, launch: Launch) -> None:
    task = launch()
    page = browser.open(task.link("ann"))
    write(page, "First try")
    write(page, "Second try")
    page.call("reload")
    wait_for_check(page, "Second try")
    assert page.at("#checks li", "count") == 2
    assert task.agent_count() == 1
    write(page, "Third try")
    assert page.at("#checks li", "allInnerTexts")[0].startswith("First try 9 characters")
    page.click(SUBMIT)
    page.wait_for_text("Thank you")
    assert page.log("errors") == []


def test_a_page_goes_on_after_a_restart_of_the_engine(browser: Any, launch: Launch) -> None:
    task = launch()
    page = browser.open(task.link("ann"))
    write(page, "Before")
    task.take_down()
    task.bring_back()
    write(page, "After")
    page.call("reload")
    wait_for_check(page, "After")
    assert page.at("#checks li", "count") == 2


def test_a_call_that_fails_is_told_to_the_worker(
    browser: Any, launch: Launch, tmp_path: Path
) -> None:
    code = tmp_path / "task.py"
    code.write_text(
        "import asyncio\n"
        "def check_headline(args):\n    raise ValueError('a secret')\n"
        "async def suggest_start():\n    await asyncio.Event().wait()\n"
        "function_registry = dict(check_headline=check_headline, suggest_start=suggest_start)\n"
    )
    task = launch(f"mephisto.task.code={code}", "mephisto.blueprint.call_timeout_seconds=1")
    page = browser.open(task.link("ann"))
    page.at(HEADLINE, "fill", "Anything")
    page.click("#check:enabled")
    page.wait_for_text("That did not work: the function failed.")
    page.click("#suggest:enabled")
    page.wait_for_text("That did not work: the function took too long.")
    assert "secret" not in page.text()
    assert page.log("errors") == []


def test_two_workers_write_at_the_same_time(browser: Any, launch: Launch) -> None:
    task = launch()
    pages = [browser.open(task.link(name)) for name in ("ann", "bob")]
    for page, headline in zip(pages, ("By ann", "By bob"), strict=True):
        write(page, headline)
    assert [page.at("#checks li", "count") for page in pages] == [1, 1]


def test_the_checked_in_bundle_is_the_built_source(browser: Any, tmp_path: Path) -> None:
    webapp = EXAMPLE / "webapp"
    scripts = json.loads((webapp / "package.json").read_text())["scripts"]
    built = tmp_path / "bundle.js"
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    environment["PATH"] = f"{NODE_MODULES / '.bin'}:{environment['PATH']}"
    command = scripts["build"].replace("bundle.js", str(built))
    subprocess.run(
        command, shell=True, cwd=webapp, env=environment, check=True, capture_output=True
    )
    assert built.read_bytes() == (webapp / "bundle.js").read_bytes()
    assert built.stat().st_size < 400_000
