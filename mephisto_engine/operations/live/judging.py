"""Judging: the operator's code sees each stored answer, once, and what it says is stored.

Answers that it has not seen when an engine dies are shown to it by the next one. The answers of one
item are judged one after the other, and so are those of one worker: each judgement counts on what
the one before has changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import orjson

from mephisto_engine.abstractions.known_answers import compared
from mephisto_engine.data_model.records import SubmittedUnit, UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import judging as ops
from mephisto_engine.database.operations.agents import UNIT_WITH_DATA, meet, unit_record
from mephisto_engine.errors import StorageError
from mephisto_engine.operations.live.live_run import LiveRun
from mephisto_engine.operations.live.quality import Quality
from mephisto_engine.operations.live.turns import Turns
from mephisto_engine.operations.runs.job import Job

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""How long after the database refused to store a judgement it is tried again."""

MOST_MORE_UNITS = 100
"""How many more units of an item one answer may ask for; more is taken for a mistake."""

HOOK = "on_unit_submitted"
EXPECTED = "get_expected_answer"

_LENIENT = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY

CallHook = Callable[..., Awaitable[Any]]
"""Calls a function of the operator by its name; see `Hooks.call`."""


class Judging:
    """The answers of one run that the operator's code is looking at."""

    def __init__(
        self,
        db: MephistoDB,
        live: LiveRun,
        job: Job,
        call_hook: CallHook,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        requeued: Callable[[list[tuple[int, int]]], None],
        changed: Callable[[], None],
    ) -> None:
        self.quality = Quality(job.blueprint.args, job.blueprint.shared_state)
        self._db = db
        self._live = live
        self._job = job
        self._call_hook = call_hook
        self._spawn = spawn
        self._requeued = requeued
        self._changed = changed
        self._has_hook = job.blueprint.shared_state.on_unit_submitted is not None
        self._pending: Counter[str] = Counter()
        """Worker name → answers that are being judged."""
        self._settled: dict[str, asyncio.Event] = {}
        """Worker name → set when there are none left."""
        self._turns = Turns(lambda: None)

    @property
    def is_needed(self) -> bool:
        """Whether anybody looks at answers."""
        return self._has_hook or self.quality.is_used

    @property
    def is_settled(self) -> bool:
        """Whether every stored answer has been judged."""
        return not self._pending

    def restore(self) -> None:
        """Show the operator's code what was stored before the engine was away."""
        if not self.is_needed:
            return
        for unit_id, *worker in self._db.rows(ops.UNJUDGED, run=self._live.run_id):
            unit = unit_record(self._db.rows(UNIT_WITH_DATA, unit=unit_id)[0])
            self.submitted(unit, WorkerRecord(*worker))

    def submitted(self, unit: UnitRecord, worker: WorkerRecord) -> None:
        """An answer is stored."""
        if self.is_needed:
            self._pending[worker.name] += 1
            self._settled.setdefault(worker.name, asyncio.Event())
            self._spawn(self._in_turn(unit, worker))

    async def settled_for(self, worker_name: str) -> None:
        """Return when everything that the worker has handed in is judged."""
        settled = self._settled.get(worker_name)
        if settled is not None:
            await settled.wait()

    async def _in_turn(self, unit: UnitRecord, worker: WorkerRecord) -> None:
        places = (f"item {unit.assignment_id}", _of_worker(worker.name))
        begun: list[str] = []
        try:
            for place in places:
                await self._turns.begin(place)
                begun.append(place)
            await self._judge_surely(unit, worker)
        finally:
            for place in begun:
                self._turns.end(place)
            self._done_with(worker.name)

    def _done_with(self, worker_name: str) -> None:
        self._pending[worker_name] -= 1
        if not self._pending[worker_name]:
            del self._pending[worker_name]
            self._settled.pop(worker_name).set()
        self._changed()

    async def _judge_surely(self, unit: UnitRecord, worker: WorkerRecord) -> None:
        """Judge; as often as it takes, for the worker's next unit hangs on it."""
        while True:
            try:
                return await self._judge(unit, worker)
            except StorageError as error:
                log.error("the answer to unit %d could not be judged yet: %s", unit.id, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _judge(self, unit: UnitRecord, worker: WorkerRecord) -> None:
        submitted = await self._submitted_unit(unit, worker)
        name = self.quality.judge_of(submitted)
        expected = await self._expected(submitted) if name else None
        is_right = await self._verdict(name, submitted, expected) if name else None
        said = await self._call_hook(HOOK, submitted) if self._has_hook else None
        more = _number(said) if unit.unit_index >= 0 else 0
        new = ops.NewJudgement(
            self._live.run_id,
            unit.id,
            worker.id,
            is_right,
            self.quality.changes(submitted, is_right),
            more,
            self._job.runner.is_concurrent,
            None if expected is None else orjson.dumps(expected).decode(),
        )
        self._add(await self._db.write(ops.judge_unit, new))

    async def _expected(self, unit: SubmittedUnit) -> Any:
        """What the unit should have been answered with, as JSON holds it; None: not known."""
        if not self._has_function(EXPECTED):
            return None
        said = await self._call_hook(EXPECTED, unit)
        try:
            known = orjson.loads(orjson.dumps(said, default=str, option=_LENIENT))
            return None if known == {} else known
        except TypeError as error:
            log.warning("%s said what cannot be stored: %s", EXPECTED, error)
            return None

    async def _verdict(self, name: str, unit: SubmittedUnit, expected: Any) -> bool | None:
        """What the operator's function says; where there is none, what the comparison does."""
        if self._has_function(name):
            said = await self._call_hook(name, unit)
            return None if said is None else bool(said)
        if expected is None:
            return None
        return all(field.is_right for field in compared(expected, unit.answer))

    def _has_function(self, name: str) -> bool:
        return getattr(self._job.blueprint.shared_state, name, None) is not None

    async def _submitted_unit(self, unit: UnitRecord, worker: WorkerRecord) -> SubmittedUnit:
        """With the worker's qualifications as they are now."""
        worker = await self._db.write(meet, self._live.run_id, worker.provider_type, worker.name)
        rows = self._db.rows(ops.ITEM, assignment=unit.assignment_id)
        return ops.submitted_unit(unit, worker, rows)

    def _add(self, units: list[tuple[int, int]]) -> None:
        if not units:
            return
        if not self._live.has_wide_assignments:
            # Until now, what a worker had done before this engine did not have to be known.
            self._live.has_wide_assignments = True
            self._live.cursors.clear()
        self._live.moved("", UnitStatus.CREATED, len(units))
        self._requeued(units)


def _of_worker(worker_name: str) -> str:
    return f"worker {worker_name}"


def _number(said: Any) -> int:
    """How many more units a hook asked for: True is one, and what is no number none."""
    return min(int(said), MOST_MORE_UNITS) if isinstance(said, int) and said > 0 else 0
