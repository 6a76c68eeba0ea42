"""Foreign JSON as text that reads: what was asked, answered, said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import orjson

from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean, clean_lines, cut, width
from mephisto_tui.view.spans import BLANK, Line, Row, Span, line

MOST_CHARACTERS: Final = 20_000
"""Of one text; a screen is no place to read more."""
MOST_LINES: Final = 2_000
MOST_IN_A_CELL: Final = 6
"""Characters of clean text that share one cell."""
DEEPEST: Final = 8
"""Levels that are laid out; what lies deeper stands on one line."""
KEY_CELLS: Final = 18
INDENT: Final = 2


def value_lines(value: Any, cells: int) -> list[Line]:
    """A JSON value as keys and values, in lines of at most so many cells."""
    lines = list(islice(_laid_out(value, cells, 0), MOST_LINES + 1))
    if len(lines) > MOST_LINES:
        lines[-1] = line(with_keys(" … and more: {raw} shows it raw"), "warn")
    return lines


def one_line(value: Any, cells: int) -> str:
    """A JSON value as the beginning of one line: the values of an object, a text as it is."""
    if isinstance(value, dict):
        parts = [one_line(part, cells) for part in islice(value.values(), 20)]
        return cut(" · ".join(part for part in parts if part), cells)
    if value is None or value == "" or value == []:
        return ""
    return clean(value if isinstance(value, str) else _json(value), cells)


def wrapped_words(text: str, cells: int) -> Iterator[str]:
    """Clean lines of at most so many cells, broken between words where there are any."""
    for whole in clean_lines(text[:MOST_CHARACTERS]):
        start = 0
        # Only what one line can hold is measured at a time: clean text has few marks to a cell.
        while width(ahead := whole[start : start + MOST_IN_A_CELL * (cells + 1)]) > cells > 1:
            # With something behind it the text is cut for sure, to one cell less and an ellipsis.
            head = cut(ahead + "  ", cells + 1).removesuffix("…")
            at_word = head.rfind(" ") + 1
            is_in_word = not ahead[len(head) :].startswith(" ")
            head = head[:at_word] if is_in_word and at_word > cells // 3 else head
            yield head.rstrip()
            start += len(head)
            start += whole[start : start + 1] == " "
        yield whole[start:]
    if len(text) > MOST_CHARACTERS:
        yield f"… {len(text) - MOST_CHARACTERS:,} more characters" + with_keys(
            ": {raw} shows it raw"
        )


def _laid_out(value: Any, cells: int, depth: int) -> Iterator[Line]:
    margin = " " * (1 + INDENT * depth)
    if depth >= DEEPEST:
        yield line(margin + clean(_json(value), max(1, cells - len(margin))))
    elif isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _entry(str(key), part, cells, depth)
    elif isinstance(value, list) and value:
        for part in value:
            yield from _item(part, cells, depth)
    else:
        for text in wrapped_words(_scalar(value), cells - len(margin)):
            yield line(margin + text)


def _entry(key: str, value: Any, cells: int, depth: int) -> Iterator[Line]:
    margin = " " * (1 + INDENT * depth)
    label = clean(key, KEY_CELLS)
    if isinstance(value, dict | list) and value:
        yield (Span(margin), Span(clean(key, 60), "dim"))
        yield from _laid_out(value, cells, depth + 1)
        return
    label += " " * (KEY_CELLS - width(label) + 1)
    room = max(12, cells - len(margin) - KEY_CELLS - 1)
    for number, text in enumerate(wrapped_words(_scalar(value), room)):
        yield (Span(margin), Span(label if not number else " " * (KEY_CELLS + 1), "dim"),
               Span(text))  # fmt: skip


def _item(value: Any, cells: int, depth: int) -> Iterator[Line]:
    margin = " " * (1 + INDENT * depth)
    if isinstance(value, dict | list) and value:
        yield (Span(margin), Span("-", "dim"))
        yield from _laid_out(value, cells, depth + 1)
        return
    for number, text in enumerate(wrapped_words(_scalar(value), cells - len(margin) - 2)):
        yield (Span(margin), Span("  " if number else "- ", "dim"), Span(text))


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def rows_of(lines: Iterable[Line]) -> list[Row]:
    """Lines that lead nowhere."""
    return [Row(shown) for shown in lines]


def row_section(title: str, rows: list[Row]) -> list[Row]:
    """The same as `section` for lines that may lead somewhere."""
    return [Row(line(f" {title}", "accent")), *rows, Row(BLANK)] if rows else []


def section(title: str, lines: list[Line]) -> list[Line]:
    """Lines under a heading, a blank one after them; nothing where there are none."""
    return [line(f" {title}", "accent"), *lines, BLANK] if lines else []
