"""Worlds for the console's tests: snapshots, a bridge that needs no engine, a clock that stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from details_world import (
    HOSTILE,
    NOW,
    WORKERS,
    a_broken_unit,
    a_detail,
    a_lost_agent,
    a_new_unit,
    a_new_worker,
    a_waiting_agent,
    ago,
    some_standings,
)

from mephisto_engine.analysis.report import Report
from mephisto_engine.analysis.statistics import Answer, Statistics
from mephisto_engine.data_model.records import WorkerRecord
from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.database.queries.journal import RefusalRow
from mephisto_engine.database.queries.standing import Standing
from mephisto_engine.database.queries.worker_list import NamedWorker
from mephisto_engine.errors import StateError
from mephisto_engine.operations.live.why import Explanation
from mephisto_engine.operations.live.why import Line as WhyLine
from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import (
    AgentRow,
    Crowd,
    Health,
    LogRow,
    RunRow,
    Snapshot,
    UnitRow,
    View,
    Window,
    WorkerRow,
)
from mephisto_engine.operations.watching.waiting import Waiting
from mephisto_engine.operations.worker_desk import Done
from mephisto_tui.review_door import ReviewDoor
from mephisto_tui.statistics_feed import Asked
from mephisto_tui.view.chrome import Freshness
from mephisto_tui.view.filtering import text_matches

UNIT_STATUSES = (
    "created", "launched", "assigned", "completed",
    "accepted", "soft_rejected", "rejected", "expired",
)  # fmt: skip


class StandingClock:
    """Moves only when a test moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return 1000.0 + self.seconds


def a_run(run_id: int = 142, **changes: Any) -> RunRow:
    numbers = (0, 441, 6, 29, 270, 11, 2, 0)
    units = dict(zip(UNIT_STATUSES, numbers, strict=True))
    units |= changes.pop("units", {})
    row = RunRow(
        id=run_id, task_name="chat-safety-v3", provider_type="mturk", architect_type="local",
        blueprint_type="static_task", status="live", status_reason="",
        url="http://127.0.0.1:3000", units=units, total=sum(units.values()),
        is_total_final=True, pay_cents=30, cost_cents=9360, committed_cents=10540,
        budget_cents=24000, created_at=ago(hours=3, minutes=12),
        started_at=ago(hours=3, minutes=11), ended_at=None, is_driven=True, is_sandbox=False,
    )  # fmt: skip
    return replace(row, **changes)


def some_runs() -> tuple[RunRow, ...]:
    none = dict.fromkeys(UNIT_STATUSES, 0)
    return (
        a_run(),
        a_run(
            141, task_name="image-caption-qa", provider_type="prolific", cost_cents=4110,
            units=none | {"accepted": 50, "completed": 8, "launched": 2}, total=60,
            created_at=ago(hours=5, minutes=40), budget_cents=None,
        ),
        a_run(
            140, task_name="parlai-persona", provider_type="mock", cost_cents=0, total=20,
            units=none | {"accepted": 3, "launched": 17}, created_at=ago(minutes=4),
            is_total_final=False,
        ),
        a_run(
            139, task_name="chat-safety-v2", status="completed", cost_cents=24000, total=800,
            units=none | {"accepted": 800}, created_at=ago(days=2), is_driven=False,
        ),
        a_run(
            138, task_name="toxicity-pilot", status="failed", cost_cents=210, total=20,
            units=none | {"completed": 7, "expired": 13}, created_at=ago(days=2, hours=3),
            is_driven=False, status_reason="port 3000 is in use\nTraceback: …",
        ),
        a_run(
            137, task_name="static-html-demo", provider_type="mock", status="stopped",
            cost_cents=0, units=none | {"expired": 5}, total=5, created_at=ago(days=13),
            is_driven=False,
        ),
    )  # fmt: skip


def some_units(number: int = 40) -> tuple[UnitRow, ...]:
    cycle = ("completed", "completed", "accepted", "rejected", "assigned", "soft_rejected")
    return tuple(
        UnitRow(
            id=10418 - index, assignment_id=5000 - index, unit_index=0,
            status=cycle[index % len(cycle)], worker_id=index % len(WORKERS),
            worker_name=WORKERS[index % len(WORKERS)], pay_cents=30,
            status_at=ago(minutes=2 + index),
            seconds_worked=None if cycle[index % len(cycle)] == "assigned" else 60.0 + 7 * index,
            preview="safe · the advice is ok but it should say to use low heat or you can burn it",
        )
        for index in range(number)
    )  # fmt: skip


def some_agents(number: int = 10) -> tuple[AgentRow, ...]:
    statuses = ("in task", "in task", "waiting", "disconnect", "in task")
    silences = (1, 0, 2, 200, 14, 1, 41, 3, 500, 0)
    return tuple(
        AgentRow(
            id=5526 - index, worker_id=index % len(WORKERS),
            worker_name=WORKERS[index % len(WORKERS)], unit_id=10420 - index,
            status=statuses[index % len(statuses)], created_at=ago(seconds=60 + 40 * index),
            status_at=ago(seconds=31 + 40 * index),
            deadline_at=NOW + timedelta(seconds=45 + 60 * index),
            last_seen_at=ago(seconds=silences[index % len(silences)]),
        )
        for index in range(number)
    )  # fmt: skip


def some_workers() -> tuple[WorkerRow, ...]:
    return tuple(
        WorkerRow(
            id=index, name=name, live=index % 2, done=44 - index, lost=index // 3,
            accepted=40 - index, rejected=index // 4, paid_cents=1320 - 30 * index,
            is_blocked=index == 5,
        )
        for index, name in enumerate(WORKERS)
    )  # fmt: skip


def some_log() -> tuple[LogRow, ...]:
    lines = (
        (209, "info", "agent 5511 disconnected; unit 10408 relaunched"),
        (129, "info", "unit 10416 assigned to agent 5519"),
        (96, "error", "mturk ApproveAssignment throttled; 5 queued, next try 14:22:31"),
        (27, "warn", "agent 5516 heartbeat late 41 s (times out at 60 s)"),
        (6, "info", "agent 5526 waiting: no unit left for this worker"),
        (2, "info", "agent 5521 submitted unit 10418 after 4m31s"),
    )
    return tuple(
        LogRow(id=index, at=ago(seconds=seconds), level=level, run_id=142, text=text)
        for index, (seconds, level, text) in enumerate(lines)
    )


def some_health() -> Health:
    return Health(
        is_engine_alive=True, holder="gpu-login3:4711", renewed_at=ago(seconds=1), commit_ms=2.13,
        connections=9, loop_lag_ms=0.4, is_gateway_open=True, disk_free_bytes=48 * 1024**3,
        submits_per_minute=(2, 3, 5, 5, 6, 5, 3, 2, 5, 6, 7, 6, 5, 3, 2, 3, 5, 6, 7, 8, 7, 6, 5),
        refusals={"no unit left": 4, "not qualified": 12},
    )  # fmt: skip


def some_crowd() -> Crowd:
    return Crowd(
        agents={"in task": 6, "waiting": 2, "disconnect": 2, "completed": 280},
        waiting_since=ago(seconds=41), median_seconds=230.0, p90_seconds=432.0,
        onboarding={"approved": 88, "rejected": 12, "onboarding": 2}, golds=(41, 3),
    )  # fmt: skip


CONFIG = "mephisto:\n  blueprint:\n    _blueprint_type: static_task\n    units_per_assignment: 1\n"


def normal_world() -> Snapshot:
    return Snapshot(
        version=1, taken_at=NOW, view=View(), runs=some_runs(), runs_total=6,
        run=some_runs()[0], units=some_units(), units_total=359, agents=some_agents(),
        agents_total=10, workers=some_workers(), workers_total=len(WORKERS), log=some_log(),
        events=48_211, config=CONFIG, worker_link="http://127.0.0.1:3000/?worker_id=NAME",
        health=some_health(), crowd=some_crowd(), errors=1, everybody=some_standings(),
        everybody_total=len(WORKERS),
    )  # fmt: skip


def empty_world() -> Snapshot:
    return Snapshot(version=1, taken_at=NOW, view=View())


def new_run_world() -> Snapshot:
    """A run nobody has come to yet."""
    run = a_run(
        units=dict.fromkeys(UNIT_STATUSES, 0) | {"launched": 20}, total=20, cost_cents=0,
        committed_cents=720, created_at=ago(seconds=3), started_at=ago(seconds=2),
    )  # fmt: skip
    health = Health(is_engine_alive=True, holder="gpu-login3:4711", renewed_at=NOW, commit_ms=1.5)
    return replace(
        normal_world(), runs=(run,), runs_total=1, run=run, units=(), units_total=0, agents=(),
        agents_total=0, workers=(), workers_total=0, log=(), health=health, errors=0, crowd=Crowd(),
    )  # fmt: skip


def trouble_world() -> Snapshot:
    """An engine that fell silent, a run without one, a run that failed."""
    world = normal_world()
    orphan = replace(world.runs[1], is_driven=False)
    health = replace(
        world.health, renewed_at=ago(seconds=12), is_gateway_open=False, disk_free_bytes=700 * 2**20
    )
    return replace(world, runs=(world.runs[0], orphan, *world.runs[2:]), health=health)


def hostile_world() -> Snapshot:
    """Every string that may come from outside is an attack."""
    world = normal_world()
    run = replace(
        world.runs[0], task_name=HOSTILE, provider_type=HOSTILE, blueprint_type=HOSTILE,
        architect_type=HOSTILE, status_reason=HOSTILE, url=HOSTILE,
    )  # fmt: skip
    return replace(
        world,
        runs=(run, *world.runs[1:]),
        run=run,
        everybody=tuple(
            replace(row, worker_name=HOSTILE, provider_type=HOSTILE) for row in world.everybody
        ),
        units=tuple(replace(row, worker_name=HOSTILE, preview=HOSTILE) for row in world.units),
        agents=tuple(replace(row, worker_name=HOSTILE) for row in world.agents),
        workers=tuple(replace(row, name=HOSTILE) for row in world.workers),
        log=tuple(replace(row, text=HOSTILE) for row in world.log),
        config=HOSTILE,
        worker_link=HOSTILE,
        health=replace(world.health, holder=HOSTILE, refusals={HOSTILE: 3}),
    )


def waiting_world() -> Snapshot:
    """Somebody waits for partners, and not much longer."""
    world = normal_world()
    room = Waiting(3, 1, NOW + timedelta(seconds=41), "pay")
    crowd = replace(world.crowd, rooms=(room, Waiting(3, 2, NOW + timedelta(minutes=4), "pay")))
    return replace(world, crowd=crowd, detail=a_waiting_agent(room))


def new_unit_world() -> Snapshot:
    return replace(normal_world(), detail=a_new_unit())


def broken_unit_world() -> Snapshot:
    return replace(trouble_world(), detail=a_broken_unit())


def lost_agent_world() -> Snapshot:
    return replace(trouble_world(), detail=a_lost_agent())


def new_worker_world() -> Snapshot:
    return replace(normal_world(), detail=a_new_worker())


HUGE = 100_000


@cache
def huge_world() -> Snapshot:
    """A hundred thousand of everything that can be listed."""
    world = normal_world()
    run = a_run(HUGE, units={"launched": HUGE - 319}, total=HUGE)
    return replace(
        world, run=run, runs=(run, *_many(world.runs)[1:]), runs_total=HUGE,
        units=_many(world.units), units_total=HUGE, agents=_many(world.agents), agents_total=HUGE,
        workers=_many(world.workers), workers_total=HUGE, everybody=_many(world.everybody),
        everybody_total=HUGE, log=tuple(reversed(_many(world.log[::-1]))), events=12 * HUGE,
    )  # fmt: skip


def _many(rows: Sequence[Any]) -> tuple[Any, ...]:
    """These rows again and again, each with an id of its own, the highest first."""
    key = "worker_id" if isinstance(rows[0], Standing) else "id"
    return tuple(replace(rows[at % len(rows)], **{key: HUGE - at}) for at in range(HUGE))


def large_world(agents: int, units: int = 5000) -> Snapshot:
    world = normal_world()
    return replace(
        world, units=some_units(units), units_total=units, agents=some_agents(agents),
        agents_total=agents,
    )  # fmt: skip


def some_reports(
    classes: tuple[str, ...] = ("safe", "unsafe", "unclear"), names: tuple[str, ...] = WORKERS
) -> dict[str | None, Report]:
    """Statistics of forty items that three of five workers each have labelled."""
    statistics = Statistics()
    copied = "the advice is ok but it should say to use low heat or you can burn it"
    for item in range(40):
        for turn in range(3):
            worker = (item + turn * 2) % 5
            true = classes[item * 7 % 11 % len(classes)]
            rating = classes[0] if worker == 4 else true
            if (item + worker) % 9 == 0:
                rating = classes[(item + 1) % len(classes)]
            why = copied if worker == 4 else f"{copied} {item} {worker} " * (2 + item % 3)
            body = {"rating": rating, "clarity": 1 + (item + worker // 2) % 3, "why": why}
            seconds = 2.0 if worker == 4 and item % 10 == 0 else 60.0 + item + worker
            statistics.add(Answer(3 * item + turn, item, worker, seconds, body))
    for right in (True, True, False):
        statistics.add_gold(4, not right)
        statistics.add_gold(2, right)
    found: dict[str | None, Report] = {}
    for name in ("clarity", "rating"):
        statistics.estimate(name)
        found[name] = replace(statistics.report(name), names=dict(enumerate(names)))
    return found | {None: found["rating"]}


@dataclass
class FakeDesk:
    """Remembers what is done to workers; ``refused`` are those that it does not change."""

    done: list[tuple[Any, ...]] = field(default_factory=list)
    refused: tuple[tuple[int, str], ...] = ()

    def meant(self, selection: Selection) -> list[NamedWorker]:
        everybody = [
            NamedWorker(row.worker_id, row.worker_name, "mturk", row.is_blocked)
            for row in some_standings()
        ]
        return [row for row in everybody if (row.id in selection.keys) != selection.is_all]

    def why(self, worker_id: int, run_id: int) -> Explanation:
        worker = WorkerRecord(worker_id, "A2X9K1", "mturk", is_blocked=True)
        lines = (
            WhyLine("run", True, f"run {run_id} (chat-safety-v3) is live"),
            WhyLine("worker", False, "A2X9K1 is blocked since today: pasted text", "blocked"),
            WhyLine("maximum_units_per_worker", True, "has 3 of 10 over all runs of the task"),
            WhyLine("at work", None, "agent 5521 is on unit 10418 (in task)"),
        )
        refusal = RefusalRow(ago(hours=2), "blocked", "")
        return Explanation(worker, run_id, lines, (refusal,))

    def __getattr__(self, name: str) -> Any:
        if name not in ("block", "unblock", "note", "grant", "revoke", "pay"):
            raise AttributeError(name)

        def change(ids: Sequence[int], *arguments: Any) -> Done:
            self.done.append((name, tuple(ids), *arguments))
            return Done(len(ids) - len(self.refused), self.refused)

        return change


@dataclass
class FakeBridge:
    """Answers each view from one world, as an engine would, without one."""

    world: Snapshot | None = field(default_factory=normal_world)
    refusal: str = ""
    owns_engine: bool = False
    can_detach: bool = False
    engine_runs: list[int] = field(default_factory=list)
    fresh: Freshness = Freshness(0.2)
    failure: str = ""
    """What commands fail with."""
    wishes: list[View] = field(default_factory=list)
    sent: list[tuple[str, int | None, dict[str, Any]]] = field(default_factory=list)
    launching: Any = None
    is_stopped: bool = False
    reports: dict[str | None, Report] = field(default_factory=lambda: some_reports())
    """Field → statistics of it; under None those of the first field."""
    statistics_error: str = ""
    reviewer: Any = None
    """The door to decisions of a real database, for the tests of the review screen."""
    door: ReviewDoor | None = None
    desk: FakeDesk = field(default_factory=lambda: FakeDesk())
    listener: Callable[[], None] | None = None
    _answer: Snapshot | None = None
    _asked: tuple[int, View] | None = None

    @property
    def busy(self) -> str:
        is_launching = self.launching is not None and self.launching.is_launching
        return "a launch is under way" if is_launching else ""

    @property
    def can_command(self) -> bool:
        return not self.refusal

    def running(self) -> list[int]:
        return list(self.engine_runs)

    def want(self, view: View) -> None:
        is_other = not self.wishes or self.wishes[-1] != view
        self.wishes.append(view)
        if is_other and self.listener is not None:
            self.listener()

    def on_news(self, listener: Callable[[], None] | None) -> None:
        self.listener = listener

    def freshness(self) -> Freshness:
        return self.fresh

    def latest(self) -> Snapshot | None:
        if self.world is None:
            return None
        asked = (id(self.world), self.wishes[-1] if self.wishes else View())
        if asked != self._asked:
            self._asked = asked
            version = self._answer.version + 1 if self._answer else 1
            self._answer = answered(self.world, asked[1], version)
        return self._answer

    def send(self, kind: str, run_id: int | None, args: dict[str, Any]) -> Future[str]:
        self.sent.append((kind, run_id, args))
        future: Future[str] = Future()
        if self.failure:
            future.set_exception(StateError(self.failure, "Ask again later."))
        else:
            future.set_result(f"Run {run_id} takes no new workers.")
        return future

    def count_units(self, run_id: int, selection: Selection) -> Future[dict[str, int]]:
        units = self.world.units if self.world is not None else ()
        meant = [row.status for row in units if (row.id in selection.keys) != selection.is_all]
        future: Future[dict[str, int]] = Future()
        future.set_result(dict(Counter(meant)))
        return future

    def keys_in_order(self, name: str, run_id: int | None, window: Window) -> Future[list[int]]:
        rows = getattr(self.world, name) if self.world is not None else ()
        found, _total = _window(rows, replace(window, offset=0, limit=len(rows)))
        future: Future[list[int]] = Future()
        future.set_result([row.worker_id if name == "everybody" else row.id for row in found])
        return future

    def statistics(self, asked: Asked) -> Report | None:
        return self.reports.get(asked.field, self.reports.get(None)) if self.reports else None

    def review(self) -> Any:
        if self.door is None and self.reviewer is not None:
            self.door = ReviewDoor(self.reviewer)
        return self.door

    def at_desk(self, work: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(self.desk))
        except StateError as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        self.is_stopped = True


def answered(world: Snapshot, view: View, version: int) -> Snapshot:
    """The world through a view."""
    runs, runs_total = _window(world.runs, view.runs)
    changes: dict[str, Any] = {"runs": runs, "runs_total": max(runs_total, 0)}
    run = next((run for run in world.runs if run.id == view.run_id), None)
    if run is None:
        lists: dict[str, Sequence[Any]] = {"units": (), "agents": (), "workers": ()}
    else:
        lists = {"units": world.units, "agents": world.agents, "workers": world.workers}
    for name, rows in lists.items():
        shown, total = _window(rows, getattr(view, name))
        is_whole = not getattr(view, name).text and not getattr(view, name).status
        if rows and is_whole:
            total = max(total, getattr(world, f"{name}_total"))
        changes |= {name: shown, f"{name}_total": total}
    if view.everybody is not None:
        shown, total = _window(world.everybody, view.everybody)
        changes |= {"everybody": shown, "everybody_total": total}
    is_hostile = world.config == HOSTILE
    detail = None if view.subject is None else a_detail(view.subject, is_hostile=is_hostile)
    if world.detail is not None and type(world.detail) is type(detail):
        detail = world.detail
    changes["live_runs"] = sum(run.status in LIVE_RUN for run in world.runs)
    changes["to_review"] = sum(run.to_review for run in world.runs)
    return replace(world, version=version, view=view, run=run, detail=detail, **changes)


def _window(rows: Sequence[Any], window: Window) -> tuple[tuple[Any, ...], int]:
    found = [row for row in rows if _matches(row, window)]
    if window.sort:
        found.sort(key=lambda row: getattr(row, window.sort) or 0, reverse=window.is_descending)
    elif not window.is_descending:
        found.reverse()
    return tuple(found[window.offset : window.offset + window.limit]), len(found)


def _matches(row: Any, window: Window) -> bool:
    if window.status and row.status != window.status:
        return False
    if not window.text:
        return True
    names = ("task_name", "provider_type", "worker_name", "preview", "name", "id", "status")
    text = " ".join(str(getattr(row, name, "")) for name in names)
    return text_matches(text, window.text, is_fuzzy=window.is_fuzzy) != window.is_inverse
