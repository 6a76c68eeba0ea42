"""The lease of one run in an engine's hands, and finding out whether somebody else has it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from mephisto_engine.database import MephistoDB
from mephisto_engine.database.lease_watch import LEASE_SECONDS
from mephisto_engine.database.operations import lease as ops
from mephisto_engine.database.operations.lease import Holder, sight_of
from mephisto_engine.database.queries.runs import lease_of
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import LeaseLostError

HEARD_SECONDS = 5.0
"""An engine says that it lives every two seconds; a network disk may take some to show it."""

_LOOK_SECONDS = 0.1


class RunLease:
    """What lets one engine, and no other, drive a run.

    While it is held, the writer of this process stores nothing once another engine has the run.
    """

    def __init__(self, db: MephistoDB, run_id: int, holder: Holder) -> None:
        self._db = db
        self._run_id = run_id
        self._holder = holder
        self._fence = 0

    async def take(self) -> None:
        """Take it, at once or as soon as the former engine is known to be gone.

        Raises:
            LeaseHeldError: another engine drives the run; nothing has changed.
        """
        await until_known(self._db, self._run_id, self._holder)
        self._fence = await self._db.write(ops.acquire, self._run_id, self._holder, self._db.leases)
        self._db.fence(self._run_id, self._is_held)

    def _is_held(self, tx: Transaction) -> bool:
        return ops.is_held(tx, self._run_id, self._holder, self._fence)

    async def renew(self, health: Any) -> None:
        """Say that the engine lives, and how.

        Raises:
            LeaseLostError: another engine has it now.
        """
        held = await self._db.write(ops.renew, self._run_id, self._holder, self._fence, health)
        if not held:
            raise LeaseLostError([self._run_id])

    async def give_back(self) -> None:
        """Let others drive the run."""
        self.forget()
        await self._db.write(ops.release, self._run_id, self._holder, self._fence)

    def forget(self) -> None:
        """It is lost, and nothing is left here that would write for the run."""
        self._db.unfence(self._run_id)


def standing(db: MephistoDB, run_id: int, holder: Holder | None = None) -> bool | None:
    """Whether an engine other than ``holder`` drives a run; None: it is not known yet. Blocks.

    Asked again and again it is known after `LEASE_SECONDS` at the latest.
    """
    lease = db.read(lease_of, run_id)
    if lease is None or (holder is not None and lease.holder == holder.name):
        return False
    return db.leases.is_alive(sight_of(lease))


async def until_known(db: MephistoDB, run_id: int, holder: Holder) -> None:
    """Return when it is known whether another engine than ``holder`` drives a run."""
    while await asyncio.to_thread(standing, db, run_id, holder) is None:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)


def is_driven(db: MephistoDB, run_id: int, patience: float = LEASE_SECONDS) -> bool:
    """Whether an engine, of any process of any host, drives the run now.

    Blocks for up to ``patience`` seconds while an engine elsewhere is silent.
    """
    until = db.clock.monotonic() + patience
    while (known := standing(db, run_id)) is None and db.clock.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    return bool(known)
