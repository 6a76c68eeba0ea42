"""Panes: one key goes round them, one gives a pane all the room; alike on every screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from textual.widget import Widget

from mephisto_tui.screens.base import ConsoleScreen
from mephisto_tui.view.chrome import KeyEntry
from mephisto_tui.view.keys import key_entries


class Zoom:
    """What makes room for a pane: all beside it is out of sight until the zoom is let go.

    It sets the styles of the widgets it is about and no class, which would have every widget
    inside looked up in the stylesheet anew; and so no screen needs rules of its own for it.
    """

    def __init__(self) -> None:
        self._hidden: list[Widget] = []
        self._grown: list[Widget] = []

    def __bool__(self) -> bool:
        return bool(self._hidden)

    def begin(self, grown: Iterable[Widget], hidden: Iterable[Widget]) -> None:
        self._grown, self._hidden = list(grown), list(hidden)
        for widget in self._hidden:
            widget.styles.display = "none"
        for widget in self._grown:
            widget.styles.display = "block"
            widget.styles.width = widget.styles.height = "1fr"

    def end(self) -> None:
        for widget in (*self._hidden, *self._grown):
            widget.styles.display = None
        for widget in self._grown:
            widget.styles.width = widget.styles.height = None
        self._hidden, self._grown = [], []


class PanesScreen(ConsoleScreen):
    """A screen of one pane or more. The one in front has the focus and is what keys are about."""

    PANES: ClassVar[tuple[str, ...]] = ("body",)
    """Ids of the panes, in the order in which one goes round them; the first one comes first."""
    STAYS: ClassVar[frozenset[str]] = frozenset()
    """Ids of the lines beside the panes that a zoom leaves in sight."""
    ONE_PANE: ClassVar[str] = "there is no other pane here"

    def __init__(self) -> None:
        super().__init__()
        self.front = self.PANES[0]
        """Id of the pane in front."""
        self._zoom = Zoom()

    def key_entries(self) -> list[KeyEntry]:
        """With one pane there is little that its keys could do."""
        unshown = "panes" if len(self.PANES) == 1 else ""
        scopes = [scope for scope in self.SCOPES if scope != unshown]
        return key_entries(scopes, self.WAY_OUT)

    def panes(self) -> Sequence[str]:
        """Ids of the panes that there are at this size of the terminal."""
        return self.PANES

    def pane(self) -> Any:
        """The pane in front; one of those in which a cursor or the text moves."""
        return self.query_one(f"#{self.front}")

    def show_pane(self, name: str) -> None:
        """Bring a pane to the front, zoomed if the one before was; none of this name: nothing."""
        if name not in self.panes():
            return
        was_zoomed = self.leave_zoom()
        self.front = name
        self.bring_to_front()
        if was_zoomed:
            self._begin_zoom()
        self.focus_pane()

    def bring_to_front(self) -> None:
        """Put in sight what belongs to the pane in front."""

    def focus_pane(self) -> None:
        self.set_focus(self.pane())

    @property
    def is_zoomed(self) -> bool:
        """Whether the pane in front has all the room."""
        return bool(self._zoom)

    def leave_zoom(self) -> bool:
        """Show the other panes again; whether they were out of sight."""
        was_zoomed = self.is_zoomed
        self._zoom.end()
        return was_zoomed

    def let_go(self) -> bool:
        return self.leave_zoom() or super().let_go()

    def do_panes_next(self) -> None:
        self._go_round(1)

    def do_panes_previous(self) -> None:
        self._go_round(-1)

    def _go_round(self, step: int) -> None:
        panes = self.panes()
        if len(panes) < 2:
            self.say(self.ONE_PANE)
        else:
            place = panes.index(self.front) if self.front in panes else -1
            self.show_pane(panes[(place + step) % len(panes)])

    def do_panes_zoom(self) -> None:
        if not self.leave_zoom() and not self._begin_zoom():
            self.say("this pane has all the room already")

    def _begin_zoom(self) -> bool:
        """Give the pane in front all the room; whether there was more of it."""
        around = list(self._around(self.pane()))
        if not any(widget.display for widget in around):
            return False
        self._zoom.begin(self._inwards(self.pane()), around)
        return True

    def _inwards(self, pane: Widget) -> Iterator[Widget]:
        """The pane and the containers that it stands in."""
        for node in pane.ancestors_with_self:
            if node is self:
                return
            if isinstance(node, Widget):
                yield node

    def _around(self, pane: Widget) -> Iterator[Widget]:
        """What would take room from the pane: all beside it, and beside its containers."""
        path = list(self._inwards(pane))
        for widget in (
            *self.content_widgets,
            *(child for node in path[1:] for child in node.children),
        ):
            if widget not in path and widget.id not in self.STAYS:
                yield widget
