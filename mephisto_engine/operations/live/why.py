"""Why a worker can or cannot get a unit of a run now, line by line, from the database alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mephisto_engine.abstractions.qualifications import Requirement
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config import LaunchConfig, launch_config_from_dict
from mephisto_engine.data_model import Lease
from mephisto_engine.data_model.records import RunRecord, WorkerRecord
from mephisto_engine.data_model.status import RunStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.agents import Standing
from mephisto_engine.database.queries import activity, runs, workers
from mephisto_engine.database.queries.journal import RefusalRow, last_refusals
from mephisto_engine.errors import ConfigError
from mephisto_engine.operations.live.before_units import words_before_units
from mephisto_engine.operations.live.eligibility import Check, checks
from mephisto_engine.operations.runs.run_lease import is_driven

SHOWN_REFUSALS: Final = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that decides, or that helps to understand."""

    name: str
    """What it is about: `run`, `engine`, `requirement`, `units` …"""
    is_met: bool | None
    """None: said for information, it decides nothing here."""
    text: str
    reason: str = ""
    """If it is not met: what the journal calls a refusal for it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one worker and one run that decides whether they get a unit."""

    worker: WorkerRecord
    run_id: int
    lines: tuple[Line, ...]
    refusals: tuple[RefusalRow, ...]
    """The last times when the worker was turned away, newest first."""

    @property
    def reason(self) -> str:
        """The first thing that keeps the worker out; empty if nothing is known to."""
        return next((line.reason for line in self.lines if line.is_met is False), "")


@dataclass(frozen=True)
class _Asked:
    """What a run asks of its workers, as far as its stored config says."""

    requirements: tuple[Requirement, ...]
    maximum_units_per_worker: int
    allowed_concurrent: int
    notes: tuple[str, ...]
    """What could not be looked at."""
    before_units: tuple[Line, ...] = ()
    """Onboarding, screening, gold units."""


@dataclass(frozen=True)
class _Facts:
    """What the database holds, read in one consistent view."""

    worker: WorkerRecord
    run: RunRecord
    config: dict[str, Any]
    status_reason: str
    lease: Lease | None
    block: tuple[datetime, str] | None
    live_units: int
    used_units: int
    special: dict[int, int]
    """Place of screening and gold units → how many of them are paid, or will be."""
    units: dict[str, int]
    """Unit status → number."""
    on_offer: int
    new_to_worker: int
    at_work: tuple[workers.LiveAgentRow, ...]
    refusals: tuple[RefusalRow, ...]


def explain(db: MephistoDB, registry: Registry, worker: str | int, run_id: int) -> Explanation:
    """Explain whether a worker could get a unit of a run now. Changes nothing.

    The task's code file is imported, because the requirements may be in it.

    Args:
        db: the open database.
        registry: where the run's plugins come from.
        worker: as a person names them: name, ``PROVIDER/NAME`` or id; or the id itself.
        run_id: which run; it need not be live here, or at all.

    Raises:
        NotFoundError: there is no such worker or run.
        StateError: several workers have that name.
    """
    facts = db.read(_read, worker, run_id)
    asked = _asked(facts, registry)
    lines = tuple(_lines(facts, asked, is_driven(db, run_id)))
    return Explanation(facts.worker, run_id, lines, facts.refusals)


def _read(who: str | int, run_id: int) -> _Facts:
    row = runs.find_run(run_id)
    worker = workers.find_worker(who) if isinstance(who, str) else workers.worker_record(who)
    live, used = workers.units_used(run_id, worker.id)
    on_offer, new = workers.units_on_offer(run_id, worker.id)
    return _Facts(
        worker=worker,
        run=runs.run_record(run_id),
        config=row.config,
        status_reason=row.status_reason or "",
        lease=runs.lease_of(run_id),
        block=workers.block_of(worker.id),
        live_units=live,
        used_units=used,
        special=workers.special_units_used(run_id),
        units={status: number for _, status, number in activity.unit_counts([run_id])},
        on_offer=on_offer,
        new_to_worker=new,
        at_work=tuple(workers.live_agents(run_id, worker.id)),
        refusals=tuple(last_refusals(run_id, worker.id, SHOWN_REFUSALS)),
    )


def _asked(facts: _Facts, registry: Registry) -> _Asked:
    """Limits are in the stored config as they are; requirements have to be built from it."""
    task = _node(_node(facts.config, "mephisto"), "task")
    notes: list[str] = []
    requirements: tuple[Requirement, ...] = ()
    before: tuple[Line, ...] = ()
    try:
        config = launch_config_from_dict(facts.config, registry, is_only_read=True)
        requirements = _requirements(config, facts.run, registry)
        notes += _unstored(config)
        words = words_before_units(
            config.blueprint_args, config.shared_state, facts.worker, facts.special
        )
        before = tuple(Line(*item) for item in words)
    except ConfigError as error:
        notes.append(f"its config can no longer be loaded: {error.problems[0]}")
    except Exception as error:  # a plugin may raise anything
        notes.append(f"its plugins can no longer be asked: {type(error).__name__}: {error}")
    return _Asked(
        requirements,
        int(task.get("maximum_units_per_worker") or 0),
        int(task.get("allowed_concurrent") or 0),
        tuple(notes),
        before,
    )


def _requirements(
    config: LaunchConfig, run: RunRecord, registry: Registry
) -> tuple[Requirement, ...]:
    """The operator's and those that follow from the blueprint's options, as in a `Job`."""
    blueprint_class = registry.load(PluginKind.BLUEPRINT, config.blueprint_type)
    blueprint = blueprint_class(config.blueprint_args, config.shared_state, run)
    return (*config.requirements, *blueprint.get_required_qualifications())


def _unstored(config: LaunchConfig) -> Iterator[str]:
    if config.shared_state.worker_can_do_unit is not None:
        yield "the task's worker_can_do_unit has a say for each unit; it is not called here"
    if not config.task.code:
        yield "requirements that a launching script passed are not stored with the run"


def _lines(facts: _Facts, asked: _Asked, is_driven_now: bool) -> Iterator[Line]:
    is_paused = facts.run.status == RunStatus.PAUSED
    is_open = is_paused or facts.run.status == RunStatus.LIVE
    standing = Standing(facts.worker, facts.live_units, facts.used_units)
    of_door = list(checks(is_open, is_paused, asked, standing))
    yield next(
        (_said(check, facts) for check in of_door[:2] if not check.is_passed),
        _said(of_door[0], facts),
    )
    yield _engine(facts, is_driven_now)
    yield _provider(facts)
    yield from (_said(check, facts) for check in of_door[1:] if check.reason != "paused")
    yield from asked.before_units
    yield from (Line("not known", None, note) for note in asked.notes)
    yield _units(facts)
    for agent in facts.at_work:
        text = f"agent {agent.agent_id} is on unit {agent.unit_id} ({agent.status})"
        yield Line("at work", None, text)


def _said(check: Check, facts: _Facts) -> Line:
    """A check of the door in words."""
    match check.reason:
        case "closed" | "paused":
            name, text = "run", _run_text(facts)
        case "blocked":
            name, text = "worker", _block_text(facts)
        case "not_qualified":
            name, text = "requirement", _held_text(check.requirement, facts.worker)
        case "maximum_units_per_worker":
            name = check.reason
            text = f"has {check.count} of {check.limit} over all runs of the task"
        case _:
            name = check.reason
            text = f"is on {check.count} of {check.limit} at a time"
    return Line(name, check.is_passed, text, "" if check.is_passed else check.reason)


def _run_text(facts: _Facts) -> str:
    run = facts.run
    reason = f": {facts.status_reason}" if facts.status_reason else ""
    return f"run {run.id} ({run.task_name}) is {run.status}{reason}"


def _block_text(facts: _Facts) -> str:
    if facts.block is None:
        return f"{facts.worker.name} is not blocked"
    at, reason = facts.block
    because = f": {reason}" if reason else ""
    return f"{facts.worker.name} is blocked since {at:%Y-%m-%d %H:%M} UTC{because}"


def _held_text(requirement: Requirement | None, worker: WorkerRecord) -> str:
    if requirement is None:
        return ""
    providers = requirement.applicable_providers
    if providers and worker.provider_type not in providers:
        return f"{requirement}: asked on {', '.join(providers)} only"
    held = worker.qualifications.get(requirement.qualification_name)
    return f"{requirement}: {'not held' if held is None else f'holds {held}'}"


def _engine(facts: _Facts, is_alive: bool) -> Line:
    lease = facts.lease
    if lease is not None and is_alive:
        return Line("engine", True, f"process {lease.pid} on {lease.host} drives the run")
    return Line("engine", False, "no engine drives the run", "no_engine")


def _provider(facts: _Facts) -> Line:
    own, other = facts.worker.provider_type, facts.run.provider_type
    if own == other:
        return Line("provider", True, f"{own}, as the run's")
    text = f"known on {own}; the run's workers come from {other}"
    return Line("provider", False, text, "other_provider")


def _units(facts: _Facts) -> Line:
    """Whether there is a unit to be had; why there is none is seen from the rest of the numbers."""
    waiting = facts.units.get(UnitStatus.CREATED, 0)
    taken = facts.units.get(UnitStatus.ASSIGNED, 0)
    text = (
        f"{facts.on_offer} on offer, {facts.new_to_worker} of them new to this worker; "
        f"{taken} being worked on, {waiting} not published yet"
    )
    reason = "all_seen" if facts.on_offer else "no_units"
    return Line("units", facts.new_to_worker > 0, text, "" if facts.new_to_worker else reason)


def _node(tree: Any, key: str) -> Mapping[str, Any]:
    found = tree.get(key) if isinstance(tree, Mapping) else None
    return found if isinstance(found, Mapping) else {}
