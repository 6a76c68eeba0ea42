"""The engine's promise for packaging: kill -9 at any moment leaves nothing that looks finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stored_world import StoredWorld

from mephisto_engine.operations.packaging.manifest import verify

PATIENCE = 60.0

EXPORT = """
import os, signal, sys
from pathlib import Path
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.packaging import package as module, view
from mephisto_engine.operations.packaging.request import Format, PackageRequest

home, out, form, deadly = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
view.PART_UNITS = 10
steps = 0

def step(*_):
    global steps
    steps += 1
    if steps == deadly:
        os.kill(os.getpid(), signal.SIGKILL)

def audit(event, args):
    is_part = event == "open" and ".partial" in str(args[0]) or str(args[0]).startswith("data/runs")
    if event in ("os.rename", "os.mkdir", "shutil.rmtree") or is_part:
        step()

with MephistoDB.open(home=home) as db:
    sys.addaudithook(audit)
    report = module.package(db, home, Registry(), PackageRequest((1,), out, Format(form)))
    print(report.resumed_units, steps)
"""


def run(home: Path, out: Path, file_format: str, deadly: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", EXPORT, str(home), str(out), file_format, str(deadly)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={"PATH": os.environ["PATH"]},
    )


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["csv", "mephisto"])
def test_an_export_that_is_killed_at_any_step_goes_on_and_ends_whole(
    world: StoredWorld, tmp_path: Path, file_format: str
) -> None:
    run_id = world.add_run([{"text": f"item {number}"} for number in range(35)])
    for unit, _ in world.units_of[run_id]:
        files = {"a.png": b"png"} if unit % 9 == 0 else {}
        world.answer(run_id, unit, f"worker-{unit:05}", {"a": unit}, files)
    whole = run(world.home, tmp_path / "whole", file_format, 0)
    assert whole.returncode == 0, whole.stderr
    # The first has made the key of the pseudonyms, too.
    steps = int(run(world.home, tmp_path / "again", file_format, 0).stdout.split()[1])
    expected = (tmp_path / "whole" / "manifest.json").read_bytes()
    resumed = 0
    for number, deadly in enumerate(range(1, steps + 1, max(1, steps // 14))):
        out = tmp_path / f"killed-{number}"
        killed = run(world.home, out, file_format, deadly)
        assert killed.returncode == -signal.SIGKILL
        if out.exists():
            verify(out)
            assert run(world.home, out, file_format, 0).returncode == 1
            assert not list(tmp_path.glob(f".killed-{number}*"))
            continue
        again = run(world.home, out, file_format, 0)
        assert again.returncode == 0, again.stderr
        resumed += int(again.stdout.split()[0])
        verify(out)
        assert (out / "manifest.json").read_bytes() == expected
    assert resumed > 0
