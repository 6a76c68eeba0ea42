"""The glyphs of the console, and what stands for them where only ASCII can be shown."""

from __future__ import annotations

from typing import Final

from mephisto_tui.safe_text import width

CURSOR: Final = "▌"
MARK: Final = "*"
MARK_AND_CURSOR: Final = "✱"
HERE: Final = "▸"
UNLIKE: Final = "≠"
LIVE: Final = "●"
HALF: Final = "◐"
IDLE: Final = "○"
CHANGED: Final = "•"
DONE: Final = "✓"
FAILED: Final = "✗"
ENDED: Final = "⊘"
LATE: Final = "▲"
WARNING: Final = "⚠"
FULL: Final = "▆"
EMPTY: Final = "▁"
SPARKS: Final = "▁▂▃▄▅▆▇█"
EIGHTHS: Final = " ▏▎▍▌▋▊▉"
BLOCK: Final = "█"
UP: Final = "↑"
DOWN: Final = "↓"
MOVED: Final = "↕"
ENTER: Final = "⏎"

_ASCII: Final = {
    **dict.fromkeys("●◐○⊘", "o"),
    "●": "*",
    "⊘": "0",
    "•": "+",
    "✓": "Y",
    "✗": "X",
    "▲": "!",
    "⚠": "!",
    "▌": ">",
    "▁": ".",
    **dict.fromkeys("▂▃▄▅", "-"),
    **dict.fromkeys("▆▇█▉▊▋", "#"),
    **dict.fromkeys("▍▎▏", "-"),
    "↑": "^",
    "↓": "v",
    "↕": "%",
    "←": "<",
    "→": ">",
    "›": ">",
    "⏎": "=",
    "·": "-",
    "…": "~",
    "‘": "'",
    "’": "'",
    "─": "-",
    "│": "|",
    **dict.fromkeys("┌┐└┘├┤", "+"),
    "▸": ">",
    "✱": "#",
    "≠": "!",
    "×": "x",
    **{chr(picture): "^" for picture in (*range(0x2400, 0x2420), 0x2421)},
}


def to_ascii(text: str) -> str:
    """``text`` in ASCII and as wide as before; what has no counterpart becomes ``?``."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else _ASCII.get(character, "?" * width(character))
        for character in text
    )
