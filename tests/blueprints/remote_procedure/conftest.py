from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio
from called_page import CalledPage

from mephisto_blueprints.remote_procedure import RemoteProcedureBlueprint
from mephisto_blueprints.remote_procedure.blueprint import (
    RemoteProcedureArgs,
    SharedRemoteProcedureTaskState,
)
from mephisto_engine.testing.records import make_run

BROWSER_TESTS = Path(__file__).parents[2] / "browser"
sys.path.append(str(BROWSER_TESTS))

from browser_driver import Browser  # noqa: E402

MakeBlueprint = Callable[..., RemoteProcedureBlueprint]
Open = Callable[..., CalledPage]


def _cannot_run(reason: str) -> NoReturn:
    """Where the browser is a promise (CI), its absence is a failure and not a skip."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    node, chromium = shutil.which("node"), os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not node or not (BROWSER_TESTS / "node_modules").is_dir():
        _cannot_run("node, or the packages of tests/browser, are not installed")
    if not Path(chromium).exists():
        _cannot_run(f"there is no Chromium at {chromium}")
    browser = Browser(node, chromium)
    yield browser
    browser.close()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "bundle.js").write_text("console.log('task')")
    (folder / "data.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    return folder


@pytest.fixture
def make_blueprint(sources: Path) -> MakeBlueprint:
    """A blueprint with some functions and options."""

    def make(functions: dict[str, Any], **options: Any) -> RemoteProcedureBlueprint:
        given = {
            "task_source": str(sources / "bundle.js"),
            "data_jsonl": str(sources / "data.jsonl"),
        }
        args = RemoteProcedureArgs(**{**given, **options})
        state = SharedRemoteProcedureTaskState(function_registry=functions)
        return RemoteProcedureBlueprint(args, state, make_run(blueprint_type="remote_procedure"))

    return make


@pytest_asyncio.fixture
async def open_page(make_blueprint: MakeBlueprint) -> AsyncIterator[Open]:
    """Puts a worker's page on a unit of a task with some functions."""
    pages: list[CalledPage] = []

    def open_one(
        functions: dict[str, Any], history: list[dict[str, Any]] | None = None, **options: Any
    ) -> CalledPage:
        blueprint = make_blueprint(functions, **options)
        runner = blueprint.TaskRunnerClass(blueprint)
        pages.append(CalledPage(runner, history))
        return pages[-1]

    yield open_one
    for page in pages:
        page.work.cancel()
    await asyncio.gather(*(page.work for page in pages), return_exceptions=True)
