"""Sends to the terminal exactly the cells that changed, in as few bytes as say so.

Textual sends each line of a region from the edge of its widget on, and begins every piece of a
line with all of its style. Over SSH that is most of what a live console sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.strip import Strip

_RESET = "\x1b[0m"


class _Codes(NamedTuple):
    """What a style is made of, as parameters of SGR (ECMA-48 § 8.3.117)."""

    attributes: str
    foreground: str
    background: str


class NarrowUpdate(CompositorUpdate):
    """An update of the compositor, cropped at both ends."""

    def __init__(self, update: ChopsUpdate) -> None:
        self._update = update

    def render_segments(self, console: Console) -> str:
        system = console._color_system or ColorSystem.TRUECOLOR
        parts: list[str] = []
        former: _Codes | None = None
        for x, y, strip in self._pieces():
            parts.append(f"\x1b[{y + 1};{x + 1}H")
            for segment in strip:
                codes = _codes(segment.style or Style.null(), system)
                parts += [_change(former, codes), segment.text]
                former = codes
        return "".join(parts) + _RESET

    def _pieces(self) -> Iterator[tuple[int, int, Strip]]:
        """Column, line and content of what is to be written."""
        update = self._update
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                begin, until = max(x, first), min(end, last)
                if strip is not None and begin < until:
                    yield begin, y, strip.crop(begin - x, until - x)


def _change(former: _Codes | None, codes: _Codes) -> str:
    """What turns one style into another."""
    if codes == former:
        return ""
    if former is None or codes.attributes != former.attributes or not all(codes[1:]):
        return f"\x1b[{';'.join(filter(None, ('0', *codes)))}m"
    changed = (new for new, old in zip(codes[1:], former[1:], strict=True) if new != old)
    return f"\x1b[{';'.join(changed)}m"


@lru_cache(maxsize=1024)
def _codes(style: Style, system: ColorSystem) -> _Codes:
    start = style.without_color.render("x", color_system=system)
    attributes = start.removeprefix("\x1b[").partition("m")[0] if start != "x" else ""
    foreground, background = (
        [] if color is None else color.downgrade(system).get_ansi_codes(foreground=is_front)
        for color, is_front in ((style.color, True), (style.bgcolor, False))
    )
    return _Codes(attributes, ";".join(foreground), ";".join(background))
