"""Which plug-ins there are, found out beside the console: loading all of them takes a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.worker import Worker, WorkerFailed

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp


class PluginSurvey:
    """Looks once; what it finds stands in the console's surroundings."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._work: Worker[None] | None = None

    def begin(self) -> Worker[None]:
        """Look, unless that has begun; returns at once."""
        if self._work is None:
            self._work = self._app.run_worker(self._look(), exit_on_error=False)
        return self._work

    async def report(self) -> str:
        """Every plug-in and how it fared, with the tracebacks of those that cannot be used."""
        try:
            await self.begin().wait()
        except WorkerFailed as failed:
            return f"the plug-ins cannot be looked at: {failed.error}"
        return self._app.surroundings.plugin_report

    async def _look(self) -> None:
        from mephisto_tui.surroundings import with_plugins

        around = self._app.surroundings
        self._app.surroundings = await asyncio.to_thread(with_plugins, around)
