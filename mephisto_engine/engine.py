"""The engine on its own thread and event loop, and the Operator that scripts use.

A console that repaints slowly, or whose terminal has stopped reading, holds up its own loop and not
this one.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config import LaunchConfig, launch_config_from_dict, load_launch_config
from mephisto_engine.database import MephistoDB, default_home
from mephisto_engine.errors import StateError
from mephisto_engine.operations.operator import AsyncOperator, operator_name
from mephisto_engine.operations.reviewing.review import Review

if TYPE_CHECKING:
    from mephisto_engine.operations.packaging.package import PackageReport

log = logging.getLogger(__name__)

T = TypeVar("T")


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop where it is installed: it halves the cost of a request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _calm_collector() -> None:
    """Look for garbage cycles less often: with thousands of live agents, each look costs as much as
    serving a hundred workers, and the engine makes hardly any cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


class Engine:
    """Drives runs in a thread of its own; every method may be called from any other thread."""

    def __init__(self, db: MephistoDB, home: Path, registry: Registry | None = None) -> None:
        self.db = db
        self.registry = registry or Registry()
        self._home = home
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._run, name="mephisto-engine", daemon=True)
        self._operator: AsyncOperator | None = None

    def start(self) -> Engine:
        """Start the thread."""
        _calm_collector()
        self._thread.start()
        self._operator = self._call(self._make_operator())
        return self

    def launch(self, config: LaunchConfig) -> int:
        """Launch a run; returns its id once workers can come. Errors as `AsyncOperator.launch`."""
        return self._call(self._async.launch(config))

    def resume(self, run_id: int, shared_state: SharedTaskState | None = None) -> int:
        """Take up a run again after a stop or a crash. Errors as `AsyncOperator.resume`."""
        return self._call(self._async.resume(run_id, shared_state))

    def stop(self, run_id: int, now: bool = False, actor: str | None = None) -> str:
        """Let no more workers in; those at work may finish, or are ended with ``now``.

        Returns at once, with a sentence that says what happens next.
        """
        return self._call(self._async.stop(run_id, now, actor or operator_name()))

    def close_out(self, run_id: int, actor: str | None = None) -> str:
        """Stop a run whose engine has died."""
        return self._call(self._async.close_out(run_id, actor or operator_name()))

    def running(self) -> list[int]:
        """Ids of the runs that this engine drives now."""
        return self._async.running()

    def wait(self, run_id: int | None = None, timeout: float | None = None) -> bool:
        """Block until the run, or every run, has ended; False when the time is over first."""
        future = asyncio.run_coroutine_threadsafe(self._async.wait(run_id), self._loop)
        try:
            future.result(timeout)
        except FutureTimeoutError:
            future.cancel()
            return False
        return True

    def close(self, deadline: float = 10.0) -> None:
        """Let go of every run (they can be resumed) and end the thread."""
        if not self._thread.is_alive():
            return
        try:
            self._call(self._async.close(), deadline)
        except FutureTimeoutError:
            log.error("the engine did not let go of its runs within %s s", deadline)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(deadline)

    @property
    def is_held_up(self) -> bool:
        """Whether a function of the task has not returned by the deadline of `close`: its thread
        cannot be ended, and would keep the process from ending by itself.
        """
        return self._thread.is_alive()

    def __enter__(self) -> Engine:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _async(self) -> AsyncOperator:
        if self._operator is None:
            raise StateError("The engine has not been started.")
        return self._operator

    def _call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(timeout)

    async def _make_operator(self) -> AsyncOperator:
        return AsyncOperator(self.db, self._home, self.registry)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._cancel_rest()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def _cancel_rest(self) -> None:
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))


class Operator:
    """Launch runs from a Python script.

    ::

        with Operator() as operator:
            run_id = operator.launch_task_run("conf.yaml", shared_state)
            operator.wait_for_runs_then_shutdown()
    """

    def __init__(
        self,
        db: str | None = None,
        home: Path | None = None,
        registry: Registry | None = None,
    ) -> None:
        """Open the database and start an engine.

        Args:
            db: database URL or path; default as `MephistoDB.open`.
            home: data folder; default as `MephistoDB.open`.
            registry: where plugins come from; default the installed ones.
        """
        self._home = home or default_home()
        self.registry = registry or Registry()
        self.db = MephistoDB.open(db, home=home)
        self.engine = Engine(self.db, self._home, self.registry).start()

    def launch_task_run(
        self,
        config: LaunchConfig | Mapping[str, Any] | Path | str,
        shared_state: SharedTaskState | None = None,
        overrides: tuple[str, ...] = (),
    ) -> int:
        """Launch a run and return its id.

        Args:
            config: path of a launch config; or its `mephisto` node, as a dict or an OmegaConf node.
            shared_state: what the task's Python gives to the run.
            overrides: as on the command line; for a path only.

        Raises:
            ConfigError: with everything that is wrong; nothing was created.
        """
        if isinstance(config, LaunchConfig):
            return self.engine.launch(config)
        if isinstance(config, str | Path):
            checked = load_launch_config(config, overrides, self.registry, shared_state)
        else:
            checked = launch_config_from_dict(config, self.registry, shared_state)
        return self.engine.launch(checked)

    def resume(self, run_id: int, shared_state: SharedTaskState | None = None) -> int:
        """Take up a run again after a stop or a crash."""
        return self.engine.resume(run_id, shared_state)

    def stop(self, run_id: int, now: bool = False) -> str:
        """Stop a run; see `Engine.stop`."""
        return self.engine.stop(run_id, now)

    def review(self) -> Review:
        """Decide about submitted units from a script: stage, undo, send; see `Review`."""
        return Review(self.db, self._home, operator_name(), self.registry)

    def wait_for_runs_then_shutdown(
        self,
        skip_input: bool = True,
        log_rate: int | None = None,
        report: Callable[[str], object] = sys.stderr.write,
    ) -> None:
        """Block until every run has ended, then close everything.

        Ctrl-C once lets those at work finish; twice ends them.

        Args:
            skip_input: kept for existing scripts; nothing is ever asked.
            log_rate: seconds between two lines that say what is running; None for none.
            report: where those lines go.
        """
        interrupts = 0
        last = time.monotonic()
        while self.engine.running():
            try:
                self.engine.wait(timeout=0.5)
                if log_rate and time.monotonic() - last >= log_rate:
                    last = time.monotonic()
                    report(f"running: {', '.join(map(str, self.engine.running()))}\n")
            except KeyboardInterrupt:
                interrupts += 1
                for run_id in self.engine.running():
                    report(self.engine.stop(run_id, now=interrupts > 1) + "\n")
        self.shutdown()

    def package(
        self,
        out: Path | str,
        *,
        run_id: int | None = None,
        task_name: str | None = None,
        project: str | None = None,
        format: str = "jsonl",
        **options: bool,
    ) -> PackageReport:
        """Write what workers did into a folder: of a run, a task, or a project.

        Args:
            out: folder that appears when everything in it is whole.
            run_id: which run; or
            task_name: all runs of a task; or
            project: all runs of a project's tasks.
            format: `jsonl`, `csv`, `parquet` or `mephisto`.
            **options: `only_reviewed`, `only_accepted`, `has_every_status`, `has_gold`,
                `has_tables`, `has_uploads`, `has_raw_workers`; see `PackageRequest`.

        Raises:
            NotFoundError: there is nothing of that name.
            StateError: there is something at the place already.
            StorageError: it could not be written; the same call goes on where it stopped.
        """
        # Only scripts that package need what packaging needs.
        from mephisto_engine.operations.packaging.package import package
        from mephisto_engine.operations.packaging.request import Format, PackageRequest, runs_of

        runs = runs_of(self.db, run_id=run_id, task_name=task_name, project=project)
        request = PackageRequest(runs, Path(out), Format(format), **options)
        return package(self.db, self._home, self.registry, request)

    def shutdown(self) -> None:
        """Close engine and database; runs that are live can be resumed."""
        self.engine.close()
        self.db.close()

    def __enter__(self) -> Operator:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
