"""Where what is copied goes: tmux's buffer, the terminal's clipboard, or a file.

A terminal never says whether it took a copy. So the way is chosen by what is known of it, and the
operator is told which it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from mephisto_tui import terminal
from mephisto_tui.safe_text import clean_lines
from mephisto_tui.state import shown_path, state_folder, write_private

FILE: Final = "copied.txt"


def copy(text: str, write: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> str:
    """Put ``text``, made safe to paste, where it can be had; says where that is. May block.

    Args:
        text: what is copied; lines stay lines.
        write: hands a control sequence to the terminal.
        environ: what is known of the terminal.
    """
    safe = "\n".join(clean_lines(text))
    if terminal.is_in_tmux(environ):
        # tmux drops OSC 52 as it comes from the box, so the file is the only other way.
        if terminal.copy_with_tmux(safe):
            return "copied (tmux buffer)"
        return _to_file(safe, "tmux did not take it", environ)
    if not terminal.has_clipboard(environ):
        return _to_file(safe, "this terminal has no clipboard", environ)
    sequence = terminal.clipboard_sequence(safe)
    if sequence is None:
        return _to_file(safe, "too long for the terminal's clipboard", environ)
    write(sequence)
    return "copied (sent to the terminal, OSC 52)"


def _to_file(text: str, why: str, environ: Mapping[str, str]) -> str:
    path = state_folder(environ) / FILE
    try:
        write_private(path, text)
    except OSError as error:
        return f"not copied: {why}, and no file could be written ({error.strerror})"
    return f"copied to {shown_path(path)} ({why})"
