"""Running a function in a new process over a data folder of its own, bounded in time."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@contextmanager
def new_home() -> Iterator[Path]:
    """An empty data folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="mephisto-bench-") as folder:
        yield Path(folder)


def environment(home: Path) -> dict[str, str]:
    """The environment of a process that has only this data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEPHISTO_")}
    own = {"MEPHISTO_HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    return {**kept, **own, "PYTHONWARNINGS": "ignore"}


def module_command(module: str, *arguments: str) -> list[str]:
    """How this Python runs one of our modules."""
    return [sys.executable, "-m", module, *arguments]


def in_child(function: Callable[..., Any], *arguments: Any, home: Path, timeout: float) -> Any:
    """Call a function of a module in a new process; what it returns comes back through JSON.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``timeout`` seconds, and was killed.
        subprocess.CalledProcessError: it failed; its words are on stderr.
    """
    name = f"{function.__module__}:{function.__name__}"
    command = module_command("benchmarks.child", name, json.dumps(arguments))
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        timeout=timeout,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def peak_mebibytes() -> float:
    """The most memory that this process has had resident.

    On Linux not by getrusage, whose figure a new program takes over from what has started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii").splitlines()
        (peak_kib,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return int(peak_kib) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _main() -> None:
    name, arguments = sys.argv[1:]
    module, _, function = name.partition(":")
    result = getattr(importlib.import_module(module), function)(*json.loads(arguments))
    print(json.dumps(result))


if __name__ == "__main__":
    _main()
