"""What view functions produce: pieces of clean text with a tone, and the lines made of them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mephisto_tui.safe_text import cut, width

Tone = Literal["", "dim", "strong", "good", "warn", "bad", "accent", "frame"]
"""What a piece of text means; a style sheet gives each a colour, words and glyphs say it too."""


class Span(NamedTuple):
    """A piece of clean text in one tone."""

    text: str
    tone: Tone = ""
    is_new: bool = False
    """Changed within the last moments: drawn bold."""


Line = tuple[Span, ...]
BLANK: Line = ()


class Row(NamedTuple):
    """A line that may lead somewhere."""

    line: Line
    key: str = ""
    """What the cursor stands for here; empty: a heading or a remark, which it passes over."""


def line(text: str, tone: Tone = "") -> Line:
    """A line of one piece."""
    return (Span(text, tone),)


def line_width(spans: Line) -> int:
    return sum(width(span.text) for span in spans)


def padded(span: Span, cells: int, *, to_right: bool = False) -> Span:
    """The span in exactly so many cells, cut or filled with spaces."""
    text = cut(span.text, cells)
    space = " " * (cells - width(text))
    return span._replace(text=space + text if to_right else text + space)


def cut_line(spans: Line, cells: int) -> Line:
    """The beginning of the line that fits."""
    kept: list[Span] = []
    for span in spans:
        shown = cut(span.text, cells)
        kept.append(span._replace(text=shown))
        cells -= width(shown)
        if shown != span.text or cells <= 0:
            break
    return tuple(kept)


def filled(spans: Line, cells: int) -> Line:
    """The line in exactly so many cells."""
    shown = cut_line(spans, cells)
    return (*shown, Span(" " * (cells - line_width(shown))))


def with_right(left: Line, right: Line, cells: int) -> Line:
    """``left`` and ``right`` at the two ends of a line; ``left`` gives way."""
    right = cut_line(right, cells)
    room = cells - line_width(right)
    return (*filled(left, room), *right)
