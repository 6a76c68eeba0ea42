"""What shows a file that a worker sent: chosen by its first bytes, and never a shell.

The file's name is the worker's and is part of no command: files lie under names of our own. Nothing
that a desktop might run is handed to it, only pictures, sound, films and PDFs.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from mephisto_tui import editor
from mephisto_tui.safe_text import clean_lines, is_harmless

MOST_TEXT: Final = 4 * 1024**2
"""Bytes of a text that are looked through and, where need be, copied."""
PAGERS: Final = ("less", "more")

_PASSIVE: Final = {
    b"\x89PNG\r\n\x1a\n": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"OggS": "an Ogg recording",
    b"fLaC": "a FLAC recording",
    b"ID3": "an MP3 recording",
    b"\xff\xfb": "an MP3 recording",
    b"\x1aE\xdf\xa3": "a WebM or Matroska film",
}
_RIFF: Final = {
    b"WEBP": "a WebP picture",
    b"WAVE": "a WAV recording",
    b"AVI ": "an AVI film",
}
_HEAD: Final = 64 * 1024


class ReviewFile(NamedTuple):
    """A file that came with a unit."""

    name: str
    """As the worker's browser gave it."""
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Opening:
    """How a file would be shown."""

    kind: str
    """What it is, in words."""
    command: tuple[str, ...] = ()
    """Program and arguments; empty where nothing here can show it."""
    needs_terminal: bool = True
    """Whether the console makes room for it, or it opens a window of its own."""
    text: str | None = None
    """Shown in place of the file, whose own text would steer the terminal or is too long."""
    waits: bool = False
    """Whether it may end at once, so that the console comes back on a key only."""

    @property
    def words(self) -> str:
        """What would run, as a shell would have it."""
        of_copy = " COPY" if self.text is not None else ""
        return shlex.join(self.command) + of_copy


def opening_of(path: Path, opener: str = "", environ: Mapping[str, str] = os.environ) -> Opening:
    """How the file can be shown here; reads of it, runs nothing.

    Args:
        path: the file.
        opener: the operator's own program for every file, with its arguments.
        environ: what is known of terminal and display.

    Raises:
        OSError: it cannot be read.
    """
    if path.is_symlink() or not path.is_file():
        raise FileNotFoundError(2, "it is not there, or no file")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    whole = str(path.absolute())
    kind = _kind(head)
    if command := _found(opener):
        return Opening(kind or "a file", (*command, whole), waits=True)
    if kind == "text":
        return _in_pager(path, whole, environ)
    desktop = _desktop(environ)
    if kind and desktop:
        return Opening(kind, (desktop, whole), needs_terminal=False)
    return Opening(kind or "a file of a kind that is not opened from here")


def show(opening: Opening, descriptor: int) -> str:
    """Give the terminal to the program until it ends; says in words how that went."""
    try:
        if opening.text is None:
            status = editor.run_alone([*opening.command], descriptor, _environment())
        else:
            with editor.private_copy(opening.text, ".txt") as copy:
                command = [*opening.command, str(copy)]
                status = editor.run_alone(command, descriptor, _environment())
        if opening.waits:
            os.write(descriptor, b"\r\n enter leads back to the console ")
            os.read(descriptor, 1)
    except OSError as error:
        return f"{opening.command[0]} could not be started: {error.strerror}"
    return f"{opening.command[0]} ended with status {status}" if status else ""


def run_beside(opening: Opening) -> int:
    """Let the desktop open it, beside the console; the exit status. May block for long."""
    done = subprocess.run(
        opening.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return done.returncode


def _kind(head: bytes) -> str:
    """What the first bytes say: a kind that only shows itself, ``text``, or nothing."""
    if head.startswith(b"%PDF-"):
        return "a PDF"
    if _is_text(head):  # before the rest: a sentence may begin with BM, and a picture has no text
        return "text"
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return "an MP4 film or a HEIF picture"
    for beginning, kind in _PASSIVE.items():
        if head.startswith(beginning):
            return kind
    return ""


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == _HEAD  # cut within a character
    return True


def _in_pager(path: Path, whole: str, environ: Mapping[str, str]) -> Opening:
    command = _found(environ.get("PAGER", "")) or next(
        ((name,) for name in PAGERS if shutil.which(name)), ()
    )
    if not command:
        return Opening("text, and there is no pager")
    with path.open("rb") as file:
        text = file.read(MOST_TEXT + 1).decode(errors="replace")
    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]}\n… the rest of {whole} is not shown here"
    elif all(is_harmless(line) for line in text.replace("\t", " ").splitlines()):
        return Opening("text", (*command, whole))
    kind = "text; what would steer the terminal is made visible in a copy"
    return Opening(kind, command, text="\n".join(clean_lines(text)))


def _found(given: str) -> tuple[str, ...]:
    """A program with its arguments; nothing where there is no such program."""
    try:
        command = tuple(shlex.split(given))
    except ValueError:  # quotes that do not close
        return ()
    return command if command and shutil.which(command[0]) else ()


def _desktop(environ: Mapping[str, str]) -> str:
    """What opens a window where there is a display to see it on."""
    if sys.platform == "darwin" and not environ.get("SSH_CONNECTION"):
        return "open"
    has_display = bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
    return "xdg-open" if has_display and shutil.which("xdg-open") else ""


def _environment() -> dict[str, str]:
    """Without programs that a pager would run over a foreign file, or from within itself."""
    kept = {
        name: text for name, text in os.environ.items() if name not in ("LESSOPEN", "LESSCLOSE")
    }
    return kept | {"LESSSECURE": "1"}
