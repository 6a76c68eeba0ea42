"""The AsyncOperator: launch, resume and stop runs, many in one engine."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Callable
from getpass import getuser
from pathlib import Path
from typing import TypeVar

from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.clock import to_ms
from mephisto_engine.config import LaunchConfig, launch_config_from_dict
from mephisto_engine.config.stored import is_of_script
from mephisto_engine.data_model.status import LIVE_RUN, RESUMABLE_RUN, RunStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import runs as ops
from mephisto_engine.database.operations.lease import Holder, refuse_if_held
from mephisto_engine.database.queries import runs as queries
from mephisto_engine.errors import ConfigError, MephistoError, PluginError, StateError
from mephisto_engine.operations.commands.kinds import Extend
from mephisto_engine.operations.live.closing import close_out
from mephisto_engine.operations.live.deadlines import Deadlines
from mephisto_engine.operations.live.extensions import extend_at_rest
from mephisto_engine.operations.live.run_driver import RunDriver
from mephisto_engine.operations.money.fees import Fees
from mephisto_engine.operations.money.wages import wage_warning
from mephisto_engine.operations.plan import launch_problems
from mephisto_engine.operations.runs.job import Job, make_job
from mephisto_engine.operations.runs.run_lease import until_known
from mephisto_engine.processes import own_mark
from mephisto_engine.version import __version__

T = TypeVar("T")


def operator_name() -> str:
    """Who is to be written into the journal: `operator:<login>`."""
    try:
        return f"operator:{getuser()}"
    except (KeyError, OSError):
        return f"operator:{os.getuid()}"


def this_holder() -> Holder:
    """This process, as a holder of leases."""
    return Holder(uuid.uuid4().hex, socket.gethostname(), os.getpid(), own_mark())


class AsyncOperator:
    """Runs of one engine. Every method belongs to the engine's event loop."""

    def __init__(self, db: MephistoDB, home: Path, registry: Registry) -> None:
        self._db = db
        self._home = home
        self._registry = registry
        self._deadlines = Deadlines(db.clock)
        self._holder = this_holder()
        self._drivers: dict[int, RunDriver] = {}
        self._starting: set[int] = set()

    def running(self) -> list[int]:
        """Ids of the runs that this engine drives."""
        return [run_id for run_id, driver in self._drivers.items() if not driver.ended.is_set()]

    async def launch(self, config: LaunchConfig) -> int:
        """Launch a run; returns its id once workers can come.

        Raises:
            ConfigError: the account or a qualification is unknown; nothing was created.
            MephistoError: it could not be put on line; the run is stored as failed.
        """
        if config.task.resume_incomplete_run:
            last = await self._read(
                queries.last_unfinished_run, str(config.task.task_name), RESUMABLE_RUN
            )
            if last is not None:
                return await self.resume(last, config.shared_state)
        requester = await self._check(config)
        new = self._new_run(config, requester)
        run_id = await self._db.write(ops.create_run, new)
        names = [item.qualification_name for item in config.requirements]
        await self._db.write(ops.ensure_qualifications, names)
        warning = await self._read(wage_warning, config.task)
        if warning:
            await self._db.write(ops.note_low_pay, run_id, warning)
        try:
            driver = await self._driver(run_id, config)
        except MephistoError as error:
            await self._give_up(run_id, error)
            raise
        await self._drive(driver)
        return run_id

    async def resume(self, run_id: int, shared_state: SharedTaskState | None = None) -> int:
        """Take up a run again after a stop or a crash.

        Args:
            run_id: which run.
            shared_state: a script's own, which is not stored with the run.

        Raises:
            NotFoundError: there is no such run.
            StateError: it has completed, or only the script that launched it can resume it.
            LeaseHeldError: another engine drives it.
            ConfigError: what its config names is no longer there.
        """
        run = await self._read(queries.find_run, run_id)
        if run.status == RunStatus.COMPLETED:
            raise StateError(f"Run {run_id} has completed; there is nothing left to resume.")
        # Asked before the config is checked: whatever drives the run has its port too.
        await until_known(self._db, run_id, self._holder)
        lease = await self._read(queries.lease_of, run_id)
        if lease is not None:
            refuse_if_held(lease, self._holder, self._db.leases)
        if shared_state is None and is_of_script(run.config):
            raise StateError(
                f"Run {run_id} was launched by a script with Python of its own, which is not "
                "stored; only the script can resume it.",
                f"There: `operator.resume({run_id}, shared_state)`. "
                f"`mephisto-tui stop {run_id}` ends it from here.",
            )
        config = await asyncio.to_thread(
            launch_config_from_dict, run.config, self._registry, shared_state
        )
        await self._drive(await self._driver(run_id, config))
        return run_id

    async def stop(self, run_id: int, is_now: bool, actor: str) -> str:
        """Stop a run of this engine; see `RunDriver.stop`."""
        driver = self._drivers.get(run_id)
        if driver is None or driver.ended.is_set():
            raise StateError(f"Run {run_id} is not live in this engine.")
        return await driver.stop(actor, is_now, f"stopped by {actor}")

    async def close_out(self, run_id: int, actor: str) -> str:
        """Stop a run that no engine drives (its engine has died): nothing is put on line for it."""
        run = await self._read(queries.find_run, run_id)
        if run.status not in LIVE_RUN | {RunStatus.CREATED}:
            raise StateError(f"Run {run_id} is {run.status}; there is nothing to stop.")
        return await close_out(self._db, self._home, self._registry, self._holder, run_id, actor)

    async def extend(self, run_id: int, change: Extend, actor: str) -> str:
        """Extend a run that is at rest; `resume` publishes what is made.

        Raises:
            MephistoError: it is refused; nothing has changed.
        """
        run = await self._read(queries.find_run, run_id)
        config = await asyncio.to_thread(launch_config_from_dict, run.config, self._registry)
        job = await self._job(run_id, config)
        return await extend_at_rest(self._db, job, self._holder, change, actor)

    async def wait(self, run_id: int | None = None) -> None:
        """Return when the run, or every run of this engine, has ended."""
        drivers = [driver for known, driver in self._drivers.items() if run_id in (None, known)]
        await asyncio.gather(*(driver.ended.wait() for driver in drivers))

    async def close(self) -> None:
        """Let go of every run: they stay live in the database and can be resumed."""
        for driver in list(self._drivers.values()):
            if not driver.ended.is_set():
                await driver.abandon()
        self._deadlines.close()

    async def _drive(self, driver: RunDriver) -> None:
        """Start a run; the lease keeps out other engines only, so a second start stops here."""
        run_id = driver.run_id
        if run_id in self._starting or run_id in self.running():
            raise StateError(f"Run {run_id} is live in this engine.")
        self._starting.add(run_id)
        try:
            await driver.start(operator_name())
            self._drivers = {
                known: other for known, other in self._drivers.items() if not other.ended.is_set()
            }
            self._drivers[run_id] = driver
        finally:
            self._starting.discard(run_id)

    async def _driver(self, run_id: int, config: LaunchConfig) -> RunDriver:
        job = await self._job(run_id, config)
        return RunDriver(self._db, job, self._deadlines, self._holder)

    async def _job(self, run_id: int, config: LaunchConfig) -> Job:
        record = await self._read(queries.run_record, run_id)
        try:
            return await asyncio.to_thread(make_job, config, record, self._registry, self._home)
        except MephistoError:
            raise
        except Exception as error:
            raise PluginError(
                f"A plugin of run {run_id} could not be set up: {type(error).__name__}: {error}.",
                "Report this to the plugin's author.",
            ) from error

    async def _give_up(self, run_id: int, error: MephistoError) -> None:
        """A new run that cannot even be started is stored as failed."""
        columns = {
            "status_reason": error.message[:500],
            "ended_at": to_ms(self._db.clock.now()),
        }
        await self._db.write(ops.move_run, run_id, RunStatus.FAILED, "engine", columns)

    async def _check(self, config: LaunchConfig) -> str:
        """What only the database and the provider know about a config; the requester's name."""
        problems = await launch_problems(config, self._registry, self._unknown_qualifications)
        if problems:
            raise ConfigError(problems)
        provider = self._registry.load(PluginKind.PROVIDER, config.provider_type)
        return config.provider_args.requester_name or provider.DEFAULT_REQUESTER

    def _unknown_qualifications(self, names: set[str]) -> set[str]:
        return self._db.read(queries.unknown_qualifications, names)

    def _new_run(self, config: LaunchConfig, requester: str) -> ops.NewRun:
        provider = self._registry.load(PluginKind.PROVIDER, config.provider_type)
        fees = Fees(provider, config.provider_args)
        return ops.NewRun(
            task_name=str(config.task.task_name),
            task_type=config.blueprint_type,
            project_name=config.task.project,
            requester_name=requester,
            blueprint_type=config.blueprint_type,
            architect_type=config.architect_type,
            provider_type=config.provider_type,
            is_sandbox=provider.IS_SANDBOX,
            config=config.resolved,
            config_path=str(config.path) if config.path else None,
            pay_cents=config.pay_cents,
            unit_cost_cents=config.pay_cents + fees.of_unit(config.pay_cents),
            budget_cents=config.budget_cents,
            engine_version=__version__,
            actor=operator_name(),
        )

    async def _read(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.to_thread(self._db.read, function, *args)
