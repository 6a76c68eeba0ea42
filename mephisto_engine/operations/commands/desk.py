"""The desk of a run: takes the commands that operators have issued, and answers each in words.

Commands are carried out one after the other beside the beat of the driver, so that a provider who
is slow to withdraw units does not keep the lease from being renewed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import commands as ops
from mephisto_engine.database.queries.commands import Asked, open_commands
from mephisto_engine.errors import MephistoError
from mephisto_engine.operations.commands.kinds import Change, parse_change

log = logging.getLogger(__name__)

CarryOut = Callable[[Change, str], Awaitable[str]]
"""Does what is asked for, in the name of an operator; a sentence says what has come of it."""


class CommandDesk:
    """Where the commands of one run are answered."""

    def __init__(self, db: MephistoDB, run_id: int, carry_out: CarryOut) -> None:
        self._db = db
        self._run_id = run_id
        self._carry_out = carry_out
        self._work: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a command is being carried out."""
        return self._work is not None and not self._work.done()

    def look(self) -> None:
        """Begin with what has been asked for, unless former commands are still being worked on."""
        if self.is_busy:
            return
        asked = self._db.read(open_commands, self._run_id)
        if asked:
            self._work = asyncio.get_running_loop().create_task(self._answer_all(asked))

    async def close(self, is_ours: bool = True) -> None:
        """Return when what was begun has its answer.

        Whatever else was asked for is refused, unless another engine drives the run by now.
        """
        if self._work is not None and self._work is not asyncio.current_task():
            await asyncio.gather(self._work, return_exceptions=True)
        for asked in self._db.read(open_commands, self._run_id) if is_ours else ():
            outcome = f"The engine has just left run {self._run_id}; nothing was changed."
            await self._db.write(ops.finish, asked.id, self._run_id, outcome, False)

    async def _answer_all(self, commands: list[Asked]) -> None:
        for asked in commands:
            try:
                await self._answer(asked)
            except Exception:
                # The database may have refused to store the answer; the next look tries again.
                log.exception("run %d: command %d was not answered", self._run_id, asked.id)

    async def _answer(self, asked: Asked) -> None:
        await self._db.write(ops.take, asked.id, self._run_id)
        try:
            outcome = await self._carry_out(parse_change(asked.kind, asked.args), asked.issued_by)
            is_done = True
        except MephistoError as error:
            outcome, is_done = _in_words(error), False
        except Exception as error:
            log.exception("run %d: command %d failed", self._run_id, asked.id)
            outcome, is_done = f"It failed: {type(error).__name__}: {error}.", False
        await self._db.write(ops.finish, asked.id, self._run_id, outcome, is_done)


def _in_words(error: MephistoError) -> str:
    return f"{error.message}\n{error.hint}" if error.hint else error.message
