"""Making a screening or gold unit when its worker arrives, and taking back what nobody got."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

import orjson

from mephisto_engine.abstractions.calling import call
from mephisto_engine.data_model.records import (
    GOLD_INDEX,
    SCREENING_INDEX,
    UnitRecord,
    WorkerRecord,
)
from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import special as ops
from mephisto_engine.database.operations.agents import meet, unit_record
from mephisto_engine.database.operations.special import NewSpecialUnit
from mephisto_engine.errors import ConfigError
from mephisto_engine.operations.live.agents_at_work import AgentsAtWork
from mephisto_engine.operations.live.live_run import LiveRun
from mephisto_engine.operations.live.quality import KINDS, SCREENING
from mephisto_engine.operations.runs.job import Job

log = logging.getLogger(__name__)

NOT_GIVEN = "nobody was let in with it"


class Publisher(Protocol):
    """What is needed of the TaskLauncher."""

    async def launch_alone(self, new: NewSpecialUnit) -> UnitRecord | None:
        """Make and publish a unit for one worker."""

    async def withdraw_alone(self, unit: UnitRecord, status: UnitStatus, reason: str) -> None:
        """Take back a unit whose worker has not got it."""


class SpecialUnits:
    """The screening and gold units of one run."""

    def __init__(
        self,
        db: MephistoDB,
        live: LiveRun,
        job: Job,
        at_work: AgentsAtWork,
        publisher: Callable[[], Publisher | None],
    ) -> None:
        self._db = db
        self._live = live
        self._job = job
        self._at_work = at_work
        self._publisher = publisher
        self._quality = at_work.judging.quality
        self._items: AsyncIterator[Any] | Iterator[Any] | None = None
        self._turn = asyncio.Lock()
        """One worker at a time takes an item: a generator cannot be entered twice."""

    async def needed_by(self, worker_name: str) -> str:
        """What the worker needs before a real unit; see `Quality.needed_by`.

        Whatever they have handed in is judged first.
        """
        if not self._quality.is_used:
            return ""
        await self._at_work.judging.settled_for(worker_name)
        provider_type = self._job.run.provider_type
        worker = await self._db.write(meet, self._live.run_id, provider_type, worker_name)
        return self._quality.needed_by(worker, self._live.special[GOLD_INDEX])

    async def make(self, kind: str, worker: WorkerRecord) -> UnitRecord | str:
        """A unit for this worker, published; or why there is none."""
        index = KINDS[kind]
        publisher, most = self._publisher(), self._quality.most(index)
        nothing = f"no_units:no {kind} unit may be paid for any more"
        if publisher is None or (most is not None and self._live.special[index] >= most):
            return nothing
        item = await self._item(kind, worker)
        if item is None:
            return f"no_units:there is no {kind} unit for this worker"
        pay = self._job.run.pay_cents
        data = orjson.dumps(item).decode()
        new = NewSpecialUnit(self._live.run_id, index, data, pay, most, worker.id)
        try:
            return await publisher.launch_alone(new) or nothing
        except Exception as error:
            log.exception("a %s unit could not be published", kind)
            return f"no_units:a {kind} unit could not be published: {error}"

    async def take_back(self, unit: UnitRecord) -> None:
        """The worker has not got the unit after all."""
        publisher = self._publisher()
        if publisher is not None:
            await publisher.withdraw_alone(unit, UnitStatus.LAUNCHED, NOT_GIVEN)

    async def restore(self) -> None:
        """Withdraw units whose worker was just being let in when the last engine died."""
        orphans = [unit_record(row) for row in self._db.rows(ops.ORPHANS, run=self._live.run_id)]
        if not orphans:
            return
        await call(self._job.provider.unit.expire, orphans)
        for unit in orphans:
            await self._db.write(ops.withdraw_special_unit, unit.task_run_id, unit.id, NOT_GIVEN)
            self._live.moved(unit.status, UnitStatus.EXPIRED)
            if unit.status == UnitStatus.LAUNCHED:
                self._live.special[unit.unit_index] -= 1

    async def _item(self, kind: str, worker: WorkerRecord) -> dict[str, Any] | None:
        """The item of the unit as the page gets it; None if there is none, or making it failed."""
        ask = self._at_work.hooks.call_for
        item: dict[str, Any] | None
        if kind == SCREENING:
            async with self._turn:
                item = await ask("screening_data_factory", self._next_screening_item)
        else:
            item = await ask("get_gold_for_worker", self._gold_for, worker)
        return item

    async def _gold_for(self, worker: WorkerRecord) -> dict[str, Any] | None:
        state: Any = self._job.blueprint.shared_state
        return self._as_item("get_gold_for_worker", await call(state.get_gold_for_worker, worker))

    async def _next_screening_item(self) -> dict[str, Any] | None:
        if self._items is None:
            self._items = await self._begun()
        items = self._items
        if isinstance(items, AsyncIterator):
            item = await anext(items, None)
        else:
            item = await asyncio.to_thread(next, items, None)
        return self._as_item("screening_data_factory", item)

    async def _begun(self) -> AsyncIterator[Any] | Iterator[Any]:
        """The items that are left; those of before the engine was away have been used."""
        used = int(self._db.rows(ops.MADE, run=self._live.run_id, index=SCREENING_INDEX)[0][0])
        state: Any = self._job.blueprint.shared_state
        source = state.screening_data_factory
        source = source() if callable(source) else source
        if isinstance(source, AsyncIterable):
            items = aiter(source)
            for _ in range(used):
                await anext(items, None)
            return items
        return await asyncio.to_thread(_skipped, source, used)

    def _as_item(self, name: str, item: Any) -> dict[str, Any] | None:
        if item is None:
            return None
        if not isinstance(item, Mapping):
            raise ConfigError(f"{name} gave a {type(item).__name__}, not a dictionary.")
        return self._job.blueprint.get_special_data(dict(item))


def _skipped(source: Any, used: int) -> Iterator[Any]:
    items: Iterator[Any] = iter(source)
    next(islice(items, used, used), None)
    return items
