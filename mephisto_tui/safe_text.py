"""The one place where foreign text becomes safe to show.

Whatever a worker, a provider, a file or a plugin wrote goes through `clean` before it reaches a
terminal, a log line or a CSV. What would steer a terminal, turn the reading order or hide itself
is not removed but made visible, so that an operator sees that it was there.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.text import Text

ELLIPSIS: Final = "…"
_DELETE: Final = 0x7F
_CONTROL_PICTURES: Final = 0x2400
_DELETE_PICTURE: Final = "\u2421"
_DOTTED_CIRCLE: Final = "\u25cc"
_SHOWN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks by category, yet drawn as nothing at all.
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
# They choose between two drawings of one character, and terminals disagree about the width then.
_PRESENTATION_SELECTORS: Final = frozenset("\ufe0e\ufe0f")
_MAX_MARKS: Final = 3
"""Combining marks shown over one character; languages need no more, stacked noise does."""


def clean(text: str, max_cells: int | None = None) -> str:
    """``text`` as one line without any power over the terminal.

    Control characters, newline and tab included, become their pictures (``␛``, ``␊``); characters
    that turn the reading order, have no width, are half a surrogate or mean nothing become
    ``\\u{202e}``. With ``max_cells`` the result is no wider than that, ended by ``…`` where cut.
    """
    if max_cells is not None:
        # A cell holds at most one character and its marks; reading on would only cost time.
        text = text[: (max_cells + 1) * (_MAX_MARKS + 2)]
    shown = text if text.isascii() and text.isprintable() else _made_visible(text)
    return shown if max_cells is None else cut(shown, max_cells)


def clean_lines(text: str) -> list[str]:
    """``text`` line by line, each as `clean` gives it; tabs become spaces up to the next stop."""
    lines = text.replace("\r\n", "\n").split("\n")
    return [clean(line.expandtabs(4)) for line in lines]


def cut(text: str, max_cells: int) -> str:
    """The beginning of already clean ``text`` that fits into ``max_cells``."""
    if width(text) <= max_cells:
        return text
    if text.isascii() and max_cells > 0:
        return text[: max_cells - 1] + ELLIPSIS
    kept, room = [], max_cells - 1
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS if max_cells > 0 else ""


def width(text: str) -> int:
    """How many cells already clean ``text`` takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def styled(text: str, style: str = "") -> Text:
    """Foreign ``text`` as a Rich text in one style, never read as markup."""
    from rich.text import Text

    return Text(clean(text), style=style, no_wrap=True, end="")


def is_harmless(text: str) -> bool:
    """Whether ``text`` holds no character that a terminal obeys."""
    return not any(_is_shown_as_code(character) for character in text)


def count_codes(text: str) -> int:
    """How many characters a terminal would obey; ends of lines and tabs are none."""
    if text.isascii() and text.isprintable():
        return 0
    return sum(map(_is_shown_as_code, text)) - sum(map(text.count, "\n\r\t"))


@lru_cache(maxsize=4096)
def _cells(character: str) -> int:
    return cell_len(character)


@lru_cache(maxsize=4096)
def _is_shown_as_code(character: str) -> bool:
    if character in _BLANK_LETTERS:
        return True
    return unicodedata.category(character) in _SHOWN_CATEGORIES


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return _DELETE_PICTURE
    return f"\\u{{{code:x}}}"


def _made_visible(text: str) -> str:
    parts: list[str] = []
    marks = _MAX_MARKS
    for character in text:
        if character in _PRESENTATION_SELECTORS:
            continue
        if _is_shown_as_code(character):
            parts.append(_picture(character))
            marks = _MAX_MARKS
        elif _cells(character) == 0:
            marks += 1
            parts.append(_shown_mark(character, marks, bool(parts)))
        else:
            is_space = unicodedata.category(character) == "Zs"
            parts.append(" " * _cells(character) if is_space else character)
            marks = 0
    return "".join(parts)


def _shown_mark(character: str, count: int, follows_text: bool) -> str:
    if count <= _MAX_MARKS:
        return character
    if count == _MAX_MARKS + 1 and not follows_text:
        return _DOTTED_CIRCLE + character
    return _picture(character)
