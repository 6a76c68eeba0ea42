"""Screens that ask things, and wait for what takes a while, beside their keys."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager

from mephisto_engine.errors import MephistoError, StateError
from mephisto_tui.screens.panes import PanesScreen

log = logging.getLogger(__name__)


class AskingScreen(PanesScreen):
    """Whatever goes wrong beside its keys is said in the message line."""

    def __init__(self) -> None:
        super().__init__()
        self._asking = 0
        """Questions that are open, or about to be."""

    @property
    def is_asking(self) -> bool:
        """Whether a question is open, or about to be."""
        return self._asking > 0

    async def action_command(self, command_id: str) -> None:
        """Do what a key asks for, unless its letter was meant for a question about to open."""
        if not self._asking:
            await super().action_command(command_id)

    def ask(self, asking: Awaitable[None]) -> None:
        """Ask the operator something, and do what comes of it."""
        self._asking += 1
        self.in_background(self._asked(asking))

    async def _asked(self, asking: Awaitable[None]) -> None:
        try:
            await asking
        finally:
            self._asking -= 1
            self.app.typed_ahead = ""

    def in_background(self, asking: Awaitable[None]) -> None:
        """Run something that may wait; what goes wrong is said."""
        self.run_worker(self._guarded(asking), exit_on_error=False)

    async def _guarded(self, asking: Awaitable[None]) -> None:
        with self.faults_said():
            await asking

    @contextmanager
    def faults_said(self) -> Iterator[None]:
        """Tell the operator what goes wrong."""
        try:
            yield
        except MephistoError as error:
            is_state = isinstance(error, StateError)
            self.say(f"{error.message} {error.hint}".rstrip(), "warn" if is_state else "bad")
        except Exception as error:
            log.exception("what a key began has failed")
            self.say(f"{error or type(error).__name__}", "bad")
