"""The TaskLauncher: makes assignments from data and publishes their units over time.

It creates everything that finite data gives; of endless data it stays a little ahead of the
workers. It publishes as many units as `max_num_concurrent_units` and the budget allow, and wakes
when one of them is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import islice

import orjson

from mephisto_engine.abstractions.blueprint import InitializationData, ItemSource
from mephisto_engine.abstractions.calling import call
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import budgets
from mephisto_engine.database.operations import runs as ops
from mephisto_engine.database.operations import special as special_ops
from mephisto_engine.database.operations.budgets import Reservation
from mephisto_engine.database.operations.runs import NewAssignment
from mephisto_engine.database.operations.special import NewSpecialUnit
from mephisto_engine.database.queries import publishing as queries
from mephisto_engine.errors import StateError
from mephisto_engine.operations.live.live_run import LiveRun
from mephisto_engine.operations.runs.job import Job
from mephisto_engine.phrases import number_of

log = logging.getLogger(__name__)

GROUP = 1000
"""Items, and units, of one database operation."""

AHEAD = 1000
"""Unfinished units that endless data is kept ahead of the workers."""

BUDGET_SECONDS = 5.0
"""How often a budget that holds units back is looked at again."""

BUDGET_CALM_SECONDS = 0.2
"""At least so long between two looks, however much goes on."""

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
"""Seconds between two tries to publish while the provider fails; doubled from one to the next."""

STILL_SECONDS = 20.0
"""How long a change waits for what is just being published."""

FIRST_UNITS_SECONDS = 2.0
"""How long a launch waits for data that are slow to give their first item."""


class TaskLauncher:
    """Creates and publishes the units of one run."""

    def __init__(
        self, db: MephistoDB, live: LiveRun, job: Job, url: str, changed: Callable[[], None]
    ) -> None:
        self.held_back = ""
        """Whose budget holds units back, because the next one might not be paid for from it."""
        self.is_spent = False
        """Whether that budget stays used up, as far as anybody knows."""
        self.next_try_at: datetime | None = None
        """When publishing is tried again, while it fails."""
        self.trouble: str = ""
        """The provider's words while publishing fails; empty otherwise."""
        self._db = db
        self._live = live
        self._job = job
        self._url = url
        self._changed = changed
        self._waiting: deque[tuple[int, int]] = deque()
        self._last_found = 0
        """The newest unit that was there to be published at the start."""
        self._wake = asyncio.Event()
        self._publishing = asyncio.Lock()
        """Held while a group of units is taken out of those that wait and is published."""
        self._has_begun = asyncio.Event()
        self._is_stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to create and to publish."""
        found = self._db.read(queries.units_to_publish, self._live.run_id)
        self._waiting.extend(found)
        self._last_found = max((unit_id for unit_id, _ in found), default=0)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._create()), loop.create_task(self._publish())]
        for task in self._tasks:
            task.add_done_callback(lambda _: self._changed())
        self._tasks[0].add_done_callback(lambda _: self._wake.set())

    async def wait_for_first_units(self) -> None:
        """Return when a worker who comes finds a unit, or it is clear that none will soon."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._has_begun.wait(), FIRST_UNITS_SECONDS)

    def add(self, units: Sequence[tuple[int, int]]) -> None:
        """Publish units that were made outside the task data; ``(unit id, assignment id)``.

        What was stored before `start` was found there, also if it is told of later.
        """
        if self._tasks:
            self._waiting.extend(unit for unit in units if unit[0] > self._last_found)
            self._wake.set()

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Nothing is being published inside the block.

        Raises:
            StateError: the provider has not taken what is being published for too long.
        """
        try:
            await asyncio.wait_for(self._publishing.acquire(), STILL_SECONDS)
        except TimeoutError as error:
            raise StateError(
                "Units are being published, and the provider does not answer.", "Try again."
            ) from error
        try:
            yield
        finally:
            self._publishing.release()

    def drop(self, unit_ids: Iterable[int]) -> None:
        """Publish these units no more; to be called while it is `still`."""
        dropped = set(unit_ids)
        self._waiting = deque(pair for pair in self._waiting if pair[0] not in dropped)

    async def launch_alone(self, new: NewSpecialUnit) -> UnitRecord | None:
        """Make and publish a unit for one worker; None if the run may have, or pay, no more.

        Raises:
            Exception: the provider's, if it cannot be published; the unit is withdrawn then.
        """
        unit = await self._db.write(special_ops.add_special_unit, new)
        if unit is None:
            return None
        self._live.moved("", UnitStatus.CREATED)
        try:
            await call(self._job.provider.unit.launch, [unit], self._url)
            await self._db.write(special_ops.launch_special_unit, self._live.run_id, unit.id)
        except BaseException as error:
            await self.withdraw_alone(unit, UnitStatus.CREATED, str(error))
            raise
        self._live.moved(UnitStatus.CREATED, UnitStatus.LAUNCHED)
        self._live.special[unit.unit_index] += 1
        return unit

    async def withdraw_alone(self, unit: UnitRecord, status: UnitStatus, reason: str) -> None:
        """Take back a unit whose worker has not got it."""
        await self._db.write(
            special_ops.withdraw_special_unit, self._live.run_id, unit.id, reason[:500]
        )
        self._live.moved(status, UnitStatus.EXPIRED)
        if status is UnitStatus.LAUNCHED:
            self._live.special[unit.unit_index] -= 1
            await call(self._job.provider.unit.expire, [unit])
        self._changed()

    def wake(self) -> None:
        """Something changed that may let more units be published."""
        self._wake.set()

    async def stop(self) -> None:
        """Publish nothing more; returns when what was being published is stored.

        The task's data are not waited for: they may come from a source that has nothing to say.
        """
        self._is_stopping = True
        self._wake.set()
        self._has_begun.set()
        for task in self._tasks[:1]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def failure(self) -> BaseException | None:
        """Why creating or publishing has ended, if it has ended badly."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def why_spent(self) -> str:
        """Why nothing more will be published, and what lets it be."""
        run_id, (kind, _, name) = self._live.run_id, self.held_back.partition(" ")
        of_project = f"money --project {shlex.quote(name)} --cap DOLLARS"
        raised = of_project if kind == "project" else f"set {run_id} budget=DOLLARS"
        return (
            f"The budget of {self.held_back} is used up; {number_of(self.waiting, 'unit')} "
            f"{'is' if self.waiting == 1 else 'are'} not published.\n"
            f"`mephisto-tui {raised}` raises it, then `mephisto-tui resume {run_id}` goes on."
        )

    @property
    def waiting(self) -> int:
        """Units that exist and are not published yet."""
        return len(self._waiting)

    async def _create(self) -> None:
        if self._live.is_data_exhausted:
            return
        source = self._job.blueprint.get_initialization_data()
        is_lazy = self._job.blueprint.has_lazy_data()
        size = 1 if is_lazy else GROUP
        async for group in _groups(source, self._live.items_taken, size):
            await self._add(group)
            if is_lazy:
                await self._stay_ahead()
            if self._is_stopping:
                return
        await self._db.write(ops.end_of_data, self._live.run_id, self._live.items_taken)
        self._live.is_data_exhausted = True
        self._changed()

    async def _add(self, group: Sequence[InitializationData]) -> None:
        first = self._live.items_taken
        items = [as_assignment(first + place, item) for place, item in enumerate(group)]
        pay = self._job.run.pay_cents
        units = await self._db.write(ops.add_assignments, self._live.run_id, items, pay, False)
        self._live.items_taken += len(items)
        self._live.has_wide_assignments |= any(len(item.units) > 1 for item in items)
        self._live.moved("", UnitStatus.CREATED, len(units))
        self._waiting.extend(units)
        self._wake.set()
        self._changed()

    async def _stay_ahead(self) -> None:
        cap = self._job.max_num_concurrent_units
        most = min(AHEAD, cap) if cap else AHEAD
        counts = self._live.counts
        while (
            not self._is_stopping
            and counts[UnitStatus.CREATED] + counts[UnitStatus.LAUNCHED] >= most
        ):
            self._wake.clear()
            await self._wake.wait()

    async def _publish(self) -> None:
        wait = FIRST_WAIT
        while not self._is_stopping:
            # Cleared first: whatever happens from here on is a reason to look again.
            self._wake.clear()
            async with self._publishing:
                number = await self._affordable(min(GROUP, self._allowance()))
                group = [self._waiting.popleft() for _ in range(number)]
                error = await self._try_to_launch(group) if group else None
            if error is not None:
                await self._report(error, wait)
                wait = min(LONGEST_WAIT, wait * 2)
            elif group:
                wait, self.trouble, self.next_try_at = FIRST_WAIT, "", None
                self._has_begun.set()
            else:
                self._note_beginning()
                await self._pause()

    async def _try_to_launch(self, group: Sequence[tuple[int, int]]) -> Exception | None:
        """Publish a group; if that fails, it waits again, and what went wrong comes back."""
        try:
            await self._launch(group)
        except Exception as error:
            self._waiting.extendleft(reversed(group))
            return error
        return None

    def _note_beginning(self) -> None:
        """Nothing can be published now; that is a beginning unless the first data are to come."""
        if self._live.published or self._waiting or self._tasks[0].done():
            self._has_begun.set()

    async def _launch(self, group: Sequence[tuple[int, int]]) -> None:
        ids = [unit_id for unit_id, _ in group]
        records = await asyncio.to_thread(
            self._db.read, queries.units_among_ids, self._live.run_id, ids
        )
        await call(self._job.provider.unit.launch, records, self._url)
        await self._db.write(ops.launch_units, self._live.run_id, ids)
        self._live.moved(UnitStatus.CREATED, UnitStatus.LAUNCHED, len(ids))
        for unit_id, assignment_id in group:
            self._live.pool.add(assignment_id, unit_id)
        self._changed()

    async def _report(self, error: Exception, wait: float) -> None:
        self.trouble = str(error)
        self.next_try_at = self._db.clock.now() + timedelta(seconds=wait)
        log.warning("publishing failed: %s (next try in %.0f s)", self.trouble, wait)
        self._has_begun.set()
        data = {"error": str(error)[:2000], "next_try_seconds": wait}
        await self._db.write(
            ops.record_run_event, self._live.run_id, "run.publishing_failed", data, "provider"
        )
        self._wake.clear()
        try:
            await asyncio.wait_for(self._until_stopping(), wait)
        except TimeoutError:
            return

    async def _until_stopping(self) -> None:
        while not self._is_stopping:
            self._wake.clear()
            await self._wake.wait()

    def _allowance(self) -> int:
        """How many more units may be published now."""
        if self._live.is_paused:
            return 0
        allowance = len(self._waiting)
        cap = self._job.max_num_concurrent_units
        if cap:
            allowance = min(allowance, cap - self._live.published)
        return allowance

    async def _affordable(self, number: int) -> int:
        """How many of these the budgets of run and project pay for; they are set aside for it.

        That they are about to be published is stored in any case: should nobody come to store that
        they were, whoever ends the run knows that they may be.
        """
        run_id, found = self._live.run_id, Reservation(max(0, number))
        if found.number:
            found = await self._db.write(budgets.reserve_units, run_id, number, self._kept_aside())
        before = (self.held_back, self.is_spent)
        self.held_back = "" if found.number else found.held_back
        self.is_spent = found.is_spent
        if (self.held_back, self.is_spent) != before:
            if self.held_back not in ("", before[0]):
                data = {"owner": self.held_back, "waiting": self.waiting}
                await self._db.write(ops.record_run_event, run_id, "run.held_back", data, "engine")
            self._changed()
        return found.number

    async def _pause(self) -> None:
        """Wait for a change; other processes free a budget without telling this one."""
        try:
            await asyncio.wait_for(self._wake.wait(), BUDGET_SECONDS if self.held_back else None)
        except TimeoutError:
            return
        if self.held_back:
            await asyncio.sleep(BUDGET_CALM_SECONDS)

    def _kept_aside(self) -> int:
        """Units that may still be needed for screening and gold units, which the budget keeps."""
        caps = self._job.special_caps
        return sum(max(0, most - self._live.special[index]) for index, most in caps.items())


async def _groups(
    source: ItemSource, skip: int, size: int
) -> AsyncIterator[list[InitializationData]]:
    """The items after the first ``skip``, in groups; plain iterables are read in a thread."""
    if isinstance(source, Iterable):
        iterator = await asyncio.to_thread(_skipped, source, skip)
        while group := await asyncio.to_thread(lambda: list(islice(iterator, size))):
            yield group
        return
    number = 0
    async for item in source:
        number += 1
        if number > skip:
            yield [item]


def _skipped(source: Iterable[InitializationData], skip: int) -> Iterator[InitializationData]:
    iterator = iter(source)
    next(islice(iterator, skip, skip), None)
    return iterator


def as_assignment(index: int, item: InitializationData) -> NewAssignment:
    """An item of task data as it is stored."""
    return NewAssignment(
        index,
        orjson.dumps(item.shared).decode(),
        tuple(orjson.dumps(data).decode() for data in item.unit_data),
    )
