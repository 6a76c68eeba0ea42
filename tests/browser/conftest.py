from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from browser_driver import Browser
from wire_server import WireServer

from mephisto_blueprints.static_react_task import StaticReactTaskBlueprint
from mephisto_blueprints.static_task import StaticTaskBlueprint
from mephisto_engine.abstractions.blueprint import Blueprint
from mephisto_engine.data_model.records import RunRecord

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"


def _cannot_run(reason: str) -> NoReturn:
    """Where the browser is a promise (CI), its absence is a failure and not a skip."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the packages of package.json installed."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        _cannot_run("node and npm are not installed")
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300)
        if done.returncode:
            _cannot_run(f"npm ci failed: {done.stderr[-2000:]}")
    return found


@pytest.fixture(scope="session")
def browser(node: str) -> Iterator[Browser]:
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(chromium).exists():
        _cannot_run(f"there is no Chromium at {chromium}")
    browser = Browser(node, chromium)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def react_bundle(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The React example, built from its source on the published `mephisto-task`."""
    bundle = tmp_path_factory.mktemp("react") / "bundle.js"
    command = [
        str(HERE / "node_modules" / ".bin" / "esbuild"),
        str(EXAMPLES / "static_react_task" / "webapp" / "src" / "main.jsx"),
        "--bundle",
        '--define:process.env.NODE_ENV="production"',
        f"--outfile={bundle}",
    ]
    environment = {**os.environ, "NODE_PATH": str(HERE / "node_modules")}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    return bundle


RUN = RunRecord(
    id=1,
    task_name="test",
    status="running",
    blueprint_type="static_task",
    architect_type="local",
    provider_type="inhouse",
    is_sandbox=False,
    pay_cents=0,
    requester_name="inhouse",
)


def build_site(blueprint_class: type[Blueprint], root: Path, **options: Any) -> Path:
    """What a blueprint's builder makes of some options."""
    args = blueprint_class.ArgsClass(**options)
    blueprint = blueprint_class(args, blueprint_class.SharedStateClass(), RUN)
    root.mkdir()
    blueprint.TaskBuilderClass(blueprint).build_in_dir(root)
    return root


@pytest.fixture
def serve_html(tmp_path: Path) -> Iterator[Callable[..., WireServer]]:
    """Serves a task's HTML with the built-in page."""
    servers: list[WireServer] = []

    def serve(html: str, item: dict[str, Any] | None = None, **sources: str) -> WireServer:
        options: dict[str, Any] = {}
        for name, text in {"task": html, **sources}.items():
            path = tmp_path / f"{name}_source.html"
            path.write_text(text, "utf-8")
            options[f"{name}_source"] = str(path)
        root = build_site(StaticTaskBlueprint, tmp_path / "site", **options)
        server = WireServer(root)
        server.item = {**(item or {}), "html": "task_source.html"}
        servers.append(server)
        return server.__enter__()

    yield serve
    for server in servers:
        server.__exit__()


@pytest.fixture
def serve_react(tmp_path: Path, react_bundle: Path) -> Iterator[WireServer]:
    options = {"task_source": str(react_bundle)}
    root = build_site(StaticReactTaskBlueprint, tmp_path / "site", **options)
    with WireServer(root) as server:
        yield server
