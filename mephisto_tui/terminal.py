"""The terminal itself: what it can do, how it is left clean, and what happens when it goes away."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import locale
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from mephisto_tui.safe_text import clean, clean_lines
from mephisto_tui.view.glyphs import to_ascii

RESTORE: Final = (
    "\x1b[?2026l"  # end a half-written frame
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse
    "\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[<u"  # paste, focus and size reports, keyboard protocol
    "\x1b[?1049l\x1b[?7h\x1b[?25h\x1b[0m"  # main screen, line wrap, cursor, plain text
)
"""Brings a terminal back that a killed console has left in its state."""

PUSH_TITLE: Final = "\x1b[22;2t"
POP_TITLE: Final = "\x1b[23;2t"
ESCAPE_MS: Final = 40
"""How long after ESC the rest of a key's sequence may come: terminals, and SSH, send it in one
piece. What the operator says in ncurses's own variable, ESCDELAY, comes first."""
MAX_COPIED_BYTES: Final = 74_000
"""What terminals take in one OSC 52 sequence; longer text is cut off by some, dropped by others."""


def refusal(
    environ: Mapping[str, str] = os.environ,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
) -> str:
    """Why no console can be drawn here, as a sentence; empty when one can."""
    streams = (stdin or sys.stdin, stdout or sys.stdout)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return "input and output are not a terminal"
    if environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return "TERM names a terminal that cannot place text (dumb)"
    return ""


@contextlib.contextmanager
def short_escape() -> Iterator[None]:
    """Textual that is imported in here waits `ESCAPE_MS` for a sequence; editors do as they did."""
    is_given = "ESCDELAY" in os.environ
    os.environ.setdefault("ESCDELAY", str(ESCAPE_MS))
    try:
        yield
    finally:
        if not is_given:
            del os.environ["ESCDELAY"]


def shows_only_ascii(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the locale says that characters beyond ASCII will not be shown."""
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if named == "C.UTF-8" and environ.get("LANG") in ("C", "POSIX"):
        return True  # Python set LC_CTYPE itself when it met the C locale (PEP 538)
    if named:
        return "utf" not in named.lower()
    return "utf" not in locale.getpreferredencoding(do_setlocale=False).lower()


def wants_mouse(environ: Mapping[str, str] = os.environ) -> bool:
    """Off over SSH, where each motion costs bytes and selecting text matters more."""
    return not (environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def has_few_colours(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal has sixteen colours, so that only its own palette can be relied on."""
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return False
    return not environ.get("TERM", "").endswith(("256color", "kitty", "direct", "ghostty"))


def is_in_tmux(environ: Mapping[str, str] = os.environ) -> bool:
    return bool(environ.get("TMUX"))


def has_clipboard(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a copy that is sent to the terminal may arrive: not through screen, not on a tty."""
    return not environ.get("STY") and environ.get("TERM", "") not in ("linux", "vt100", "vt220")


def title_sequence(title: str) -> str:
    """What sets the title of the terminal's window."""
    return f"\x1b]2;{to_ascii(clean(title, 100))}\x07"


def copy_with_tmux(text: str) -> bool:
    """Put ``text`` into tmux's buffer and its terminal's clipboard; whether tmux took it."""
    if shutil.which("tmux") is None:
        return False
    command = ["tmux", "load-buffer", "-w", "-"]
    try:
        done = subprocess.run(
            command, input=text.encode(errors="replace"), capture_output=True, timeout=2
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def clipboard_sequence(text: str) -> str | None:
    """What asks a terminal to fill its clipboard (OSC 52); None when the text is too long."""
    data = text.encode(errors="replace")
    if len(data) > MAX_COPIED_BYTES:
        return None
    return f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"


@contextlib.contextmanager
def signals_handled(on_signal: Callable[[signal.Signals], None]) -> Iterator[None]:
    """In the running loop: SIGTERM and SIGHUP call ``on_signal`` instead of ending the process."""
    loop = asyncio.get_running_loop()
    caught = (signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.getsignal(number) for number in caught}
    for number in caught:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
            # A process that goes on after the console must not be ended by a late hang-up.
            signal.signal(number, former[number] or signal.SIG_DFL)


class TerminalOut(io.TextIOBase):
    """The terminal as a file that survives its terminal: once that is gone, writes go nowhere.

    Textual writes from a thread of its own through a bounded queue; an error there would end the
    thread, fill the queue and leave the program waiting for it for ever.
    """

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")
        self.is_gone = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._file.encoding

    def write(self, text: str) -> int:
        if not self.is_gone:
            try:
                self._file.write(text)
            except OSError:
                self.is_gone = True
        return len(text)

    def flush(self) -> None:
        if not self.is_gone:
            try:
                self._file.flush()
            except (OSError, ValueError):
                self.is_gone = True

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def writable(self) -> bool:
        return True

    def release(self) -> None:
        """Close it; what a dead terminal did not take is dropped."""
        with contextlib.suppress(OSError):
            self._file.close()


class _SafeFormatter(logging.Formatter):
    """Messages and tracebacks quote foreign text, and people read logs with `cat`."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(clean_lines(super().format(record)))


@contextlib.contextmanager
def _logging_to(log_path: Path | None) -> Iterator[None]:
    """Log to the file in place of every handler that would write to the terminal."""
    root = logging.getLogger()
    former = list(root.handlers)
    ours = (
        logging.NullHandler()
        if log_path is None
        else logging.FileHandler(log_path, encoding="utf-8")
    )
    ours.setFormatter(_SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.handlers = [handler for handler in former if not _writes_to_terminal(handler)]
    root.addHandler(ours)
    try:
        yield
    finally:
        root.handlers = former
        ours.close()


def _writes_to_terminal(handler: logging.Handler) -> bool:
    is_stream = isinstance(handler, logging.StreamHandler)
    return is_stream and not isinstance(handler, logging.FileHandler)


@contextlib.contextmanager
def own_terminal(log_path: Path | None) -> Iterator[TerminalOut]:
    """Keep the terminal to the console: what else is written there lands in ``log_path``.

    Textual draws on ``sys.__stderr__`` and asks ``sys.__stdout__`` for the size, so both are put on
    a copy of the terminal meanwhile.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    out = TerminalOut(os.dup(1))
    former_streams = sys.__stdout__, sys.__stderr__
    former = {number: os.dup(number) for number in (1, 2) if os.isatty(number)}
    target = os.devnull if log_path is None else str(log_path)
    log_file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in former:
        os.dup2(log_file, number)
    os.close(log_file)
    sys.__stdout__ = sys.__stderr__ = out  # type: ignore[misc, assignment]
    try:
        out.write(PUSH_TITLE)
        with _logging_to(log_path):
            yield out
    finally:
        out.write(POP_TITLE)
        out.flush()
        sys.stdout.flush()
        sys.stderr.flush()
        sys.__stdout__, sys.__stderr__ = former_streams  # type: ignore[misc]
        for number, descriptor in former.items():
            os.dup2(descriptor, number)
            os.close(descriptor)
        out.release()


def descriptor() -> int:
    """Where the terminal is written to, whatever became of standard error."""
    return sys.__stderr__.fileno() if sys.__stderr__ is not None else 2


def is_gone() -> bool:
    """Whether the terminal has hung up."""
    try:
        os.tcgetpgrp(0)
    except OSError:
        return True
    return False
