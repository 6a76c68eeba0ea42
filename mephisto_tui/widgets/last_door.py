"""The last door before the terminal: no control character passes, whoever forgot to clean it."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from mephisto_tui.safe_text import clean
from mephisto_tui.view.glyphs import to_ascii


class ControlFilter(LineFilter):
    """Shows control characters as their pictures."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [Segment(clean(segment.text), segment.style) for segment in segments]


class AsciiFilter(LineFilter):
    """Puts ASCII in place of every other character, for terminals that show no more."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [Segment(to_ascii(segment.text), segment.style) for segment in segments]


class ColourlessFilter(LineFilter):
    """Leaves bold, underlined and reversed text, and no colour at all (https://no-color.org)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(segment.text, segment.style.without_color if segment.style else None)
            for segment in segments
        ]
