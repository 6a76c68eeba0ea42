"""`mephisto-tui` as its users start it, over the home folder of a stored world."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PATIENCE = 60.0


def mephisto_tui(home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mephisto_tui.cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "MEPHISTO_HOME": str(home)},
    )
