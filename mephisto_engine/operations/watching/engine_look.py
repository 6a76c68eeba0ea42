"""How the engines of the shown runs are: which live, and what they say of themselves."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from mephisto_engine.clock import Clock, from_ms
from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.database.lease_watch import LeaseSight, LeaseWatch
from mephisto_engine.database.queries.browse import RunFacts
from mephisto_engine.operations.watching.limits import NO_SPACE
from mephisto_engine.operations.watching.snapshot import Health

DISK_SECONDS = 2.0
"""How often the free space is measured here."""

SAME_CLOCK = timedelta(seconds=2)
"""Clocks that differ by less are taken for one: so long a renewal may take to be seen."""


class EngineLook:
    """Looks at leases for one Monitor, and remembers what was told of each."""

    def __init__(self, watch: LeaseWatch, folder: Path, clock: Clock) -> None:
        self._watch = watch
        self._folder = folder
        self._clock = clock
        self._told: dict[int, tuple[LeaseSight, bool]] = {}
        self._measured: tuple[float, int | None] = (-DISK_SECONDS, None)
        self._is_told_full = False

    def forget(self) -> None:
        """Runs are about to be read anew."""
        self._told.clear()

    def is_driven(self, row: RunFacts) -> bool:
        """Whether an engine drives the run, as far as is known."""
        lease = row.lease
        if lease is None:
            return False
        is_alive = self._watch.seems_alive(lease)
        if row.status in LIVE_RUN:
            self._told[lease.run_id] = (lease, is_alive)
        return is_alive

    def have_changed(self) -> bool:
        """Whether something else would be told now, though no row has changed: an engine is gone,
        or the disk is full and takes none.
        """
        if self._told and self._is_full() != self._is_told_full:
            return True
        return any(self._watch.seems_alive(lease) != told for lease, told in self._told.values())

    def is_in_doubt(self) -> bool:
        """Whether an engine was told to be gone that was not watched for long enough."""
        return any(
            not told and self._watch.is_alive(lease) is None for lease, told in self._told.values()
        )

    def health(self, row: RunFacts, submits_per_minute: tuple[int, ...]) -> Health:
        """What the engine of a run says of itself."""
        told, lease = row.health or {}, row.lease
        is_known = lease is not None and self._watch.is_alive(lease) is not None
        at = told.get("next_try_at")
        return Health(
            is_engine_alive=self.is_driven(row),
            holder=f"{row.host}:{row.pid}" if row.host else "",
            renewed_at=row.renewed_at if is_known else None,
            clock_ahead=self._ahead(lease),
            commit_ms=told.get("commit_ms"),
            connections=int(told.get("connections") or 0),
            loop_lag_ms=told.get("loop_lag_ms"),
            disk_free_bytes=self._free(told.get("disk_free_bytes")),
            is_gateway_open=told.get("is_gateway_open"),
            trouble=str(told.get("trouble") or ""),
            next_try_at=None if at is None else from_ms(at),
            submits_per_minute=submits_per_minute,
            refusals=dict(told.get("refusals") or {}),
        )

    def _free(self, told: int | None) -> int | None:
        """What is free where the database lies: an engine whose disk is full cannot tell it."""
        self._is_told_full = self._is_full()
        return self._measured[1] if self._is_told_full else told

    def _is_full(self) -> bool:
        now = self._clock.monotonic()
        if now - self._measured[0] >= DISK_SECONDS:
            try:
                measured: int | None = shutil.disk_usage(self._folder).free
            except OSError:
                measured = None
            self._measured = (now, measured)
        free = self._measured[1]
        return free is not None and free < NO_SPACE

    def _ahead(self, lease: LeaseSight | None) -> timedelta:
        skew = timedelta(0) if lease is None else self._watch.skew(lease)
        return skew if abs(skew) >= SAME_CLOCK else timedelta(0)
