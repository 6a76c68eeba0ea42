"""An import that is killed goes on with the next one, and nothing comes twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import PATIENCE, mephisto_tui

WRITTEN_BY_MEPHISTO = Path(__file__).parent / "mephisto_1_1_1" / "directory"

IMPORT = """
import os, signal, sys
from pathlib import Path
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.importing import bring

bring.PORTION = 1
home, source, deadly = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
writes = 0
with MephistoDB.open(home=home) as db:
    write_now = db.write_now

    def counted(*args):
        global writes
        writes += 1
        result = write_now(*args)
        if writes == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    db.write_now = counted
    report = bring.import_mephisto(db, home, source)
    print(writes)
"""


def bring(home: Path, deadly: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORT, str(home), str(WRITTEN_BY_MEPHISTO), str(deadly)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={"PATH": os.environ["PATH"]},
    )


@pytest.mark.slow
def test_an_import_that_is_killed_after_any_write_goes_on(tmp_path: Path) -> None:
    whole = bring(tmp_path / "whole", 0)
    assert whole.returncode == 0, whole.stderr
    rows = mephisto_tui(tmp_path / "whole", "units", 1, "--json")
    expected = [(unit["status"], unit["worker_name"]) for unit in json.loads(rows.stdout)]
    for deadly in range(1, int(whole.stdout), 2):
        home = tmp_path / str(deadly)
        assert bring(home, deadly).returncode == -signal.SIGKILL
        again = bring(home, 0)
        assert again.returncode == 0, again.stderr
        found = mephisto_tui(home, "units", 1, "--json")
        units = [(unit["status"], unit["worker_name"]) for unit in json.loads(found.stdout)]
        assert units == expected
        doctor = json.loads(mephisto_tui(home, "doctor", "--json").stdout)
        assert not [item for item in doctor if item["level"] == "error"]
