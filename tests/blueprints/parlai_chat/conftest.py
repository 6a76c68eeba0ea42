from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent
PAGE = HERE / "page"
EXAMPLES = HERE.parents[2] / "examples"
BROWSER_TESTS = HERE.parents[1] / "browser"
sys.path.append(str(BROWSER_TESTS))

from browser_driver import Browser  # noqa: E402
from live_task import LiveTask  # noqa: E402


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


@pytest.fixture(scope="session")
def published_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page on the published `bootstrap-chat`, built as a task would."""
    npm = shutil.which("npm")
    if not npm:
        _cannot_run("npm is not installed")
    if not (PAGE / "node_modules" / ".package-lock.json").exists():
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=PAGE, capture_output=True, text=True, timeout=300)
        if done.returncode:
            _cannot_run(f"npm ci failed: {done.stderr[-2000:]}")
    bundle = tmp_path_factory.mktemp("page") / "bundle.js"
    command = [
        str(PAGE / "node_modules" / ".bin" / "esbuild"),
        str(PAGE / "src" / "main.jsx"),
        "--bundle",
        "--loader:.css=text",
        '--define:process.env.NODE_ENV="production"',
        f"--outfile={bundle}",
    ]
    subprocess.run(command, cwd=PAGE, check=True, capture_output=True, timeout=120)
    return bundle


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Launches a config; what is still up at the end is taken down."""
    tasks: list[LiveTask] = []

    def start(config: str, *overrides: str) -> LiveTask:
        tasks.append(LiveTask(EXAMPLES / config, tmp_path / "home", *overrides))
        return tasks[-1]

    yield start
    for task in tasks:
        task.take_down()
