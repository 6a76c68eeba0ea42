from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from form_files import run_record

from mephisto_blueprints.form import FormBlueprint
from mephisto_blueprints.static.state import SharedStaticTaskState

BROWSER_TESTS = Path(__file__).parents[2] / "browser"
sys.path.append(str(BROWSER_TESTS))

from browser_driver import Browser  # noqa: E402
from wire_server import WireServer  # noqa: E402


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
def make() -> Callable[..., FormBlueprint]:
    """A blueprint of some options."""

    def make_blueprint(state: SharedStaticTaskState | None = None, **options: Any) -> FormBlueprint:
        args = FormBlueprint.ArgsClass(**options)
        return FormBlueprint(args, state or SharedStaticTaskState(), run_record())

    return make_blueprint


@pytest.fixture
def serve(tmp_path: Path, make: Callable[..., FormBlueprint]) -> Iterator[Callable[..., Any]]:
    """Serves the site of a form; the worker gets its first item."""
    servers: list[WireServer] = []

    def serve_form(path: Path) -> WireServer:
        blueprint = make(form=str(path))
        root = tmp_path / "site"
        root.mkdir()
        blueprint.TaskBuilderClass(blueprint).build_in_dir(root)
        server = WireServer(root)
        server.item = next(iter(blueprint.get_initialization_data())).shared
        servers.append(server)
        return server.__enter__()

    yield serve_form
    for server in servers:
        server.__exit__()
