"""The filter line: what an operator types, as a wish for rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mephisto_engine.operations.watching.snapshot import LogRow, Window
from mephisto_tui.view.statuses import by_shown_word

LEVELS: Final = ("info", "warn", "error")
"""How grave a line of the log is, from the least on."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Words that shown rows contain, or do not, and the status they have."""

    text: str = ""
    is_inverse: bool = False
    status: str = ""
    is_fuzzy: bool = False


def parse_filter(typed: str, statuses: Sequence[str]) -> Filter:
    """``!word`` inverts, ``state:live`` (also ``status:`` or ``level:``) asks for a status.

    A level asks for graver lines too. ``~lttrs`` finds what has these letters in this order. A
    status is named as it is stored or as the screen calls it. It may be shortened, and dashes or
    underscores stand for spaces; one that does not exist stays as typed, so that it shows no rows
    rather than all.
    """
    words, status = [], ""
    for word in typed.split():
        name, colon, value = word.partition(":")
        if colon and value and name.lower() in ("state", "status", "level"):
            status = full_status(value, statuses)
        else:
            words.append(word)
    text = " ".join(words)
    is_inverse, text = text.startswith("!"), text.removeprefix("!").strip()
    is_fuzzy, text = text.startswith("~"), text.removeprefix("~").strip()
    return Filter(text.replace(" ", "") if is_fuzzy else text, is_inverse, status, is_fuzzy)


def full_status(typed: str, statuses: Sequence[str]) -> str:
    """The status that is meant by what was typed; that itself where none is."""
    wanted = _letters(typed)
    names = {name: name for name in statuses}
    for known in (names, by_shown_word(statuses)):
        for name, status in known.items():
            if _letters(name) == wanted:
                return status
    every = (*names.items(), *by_shown_word(statuses).items())
    return next((status for name, status in every if _letters(name).startswith(wanted)), typed)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def narrowed(window: Window, wish: Filter) -> Window:
    """The window from its first row, with the filter in place of the former one."""
    return replace(
        window,
        offset=0,
        text=wish.text,
        is_inverse=wish.is_inverse,
        status=wish.status,
        is_fuzzy=wish.is_fuzzy,
    )


def log_matches(row: LogRow, wish: Filter) -> bool:
    """Whether a line of the log is shown; the log is filtered here, as the console holds it all."""
    if wish.status and not _is_so_grave(row.level, wish.status):
        return False
    if not wish.text:
        return True
    return text_matches(row.text, wish.text, is_fuzzy=wish.is_fuzzy) != wish.is_inverse


def _is_so_grave(level: str, wanted: str) -> bool:
    """Whether a line has the level that was asked for, or a graver one."""
    return wanted in LEVELS and level in LEVELS[LEVELS.index(wanted) :]


def text_matches(text: str, wanted: str, *, is_fuzzy: bool) -> bool:
    """Whether ``wanted`` is in ``text``, letter case ignored, as the database would say."""
    text, wanted = text.lower(), wanted.lower()
    if not is_fuzzy:
        return wanted in text
    rest = iter(text)
    return all(letter in rest for letter in wanted)
