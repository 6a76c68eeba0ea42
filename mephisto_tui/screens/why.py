"""Why a worker can or cannot get a unit of a run."""

from __future__ import annotations

from mephisto_engine.operations.live.why import Explanation
from mephisto_engine.operations.watching.snapshot import View
from mephisto_tui.screens.raw import RawScreen
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import Line
from mephisto_tui.view.why import why_lines


class WhyScreen(RawScreen):
    """The answer as of when it was asked for; `v` shows all that lies behind it."""

    def __init__(
        self, found: Explanation, breadcrumb: list[str], mode: str, former_view: View
    ) -> None:
        title = f"{found.worker.name} in run {found.run_id}"
        super().__init__(Raw.of(title, found), breadcrumb, mode, former_view, "why")
        self._found = found

    def lines_to_show(self, cells: int) -> list[Line]:
        return why_lines(self._found, cells)

    def text_to_copy(self) -> str:
        return "\n".join("".join(span.text for span in line)[1:] for line in why_lines(self._found))

    def do_raw(self) -> None:
        self.app.push_screen(RawScreen(self._raw, self.breadcrumb(), self.MODE, self.view()))
