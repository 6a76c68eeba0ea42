"""What must be true of the stored data at every moment, each as a query over the database.

The numbers are those of the project's list of invariants. Rows are read one at a time; only the
replay of the journal keeps a status for each row that has one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson
from peewee import JOIN, Query, fn

from mephisto_engine.data_model import Agent, Decision, Event, Intent, Submission, TaskRun, Unit
from mephisto_engine.data_model.status import (
    DONE_UNIT,
    HOLDING_AGENT,
    LIVE_AGENT,
    RESERVING_INTENT,
    DecisionStatus,
    IntentStatus,
    UnitStatus,
)
from mephisto_engine.data_model.units import COMPENSATION_INDEX
from mephisto_engine.database import MephistoDB, ledger
from mephisto_engine.database.compiled import Compiled
from mephisto_engine.operations.checks.findings import Faults, Finding
from mephisto_engine.operations.checks.replay import Replay

Stream = Callable[[Query], Iterator[tuple[Any, ...]]]
"""Runs a query and gives its rows, as they are stored, one after the other."""

Check = Callable[[Stream], Iterator[str]]
"""Yields every violation of one promise, in words."""

ACCEPT_KINDS: Final = ("accept", "approve")
"""Kinds of intent that pay for a unit's answer."""

_UNDER_WAY: Final = sorted(RESERVING_INTENT - {IntentStatus.CONFIRMED})
_DONE_AGENT: Final = HOLDING_AGENT - LIVE_AGENT
_HINT: Final = (
    "Stop the runs, keep a copy of the database as it is, and report this with the copy's journal."
)


def check_invariants(db: MephistoDB) -> list[Finding]:
    """Whether the stored data keep every promise, in one consistent view of the database.

    Raises:
        StorageError: the database cannot be read.
    """
    return db.read(invariant_findings, db.stream)


def invariant_findings(stream: Stream) -> list[Finding]:
    """One finding for each invariant that the database alone can show."""
    found = [_finding(name, promise, check(stream)) for name, promise, check in _CHECKS]
    replay = Replay()
    replay.run(stream)
    moves = _as_finding(
        "I6 status moves", "the journal, played again, gives every status", replay.moves
    )
    chain = _as_finding("I10 journal", "every event is there and unchanged", replay.chain)
    return [*found, moves, chain]


def _finding(name: str, promise: str, violations: Iterator[str]) -> Finding:
    faults = Faults()
    for text in violations:
        faults.add(text)
    return _as_finding(name, promise, faults)


def _as_finding(name: str, promise: str, faults: Faults) -> Finding:
    if faults.number:
        return Finding(name, "error", str(faults), _HINT)
    return Finding(name, "ok", promise)


def _answers(stream: Stream) -> Iterator[str]:
    """I1: each answer is as it was received, one an agent, and whoever is done has one."""
    for agent, body, digest in stream(
        Submission.select(Submission.agent, Submission.body, Submission.sha256)
    ):
        if hashlib.sha256(body.encode()).hexdigest() != digest:
            yield f"the answer of agent {agent} is not the one that was received"
    for agent, number in stream(
        Submission.select(Submission.agent, fn.COUNT(Submission.id))
        .group_by(Submission.agent)
        .having(fn.COUNT(Submission.id) > 1)
    ):
        yield f"agent {agent} has {number} answers"
    for agent, status, is_late in stream(
        Agent.select(Agent.id, Agent.status, Submission.is_late)
        .join(Submission, JOIN.LEFT_OUTER)
        .where(Agent.status.in_(sorted(_DONE_AGENT)) | (Submission.is_late == 0))
    ):
        if is_late is None:
            yield f"agent {agent} is {status} and has no answer"
        elif is_late and status in _DONE_AGENT:
            yield f"agent {agent} is {status} by an answer that came late"
        elif status not in _DONE_AGENT:
            yield f"agent {agent} is {status} and has an answer that was in time"


def _never_twice(stream: Stream) -> Iterator[str]:
    """I2: no worker is on, or has done, two units of one assignment."""
    for assignment, worker, number in stream(
        Agent.select(Agent.assignment, Agent.worker, fn.COUNT(Agent.id))
        .where(Agent.status.in_(sorted(HOLDING_AGENT)))
        .group_by(Agent.assignment, Agent.worker)
        .having(fn.COUNT(Agent.id) > 1)
    ):
        yield f"worker {worker} has {number} units of assignment {assignment}"
    for (agent,) in stream(
        Agent.select(Agent.id)
        .join(Unit)
        .where((Agent.assignment != Unit.assignment) | (Agent.task_run != Unit.task_run))
    ):
        yield f"agent {agent} is filed under another assignment or run than its unit"


def _one_worker_a_unit(stream: Stream) -> Iterator[str]:
    """I3: at most one agent holds a unit, and the unit says the same as that agent."""
    holds = (Agent.unit == Unit.id) & Agent.status.in_(sorted(HOLDING_AGENT))
    is_worked_on = Unit.unit_index != COMPENSATION_INDEX
    for unit, status, worker, number, agent_status, agent_worker in stream(
        Unit.select(
            Unit.id,
            Unit.status,
            Unit.worker,
            fn.COUNT(Agent.id),
            fn.MAX(Agent.status),
            fn.MAX(Agent.worker),
        )
        .join(Agent, JOIN.LEFT_OUTER, on=holds)
        .where(is_worked_on)
        .group_by(Unit.id)
    ):
        wanted = _holders_of(status)
        if number > 1:
            yield f"unit {unit} is held by {number} agents"
        elif (wanted is None) is not (agent_status is None):
            yield f"unit {unit} is {status} and {'an' if number else 'no'} agent holds it"
        elif wanted is not None and agent_status not in wanted:
            yield f"unit {unit} is {status} and its agent is {agent_status}"
        elif number and worker != agent_worker:
            yield f"unit {unit} names worker {worker} and its agent worker {agent_worker}"


def _holders_of(unit_status: str) -> frozenset[str] | None:
    """What the agent of such a unit may be; None for a unit that nobody holds."""
    if unit_status == UnitStatus.ASSIGNED:
        return LIVE_AGENT
    return _DONE_AGENT if unit_status in DONE_UNIT else None


def _paid_once(stream: Stream) -> Iterator[str]:
    """I4: a call to the outside was confirmed at most once a key, a unit paid at most once.

    What was confirmed has led to what it was for, and what was sent has been confirmed.
    """
    yield from _confirmed_twice(stream)
    yield from _half_settled(stream)


def _confirmed_twice(stream: Stream) -> Iterator[str]:
    confirmed = Intent.status == IntentStatus.CONFIRMED
    for key, number in stream(
        Intent.select(Intent.key, fn.COUNT(Intent.id))
        .where(confirmed)
        .group_by(Intent.key)
        .having(fn.COUNT(Intent.id) > 1)
    ):
        yield f"the key {key!r} was confirmed {number} times"
    for unit, number in stream(
        Intent.select(Intent.unit, fn.COUNT(Intent.id))
        .where(confirmed & Intent.kind.in_(ACCEPT_KINDS) & Intent.unit.is_null(False))
        .group_by(Intent.unit)
        .having(fn.COUNT(Intent.id) > 1)
    ):
        yield f"unit {unit} was paid {number} times"


def _half_settled(stream: Stream) -> Iterator[str]:
    for unit, status in stream(
        Unit.select(Unit.id, Unit.status)
        .join(Intent)
        .where(
            (Intent.status == IntentStatus.CONFIRMED)
            & Intent.kind.in_(ACCEPT_KINDS)
            & Unit.status.not_in([UnitStatus.ACCEPTED, UnitStatus.SOFT_REJECTED])
        )
    ):
        yield f"unit {unit} was paid and is {status}"
    for decision, status in stream(
        Decision.select(Decision.id, Intent.status)
        .join(Intent)
        .where((Decision.status == DecisionStatus.SENT) & Intent.status.in_(_UNDER_WAY))
    ):
        yield f"decision {decision} counts as sent, and one of its calls is {status}"


def _budget(stream: Stream) -> Iterator[str]:
    """I5: what is published, promised and paid, fees included, is within every budget."""

    def rows(query: Compiled, **values: Any) -> list[tuple[Any, ...]]:
        return query.fetch(**values)

    for (run,) in list(stream(TaskRun.select(TaskRun.id).order_by(TaskRun.id))):
        for cap in ledger.caps_of(rows, run):
            if cap.free_cents < 0:
                yield f"{cap.owner} costs {cap.worst_cents} cents, may cost {cap.budget_cents}"


def _limits(stream: Stream) -> Iterator[str]:
    """I9: nobody is on, or was let into, more units than the run's config allows."""
    former = _former_limits(stream)
    for run, task, config in list(stream(TaskRun.select(TaskRun.id, TaskRun.task, TaskRun.config))):
        concurrent, most = _loosest([_limits_of(config), *former.get(run, [])])
        if concurrent:
            yield from _too_many_at_once(stream, run, concurrent)
        if most:
            yield from _too_many_in_all(stream, run, task, most)


LIMITS: Final = ("allowed_concurrent", "maximum_units_per_worker")


def _limits_of(config: str) -> tuple[int, int]:
    """``allowed_concurrent`` and ``maximum_units_per_worker`` of a run; 0 is no limit."""
    task = orjson.loads(config).get("mephisto", {}).get("task", {})
    return task.get("allowed_concurrent", 0), task.get("maximum_units_per_worker", 0)


def _former_limits(stream: Stream) -> dict[int, list[tuple[int, int]]]:
    """Run → limits that held before an operator has changed them."""
    former: dict[int, list[tuple[int, int]]] = {}
    changes = Event.select(Event.task_run, Event.data).where(Event.kind == "run.changed")
    for run, data in stream(changes.order_by(Event.id)):
        before = orjson.loads(data)["before"]
        limits = tuple(before.get(name, -1) for name in LIMITS)
        former.setdefault(run, []).append((limits[0], limits[1]))
    return former


def _loosest(limits: list[tuple[int, int]]) -> tuple[int, int]:
    """The most that was ever allowed; 0 is no limit, and -1 says nothing."""
    by_kind = list(zip(*limits, strict=True))
    loosest = [0 if 0 in values else max(values) for values in by_kind]
    return loosest[0], loosest[1]


def _too_many_at_once(stream: Stream, run: int, limit: int) -> Iterator[str]:
    for worker, number in stream(
        Agent.select(Agent.worker, fn.COUNT(Agent.id))
        .where((Agent.task_run == run) & Agent.status.in_(sorted(LIVE_AGENT)))
        .group_by(Agent.worker)
        .having(fn.COUNT(Agent.id) > limit)
    ):
        yield f"worker {worker} is on {number} units of run {run} at once; {limit} are allowed"


def _too_many_in_all(stream: Stream, run: int, task: int, limit: int) -> Iterator[str]:
    """Counted up to the worker's last unit in this run: a later run may have allowed more."""
    holding = Agent.status.in_(sorted(HOLDING_AGENT))
    last = (
        Agent.select(Agent.worker, fn.MAX(Agent.id).alias("last"))
        .where((Agent.task_run == run) & holding)
        .group_by(Agent.worker)
    )
    for worker, number in stream(
        Agent.select(Agent.worker, fn.COUNT(Agent.id))
        .join(TaskRun)
        .switch(Agent)
        .join(last, on=(Agent.worker == last.c.worker_id) & (Agent.id <= last.c.last))
        .where((TaskRun.task == task) & holding)
        .group_by(Agent.worker)
        .having(fn.COUNT(Agent.id) > limit)
    ):
        yield f"worker {worker} had {number} units by their last one in run {run}; not over {limit}"


_CHECKS: Final[tuple[tuple[str, str, Check], ...]] = (
    ("I1 answers", "every answer is stored once, as it was received", _answers),
    ("I2 never twice", "nobody has two units of one assignment", _never_twice),
    ("I3 one worker a unit", "units and agents agree on who holds what", _one_worker_a_unit),
    ("I4 paid once", "no unit is paid twice", _paid_once),
    ("I5 budget", "no run and no project costs more than its budget", _budget),
    ("I9 limits", "nobody has more units than allowed", _limits),
)
