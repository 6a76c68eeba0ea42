"""The base of what draws itself line by line, and sends to the terminal only what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from os.path import commonprefix
from typing import Final, get_args

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from mephisto_tui.safe_text import width
from mephisto_tui.view.spans import BLANK, Line, Span, Tone, cut_line, filled, line_width

_BOLD = Style(bold=True)
_PLAIN = Style.null()
LOOKS: Final = frozenset(
    {
        *(f"tone-{tone}" for tone in get_args(Tone) if tone),
        "line-selected",
        "line-selected-blurred",
    }
)
"""What the stylesheet has a look for. A screen has them as its component classes, and what is drawn
on it asks there: were they each widget's own, all of them would be looked up for every widget anew
whenever something about its style changes, which is most of what a key costs."""
MOVE_BYTES: Final = 8
"""What it takes to tell a terminal where the next cells stand."""


class LineWidget(Widget):
    """Keeps the lines it has drawn; `redraw` compares and refreshes the cells that differ.

    A frame, where a subclass wants one, is made of ordinary lines too: a title that counts
    something can then change without the pane being painted again.
    """

    is_framed = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: list[Line] = []
        self._selected: int | None = None
        self._is_hidden = False

    def lines(self, width: int, height: int) -> list[Line]:
        """The content; lines that are missing are blank, those that are too long are cut."""
        raise NotImplementedError

    def frame_title(self) -> Line:
        return BLANK

    def frame_note(self) -> Line:
        return BLANK

    def selected_line(self) -> int | None:
        """Which of the lines carries the cursor."""
        return None

    @property
    def content_height(self) -> int:
        """Lines inside the frame."""
        return max(0, self.size.height - 2 * self.is_framed)

    def redraw(self) -> None:
        """Ask for the lines again and refresh what differs."""
        if self._is_hidden or not self.size.width or not self.size.height:
            return
        lines = list(self._framed() if self.is_framed else self._unframed())
        selected = self.selected_line()
        if selected is not None:
            selected += self.is_framed
        regions = list(self._changed_regions(lines, selected))
        self._drawn, self._selected = lines, selected
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        if y >= len(self._drawn):
            return Strip.blank(self.size.width, self.rich_style)
        spans, plain = self._drawn[y], self.rich_style
        row_style = plain + self._selected_style() if y == self._selected else plain
        edges = (0, len(spans) - 1) if self.is_framed else ()
        styled = _blanks_joined(
            (self._style(span, plain if index in edges else row_style), span.text)
            for index, span in enumerate(spans)
        )
        segments = [
            Segment("".join(text for _style, text in run), style)
            for style, run in groupby(styled, key=lambda pair: pair[0])
        ]
        return Strip(segments).adjust_cell_length(self.size.width, plain)

    def _selected_style(self) -> Style:
        name = "line-selected" if self.has_focus else "line-selected-blurred"
        return self._look(name)

    def _style(self, span: Span, base: Style) -> Style:
        style = base
        if span.tone:
            style += self._look(f"tone-{span.tone}")
        return style + _BOLD if span.is_new else style

    def _look(self, name: str) -> Style:
        return self.screen.get_component_rich_style(name, partial=True, default=_PLAIN)

    def _unframed(self) -> Iterator[Line]:
        width, height = self.size
        content = self.lines(width, height)[:height]
        for line in content + [BLANK] * (height - len(content)):
            yield filled(line, width)

    def _framed(self) -> Iterator[Line]:
        width, height = self.size.width - 2, self.size.height - 2
        content = self.lines(width, height)[: max(0, height)]
        tone: Tone = "accent" if self.has_focus else "frame"
        title, note = (
            cut_line(self.frame_title(), width - 4),
            cut_line(self.frame_note(), width - 4),
        )
        head = (Span("┌─ ", tone), *title, Span(" ", tone)) if title else (Span("┌─", tone),)
        yield (*head, Span("─" * (width + 1 - line_width(head)) + "┐", tone))
        edge = Span("│", tone)
        for line in content + [BLANK] * (height - len(content)):
            yield (edge, *filled(line, width), edge)
        foot = (Span(" ", tone), *note, Span(" ─┘", tone)) if note else (Span("─┘", tone),)
        yield (Span("└" + "─" * (width + 1 - line_width(foot)), tone), *foot)

    def _changed_regions(self, lines: list[Line], selected: int | None) -> Iterator[Region]:
        if len(lines) != len(self._drawn):
            yield self.size.region
            return
        moved = {selected, self._selected} if selected != self._selected else set()
        for y, (new, old) in enumerate(zip(lines, self._drawn, strict=True)):
            if y in moved:
                yield Region(0, y, self.size.width, 1)
            elif new != old:
                for start, end in _joined(changed_cells(old, new)):
                    yield Region(start, y, end - start, 1)

    def on_resize(self, event: events.Resize) -> None:
        self.redraw()

    def on_hide(self) -> None:
        self._is_hidden = True

    def on_show(self) -> None:
        self._is_hidden = False
        self.redraw()

    def on_focus(self) -> None:
        self.redraw()
        self.refresh()

    def on_blur(self) -> None:
        self.redraw()
        self.refresh()


def _blanks_joined(pieces: Iterable[tuple[Style, str]]) -> Iterator[tuple[Style, str]]:
    """Blanks take the style of what stands before them, where that looks the same.

    Each change of style is two dozen bytes to the terminal, and most blanks part two of one style.
    """
    former = Style.null()
    for style, text in pieces:
        if not text.isspace() or _ground(style) != _ground(former):
            former = style
        yield former, text


def _ground(style: Style) -> tuple[object, ...]:
    """What of a style is seen where there is no character."""
    return (style.bgcolor, style.reverse, style.underline)


def changed_cells(old: Line, new: Line) -> list[tuple[int, int]]:
    """Which cells of a line differ, as ranges.

    Lines that are cut into pieces alike are compared piece by piece; others from the first piece
    that differs up to the end of the longer text.
    """
    widths = [width(span.text) for span in new]
    if [width(span.text) for span in old] == widths:
        ranges, x = [], 0
        for before, after, cells in zip(old, new, widths, strict=True):
            if before != after:
                ranges.append(_differing(before, after, x))
            x += cells
        return ranges
    start = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        start += width(after.text)
    end = max(start + 1, _text_end(old), _text_end(new))
    return [(start, end)]


def _differing(before: Span, after: Span, x: int) -> tuple[int, int]:
    """Where two pieces of one width differ that begin at ``x``."""
    end = x + max(width(before.text.rstrip(" ")), width(after.text.rstrip(" ")), 1)
    if before[1:] != after[1:]:
        return x, end
    same = commonprefix((before.text, after.text))
    return x + width(same), end


def _joined(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The ranges, those in one where going from one to the next costs more than what is between."""
    start, end = ranges[0]
    for next_start, next_end in ranges[1:]:
        if next_start - end > MOVE_BYTES:
            yield start, end
            start = next_start
        end = next_end
    yield start, end


def _text_end(spans: Line) -> int:
    text = "".join(span.text for span in spans)
    return width(text.rstrip(" "))
