"""Shows text in the operator's editor, with the terminal to itself, and takes the terminal back."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FALLBACKS: Final = ("sensible-editor", "vi", "nano")
_TERMINAL_SIGNALS: Final = (signal.SIGTTOU, signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT)


def editor_command(environ: Mapping[str, str] = os.environ) -> list[str]:
    """What the operator edits with; empty when there is nothing."""
    for name in ("VISUAL", "EDITOR"):
        try:
            command = shlex.split(environ.get(name, ""))
        except ValueError:  # quotes that do not close
            continue
        if command and shutil.which(command[0]):
            return command
    return next(([name] for name in FALLBACKS if shutil.which(name)), [])


def show_in_editor(text: str, suffix: str, descriptor: int) -> str:
    """Block until the editor has been left; says in words how that went.

    The text lies in a private file meanwhile, which is gone afterwards with all that the editor
    put beside it. Changes are not kept.

    Args:
        text: what to show.
        suffix: the file's, for an editor that colours: ``.json``.
        descriptor: the terminal.
    """
    command = editor_command()
    if not command:
        return "no editor found: set $EDITOR"
    name = Path(command[0]).name
    try:
        with private_copy(text, suffix) as path:
            status = run_alone([*command, str(path)], descriptor)
            is_changed = not path.exists() or path.read_text("utf-8", errors="replace") != text
    except OSError as error:
        return f"{name} could not be started: {error.strerror}"
    if status != 0:
        return f"{name} ended with status {status}"
    return f"{name} is closed; what was changed there is not kept" if is_changed else ""


@contextmanager
def private_copy(text: str, suffix: str) -> Iterator[Path]:
    """A file with the text that its owner alone can read, gone afterwards with all beside it."""
    folder = Path(tempfile.mkdtemp(prefix="mephisto-"))  # 0700, the file in it 0600
    try:
        path = folder / f"shown{suffix}"
        path.touch(mode=0o600)
        path.write_text(text, "utf-8", errors="replace")
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_alone(command: list[str], descriptor: int, environ: Mapping[str, str] | None = None) -> int:
    """Run a program in the terminal as a job of its own, as a shell would; its exit status.

    Ctrl+z and ctrl+c are then the program's alone: in the console's own group they would stop the
    engine too. Raises OSError if it cannot be started.
    """
    with _deaf_to_the_terminal():
        process = subprocess.Popen(
            command,
            stdin=descriptor,
            stdout=descriptor,
            stderr=descriptor,
            process_group=0,
            env=environ,
        )
        try:
            os.tcsetpgrp(descriptor, process.pid)
            return _wait(process)
        finally:
            os.tcsetpgrp(descriptor, os.getpgrp())


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for its end; there is no shell here to go back to, so one that stops is woken."""
    while True:
        _pid, status = os.waitpid(process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode
        os.killpg(process.pid, signal.SIGCONT)


@contextmanager
def _deaf_to_the_terminal() -> Iterator[None]:
    former = {number: signal.getsignal(number) for number in _TERMINAL_SIGNALS}
    # Handlers, unlike ignored signals, are not passed on to the child.
    for number in _TERMINAL_SIGNALS:
        signal.signal(number, _ignore)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _ignore(_number: int, _frame: object) -> None:
    """The signal is the editor's."""
