"""The bottom line: the keys that do something here."""

from __future__ import annotations

from collections.abc import Sequence

from mephisto_tui.view.chrome import KeyEntry, key_bar
from mephisto_tui.view.spans import Line
from mephisto_tui.widgets.line_widget import LineWidget


class KeyBar(LineWidget):
    """Whole entries only; the least important give way, help and the way out never do."""

    def __init__(self, entries: Sequence[KeyEntry]) -> None:
        super().__init__(id="keys")
        self._entries = tuple(entries)

    def lines(self, width: int, height: int) -> list[Line]:
        return [key_bar(self._entries, width)]
