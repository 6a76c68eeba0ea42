"""The Monitor: follows the database and makes the snapshots that consoles show.

It reads like any outsider, so a console in the engine's process and one on another machine that
opens the same database show the same. Counts are read once and then kept up with the journal; lists
are read as the window that is shown.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import replace
from typing import Any

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.analysis.pay import Wage
from mephisto_engine.clock import Clock, SystemClock, to_ms
from mephisto_engine.data_model.status import DONE_UNIT, LIVE_AGENT, UnitStatus
from mephisto_engine.database import MephistoDB, ledger
from mephisto_engine.database.queries import activity, browse
from mephisto_engine.database.queries.standing import standings_of
from mephisto_engine.database.queries.worker_list import count_workers, worker_ids
from mephisto_engine.operations.money.wages import wage_of_run
from mephisto_engine.operations.runs.run_lease import HEARD_SECONDS
from mephisto_engine.operations.watching.crowd_watch import CrowdWatch
from mephisto_engine.operations.watching.details import Detail, read_detail
from mephisto_engine.operations.watching.engine_look import EngineLook
from mephisto_engine.operations.watching.list_rows import (
    agent_row_of,
    unit_row_of,
    worker_row_of,
)
from mephisto_engine.operations.watching.selection import asked_of
from mephisto_engine.operations.watching.snapshot import (
    AgentRow,
    LogRow,
    RunRow,
    Snapshot,
    Subject,
    UnitRow,
    View,
    WorkerRow,
)
from mephisto_engine.operations.watching.totals import Totals
from mephisto_engine.operations.watching.words import in_words, level_of, range_size

MOST_EVENTS = 5000
"""Journal rows read at a time; when more have come, counts are read anew instead."""

WORKERS_SECONDS = 2.0
"""The workers of a run are counted at most this often: it takes all its agents."""

WAGE_SECONDS = 5.0
"""The median time is asked for at most this often: it takes all agents of the run."""

MINUTES = 60

LOOK_SECONDS = 0.1

QUIET = (
    "unit.assigned",
    "unit.completed",
    "agent.approved",
    "agent.rejected",
    "agent.soft_rejected",
    "intent.created",
    "intent.planned",
    "intent.sent",
    "command.taken",
    "command.done",
)
"""Events that say nothing which another event beside them does not say better."""


class Monitor:
    """Makes snapshots for one console. `refresh` is called from one thread at a time."""

    def __init__(
        self, db: MephistoDB, clock: Clock | None = None, registry: Registry | None = None
    ) -> None:
        self._db = db
        self._registry = registry or Registry()
        self._clock = clock or SystemClock()
        self._engines = EngineLook(db.leases, db.path.parent, self._clock)
        self._wanted = View()
        self._changed = threading.Event()
        self._stop_listening = db.on_commit(self._changed.set)
        self._snapshot: Snapshot | None = None
        self._counter = -1
        self._last_event = 0
        self._units: dict[int, Counter[str]] = {}
        self._extras: dict[int, int] = {}
        """Run → cents of bonuses and compensations, fees included, as far as they are known."""
        self._agents: Counter[str] = Counter()
        self._log: deque[LogRow] = deque(maxlen=2000)
        self._errors = 0
        self._run_id: int | None = None
        self._is_new = True
        self._workers: tuple[float, Any, tuple[tuple[WorkerRow, ...], int]] | None = None
        self._config: tuple[int, str] = (0, "")
        self._crowd = CrowdWatch(self._clock)
        self._totals = Totals()
        self._history: tuple[float, Subject, Detail | None] | None = None
        self._paced: tuple[float, int, Wage | None] | None = None

    def want(self, view: View) -> None:
        """What the next snapshots are to show; may be called from any thread."""
        if view != self._wanted:
            self._wanted = view
            self._changed.set()

    def wait_for_change(self, timeout: float) -> bool:
        """Block until something may have changed, or ``timeout`` seconds; True if it may have.

        Changes by other processes do not wake; they are found by the next `refresh`.
        """
        is_set = self._changed.wait(timeout)
        self._changed.clear()
        return is_set

    def refresh(self) -> Snapshot:
        """The state as of now; the same object as before while nothing has changed. Blocks."""
        view = self._wanted
        counter = self._db.change_counter()
        current = self._snapshot
        is_still = counter == self._counter and not self._engines.have_changed()
        if current is not None and is_still and current.view == view:
            return current
        self._counter = counter
        self._engines.forget()
        snapshot = self._db.read(self._take, view)
        self._snapshot = snapshot
        return snapshot

    def settled(self, patience: float = HEARD_SECONDS) -> Snapshot:
        """The state as of now, for whoever looks but once: waits a moment to hear of an engine on
        another host whose clock says that it is gone. Blocks.
        """
        until = self._clock.monotonic() + patience
        snapshot = self.refresh()
        while self._engines.is_in_doubt() and self._clock.monotonic() < until:
            self._changed.wait(LOOK_SECONDS)
            snapshot = self.refresh()
        return snapshot

    def close(self) -> None:
        """Stop listening to the database."""
        self._stop_listening()

    def _take(self, view: View) -> Snapshot:
        self._follow(view)
        snapshot = Snapshot(
            version=self._snapshot.version + 1 if self._snapshot else 1,
            taken_at=self._clock.now(),
            view=view,
            log=tuple(self._log)[-view.log_limit :],
            events=self._last_event,
            errors=self._errors,
            live_runs=self._totals.live_runs,
            to_review=self._totals.to_review,
        )
        snapshot = self._with_close_look(self._with_runs(snapshot))
        return snapshot if view.run_id is None else self._with_run(snapshot, view.run_id)

    def _with_close_look(self, snapshot: Snapshot) -> Snapshot:
        """What a detail, or the list of all workers, shows; read only while it is on screen."""
        view = snapshot.view
        if view.subject is not None:
            return replace(snapshot, detail=self._read_detail(view.subject))
        if view.everybody is None:
            return snapshot
        asked = asked_of(view.everybody)
        standings = tuple(standings_of(worker_ids(asked)))
        return replace(snapshot, everybody=standings, everybody_total=count_workers(asked))

    def _look_again(self) -> None:
        """Something shown may be a moment old: the next refresh reads even if all is still."""
        self._counter = -1

    def _read_detail(self, subject: Subject) -> Detail | None:
        """A worker's whole history is much to read, so it is read less often than the rest."""
        now = self._clock.monotonic()
        if subject.kind == "worker" and self._history is not None:
            at, whose, detail = self._history
            if whose == subject and now - at < WORKERS_SECONDS:
                self._look_again()
                return detail
        detail = read_detail(subject, self._registry, self._db.home)
        self._history = (now, subject, detail) if subject.kind == "worker" else None
        return detail

    def _follow(self, view: View) -> None:
        """Bring counts and log up to date with the journal."""
        events = activity.events_after(self._last_event, MOST_EVENTS) if not self._is_new else []
        if self._is_new or len(events) == MOST_EVENTS:
            self._totals.count()
            self._start_over(view)
            return
        for event in events:
            self._totals.fold(event)
        if view.run_id != self._run_id:
            self._start_over(view)
            return
        for event in events:
            self._fold(event)
        if events:
            self._last_event = events[-1][0]

    def _start_over(self, view: View) -> None:
        self._is_new = False
        self._run_id = view.run_id
        self._last_event = activity.last_event_id()
        self._units.clear()
        self._extras.clear()
        self._workers = None
        self._agents = Counter()
        if view.run_id is not None:
            self._agents.update(dict(activity.agent_counts(view.run_id)))
        self._log.clear()
        for event in activity.last_events(view.run_id, view.log_limit):
            self._add_line(event)

    def _fold(self, event: Any) -> None:
        _, _, kind, _, run_id, subject, _, before, after, data = event
        details = data if isinstance(data, dict) else {}
        number = range_size(details) or 1
        if subject == "intent":
            self._extras.pop(run_id, None)
        if kind == "run.changed":
            self._config = (0, "")
        is_worked_on = subject == "unit" and kind != "unit.compensated"
        if is_worked_on and run_id in self._units and after:
            self._count(self._units[run_id], before, after, number)
        if run_id == self._run_id and subject == "agent" and after:
            self._count(self._agents, before, after, number)
        if self._run_id is None or run_id == self._run_id:
            self._add_line(event)
            self._errors += level_of(kind) == "error"

    @staticmethod
    def _count(counts: Counter[str], before: str | None, after: str, number: int) -> None:
        if before:
            counts[before] -= number
        counts[after] += number

    def _add_line(self, event: Any) -> None:
        number, at, kind, actor, run_id, subject, subject_id, _, after, data = event
        if kind in QUIET:
            return
        text = in_words(kind, actor, subject, subject_id, after, data)
        self._log.append(LogRow(number, at, level_of(kind), run_id, text))

    def _with_runs(self, snapshot: Snapshot) -> Snapshot:
        asked = asked_of(snapshot.view.runs)
        rows = browse.runs(asked)
        self._read_counts([row.id for row in rows])
        shown = tuple(self._run_row(row) for row in rows)
        return replace(snapshot, runs=shown, runs_total=browse.count_runs(asked))

    def _with_run(self, snapshot: Snapshot, run_id: int) -> Snapshot:
        row = browse.run(run_id)
        if row is None:
            return snapshot
        self._read_counts([run_id])
        run = self._run_row(row)
        units, units_total = self._unit_rows(snapshot.view, run)
        agents, agents_total = self._agent_rows(snapshot.view, run_id)
        workers, workers_total = self._worker_rows(snapshot.view, run)
        health = row.health or {}
        crowd = self._crowd.look(run_id, self._agents, run.ended_at is None)
        if self._crowd.is_late:
            self._look_again()
        return replace(
            snapshot,
            run=run,
            units=units,
            units_total=units_total,
            agents=agents,
            agents_total=agents_total,
            workers=workers,
            workers_total=workers_total,
            config=self._config_text(run_id),
            wage=self._wage(run),
            worker_link=str(health.get("worker_link") or ""),
            health=self._engines.health(row, self._rate(run_id)),
            crowd=crowd,
        )

    def _read_counts(self, run_ids: list[int]) -> None:
        for run_id in run_ids:
            if run_id not in self._extras:
                self._extras[run_id] = ledger.EXTRAS_COST.fetch(run=run_id)[0][0]
        missing = [run_id for run_id in run_ids if run_id not in self._units]
        if not missing:
            return
        for run_id in missing:
            self._units[run_id] = Counter()
        for run_id, status, number in activity.unit_counts(missing):
            self._units[run_id][status] = number

    def _run_row(self, row: Any) -> RunRow:
        counts = self._units[row.id]
        units = {status.value: counts[status] for status in UnitStatus}
        paid = sum(counts[name] for name in DONE_UNIT if name != "rejected")
        committed = counts[UnitStatus.LAUNCHED] + counts[UnitStatus.ASSIGNED]
        is_driven = self._engines.is_driven(row)
        return RunRow(
            id=row.id,
            task_name=row.task_name,
            provider_type=row.provider_type,
            architect_type=row.architect_type,
            blueprint_type=row.blueprint_type,
            status=row.status,
            status_reason=row.status_reason or "",
            url=row.url or "",
            units=units,
            total=sum(units.values()),
            is_total_final=row.is_data_exhausted,
            pay_cents=row.pay_cents,
            cost_cents=paid * row.unit_cost_cents + self._extras[row.id],
            committed_cents=committed * row.unit_cost_cents,
            budget_cents=row.budget_cents,
            created_at=row.created_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
            is_driven=is_driven,
            is_sandbox=row.is_sandbox,
            held_back=str((row.health or {}).get("held_back") or ""),
            engine=f"{row.host}:{row.pid}" if is_driven else "",
        )

    def _unit_rows(self, view: View, run: RunRow) -> tuple[tuple[UnitRow, ...], int]:
        window = view.units
        asked = asked_of(window)
        if window.text:
            total = browse.count_units(run.id, asked)
        else:
            total = run.units.get(window.status, 0) if window.status else run.total
        rows = browse.units(run.id, asked)
        return tuple(unit_row_of(row) for row in rows), total

    def _agent_rows(self, view: View, run_id: int) -> tuple[tuple[AgentRow, ...], int]:
        window = view.agents
        asked = asked_of(window)
        if window.text:
            total = browse.count_agents(run_id, asked)
        else:
            total = self._agents[window.status] if window.status else self._agents.total()
        live = sum(self._agents[name] for name in LIVE_AGENT)
        rows = browse.agents(run_id, asked, live)
        return tuple(agent_row_of(row) for row in rows), total

    def _worker_rows(self, view: View, run: RunRow) -> tuple[tuple[WorkerRow, ...], int]:
        window, run_id = view.workers, run.id
        now = self._clock.monotonic()
        if self._workers is not None and run.ended_at is None:
            at, asked, rows = self._workers
            if asked == (run_id, window) and now - at < WORKERS_SECONDS:
                self._look_again()
                return rows
        found, total = browse.workers(run_id, asked_of(window))
        rows = (tuple(worker_row_of(row) for row in found), total)
        self._workers = (now, (run_id, window), rows)
        return rows

    def _rate(self, run_id: int) -> tuple[int, ...]:
        this_minute = to_ms(self._clock.now()) // 60_000
        first = this_minute - MINUTES + 1
        counted = dict(activity.submission_minutes(run_id, first * 60_000))
        if not counted:
            return ()
        begin = max(first, min(counted))
        return tuple(counted.get(minute, 0) for minute in range(begin, this_minute + 1))

    def _wage(self, run: RunRow) -> Wage | None:
        now = self._clock.monotonic()
        if self._paced is None or self._paced[1] != run.id or now - self._paced[0] >= WAGE_SECONDS:
            self._paced = (now, run.id, wage_of_run(run.id, run.pay_cents))
        return self._paced[2]

    def _config_text(self, run_id: int) -> str:
        if self._config[0] != run_id:
            import yaml

            config = browse.run_config(run_id)
            text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
            self._config = (run_id, text)
        return self._config[1]
