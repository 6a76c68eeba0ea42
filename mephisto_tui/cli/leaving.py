"""Leaving a process that something inside it keeps from ending by itself."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.output import say


def leave_at_once(words: str, code: ExitCode) -> NoReturn:
    """End the process without waiting for its threads; everything is stored by now."""
    say(words)
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)
