"""What lies behind a row or a pane, as text: what `v` shows and `E` hands to an editor."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

import orjson

from mephisto_tui.safe_text import clean_lines, is_harmless, width
from mephisto_tui.view.spans import Line, line


class Raw(NamedTuple):
    """Text without secrets, and what it is."""

    title: str
    text: str
    suffix: str = ".txt"
    """``.json``, ``.yaml`` or ``.txt``."""

    @classmethod
    def of(cls, title: str, value: Any) -> Self:
        """A record, a dict or a list as JSON, its secrets masked."""
        plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        return cls(title, json_text(plain), ".json")

    @property
    def safe_text(self) -> str:
        """The text as other programs may show it."""
        return "\n".join(clean_lines(self.text))


def json_text(value: Any) -> str:
    """`laid_out`, with secrets masked."""
    # The package of configs is a fiftieth of a second that no first picture needs.
    from mephisto_engine.config.redaction import redacted

    return laid_out(redacted(value))


def laid_out(value: Any) -> str:
    """Indented JSON; characters that a terminal obeys stand there as escapes.

    What workers wrote is shown by this: a field that they call ``token`` holds no secret of ours.

    Raises:
        RecursionError: it is nested too deeply.
    """
    text = _indented(value)
    if text.isascii() and "\x7f" not in text:
        return text  # the others are escaped already
    lines = text.split("\n")
    return "\n".join(text if is_harmless(text) else _escaped(text) for text in lines)


def _indented(value: Any) -> str:
    try:
        return orjson.dumps(value, default=_shown, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError as error:
        if "ecursion" in str(error):
            raise RecursionError(str(error)) from None
        # Large numbers, halves of surrogates, keys that are no text.
        return json.dumps(value, default=_shown, indent=2, ensure_ascii=False)


def wrapped(text: str, cells: int) -> list[Line]:
    """All of ``text`` in lines of at most so many cells."""
    return [line(f" {part}") for long in clean_lines(text) for part in _parts(long, cells - 1)]


def _parts(text: str, cells: int) -> list[str]:
    if cells <= 1 or width(text) <= cells:
        return [text]
    if text.isascii():
        return [text[start : start + cells] for start in range(0, len(text), cells)]
    parts, part, room = [], "", cells
    for character in text:
        room -= width(character)
        if room < 0:
            parts.append(part)
            part, room = "", cells - width(character)
        part += character
    return [*parts, part]


def _escaped(text: str) -> str:
    return "".join(
        character if is_harmless(character) else json.dumps(character)[1:-1] for character in text
    )


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
