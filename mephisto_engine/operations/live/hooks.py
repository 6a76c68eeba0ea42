"""Calling the operator's functions: they may be slow or fail, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.calling import call
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents as ops

HOOK_SECONDS = 30.0
"""How long a function of the operator may take before it counts as failed."""

MOST_FAILURES = 100
"""Kinds of failures of the operator's functions that are journalled."""


class Hooks:
    """The functions that a run's shared state has."""

    def __init__(self, db: MephistoDB, run_id: int, state: SharedTaskState) -> None:
        self._db = db
        self._run_id = run_id
        self._state = state
        self._failures: set[tuple[str, str]] = set()
        """Functions that have failed, and with what words."""

    async def call(self, name: str, *args: Any, failed: Any = None) -> Any:
        """Call the function of that name; ``failed`` stands for the result of one that fails."""
        return await self.call_for(name, getattr(self._state, name), *args, failed=failed)

    async def call_for(
        self, name: str, function: Callable[..., Any], *args: Any, failed: Any = None
    ) -> Any:
        """Call what stands for the operator's function of that name.

        Each kind of failure is journalled once, because a filter is asked for every unit.
        """
        try:
            return await call(function, *args, timeout=HOOK_SECONDS)
        except Exception as error:
            text = repr(error)[:2000]
            if (name, text) not in self._failures and len(self._failures) < MOST_FAILURES:
                self._failures.add((name, text))
                data = {"hook": name, "error": text}
                await self._db.write(
                    ops.record_agent_event, "run.hook_failed", 0, self._run_id, "engine", data
                )
            return failed
