"""What belongs to a set of units and is no unit: payments, qualifications, notes and the like.

Each query gives its rows as tuples, one at a time, in an order that is always the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from mephisto_engine.data_model import (
    Agent,
    AgentMetadata,
    GrantedQualification,
    Intent,
    Judgement,
    OnboardingAgent,
    Qualification,
    Submission,
    Unit,
    Worker,
    WorkerNote,
)
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.queries.answers import Selection, among, chosen, id_list

Rows = Iterator[tuple[Any, ...]]

_HOLDS = Agent.status.in_(sorted(HOLDING_AGENT))


@dataclass(frozen=True)
class Scope:
    """Which rows beside the units are meant."""

    selection: Selection
    has_all_of_runs: bool
    """Also rows of the runs that belong to none of the selected units."""

    @property
    def of_units(self) -> Any:
        """The condition on units that rows belong to."""
        if not self.has_all_of_runs:
            return chosen(self.selection)
        where = Unit.task_run.in_(self.selection.runs)
        if self.selection.without_indexes:
            where &= Unit.unit_index.not_in(sorted(self.selection.without_indexes))
        return where

    @property
    def workers(self) -> Any:
        """Query for the ids of the workers that are in the dataset."""
        holders = Agent.select(Agent.worker).join(Unit)
        if not self.has_all_of_runs:
            return holders.where(_HOLDS & chosen(self.selection))
        newcomers = OnboardingAgent.select(OnboardingAgent.worker).where(
            OnboardingAgent.task_run.in_(self.selection.runs)
        )
        return holders.where(self.of_units) | newcomers


def other_agents(scope: Scope) -> array[int]:
    """Ids of agents that do not hold their unit any more, those of an assignment together."""
    query = Agent.select(Agent.id).join(Unit).where(scope.of_units & ~_HOLDS)
    rows = in_use.stream(query.order_by(Agent.assignment, Agent.id))
    return array("q", (row[0] for row in rows))


def ends_of_agents(ids: Sequence[int]) -> dict[int, tuple[int, int | None]]:
    """Agent → when it got its status, and when a late answer came, in milliseconds."""
    query = (
        Agent.select(Agent.id, Agent.status_at, Submission.received_at)
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .where(among(Agent.id, id_list(ids)))
    )
    return {agent: (ended, received) for agent, ended, received in in_use.stream(query)}


def worker_names(run_ids: Sequence[int]) -> Rows:
    """``(provider type, name)`` of everybody who came to some runs."""
    runs = list(run_ids)
    came = Agent.select(Agent.worker).where(Agent.task_run.in_(runs)) | OnboardingAgent.select(
        OnboardingAgent.worker
    ).where(OnboardingAgent.task_run.in_(runs))
    query = Worker.select(Worker.provider_type, Worker.name).where(Worker.id.in_(came))
    return in_use.stream(query.order_by(Worker.id))


def intents(scope: Scope) -> Rows:
    """Payments and other calls to a provider."""
    query = (
        Intent.select(
            Worker.provider_type,
            Worker.name,
            Intent.id,
            Intent.task_run,
            Intent.unit,
            Intent.kind,
            Intent.amount_cents,
            Intent.fee_cents,
            Intent.status,
            Intent.attempts,
            Intent.provider_ref,
            Intent.reason,
            Intent.error,
            Intent.created_at,
            Intent.status_at,
        )
        .join(Unit, JOIN.LEFT_OUTER, on=(Intent.unit == Unit.id))
        .switch(Intent)
        .join(Worker, JOIN.LEFT_OUTER, on=(Intent.worker == Worker.id))
    )
    where = scope.of_units
    if scope.has_all_of_runs:
        where |= Intent.unit.is_null() & Intent.task_run.in_(scope.selection.runs)
    return in_use.stream(query.where(where).order_by(Intent.id))


def qualifications(scope: Scope) -> Rows:
    """What the workers of the dataset hold."""
    query = (
        GrantedQualification.select(
            Worker.provider_type,
            Worker.name,
            Qualification.name,
            Qualification.description,
            GrantedQualification.value,
            GrantedQualification.granted_at,
            GrantedQualification.updated_at,
        )
        .join(Worker)
        .switch(GrantedQualification)
        .join(Qualification)
    )
    where = Worker.id.in_(scope.workers)
    return in_use.stream(query.where(where).order_by(Worker.id, Qualification.id))


def notes(scope: Scope) -> Rows:
    """What operators noted of the workers of the dataset."""
    query = WorkerNote.select(
        Worker.provider_type,
        Worker.name,
        WorkerNote.text,
        WorkerNote.written_by,
        WorkerNote.created_at,
    ).join(Worker)
    return in_use.stream(query.where(Worker.id.in_(scope.workers)).order_by(WorkerNote.id))


def page_metadata(scope: Scope) -> Rows:
    """What pages sent beside answers, as JSON text."""
    query = (
        AgentMetadata.select(
            Worker.provider_type,
            Worker.name,
            Agent.id,
            Agent.unit,
            Agent.task_run,
            AgentMetadata.received_at,
            AgentMetadata.body,
        )
        .join(Agent)
        .join(Unit, on=(Agent.unit == Unit.id))
        .switch(Agent)
        .join(Worker, on=(Agent.worker == Worker.id))
    )
    where = scope.of_units if scope.has_all_of_runs else scope.of_units & _HOLDS
    return in_use.stream(query.where(where).order_by(AgentMetadata.id))


def onboardings(scope: Scope) -> Rows:
    """Answers to the qualifying tasks of the runs, as JSON text."""
    query = OnboardingAgent.select(
        Worker.provider_type,
        Worker.name,
        OnboardingAgent.id,
        OnboardingAgent.task_run,
        OnboardingAgent.status,
        OnboardingAgent.created_at,
        OnboardingAgent.status_at,
        OnboardingAgent.answer,
    ).join(Worker)
    where = OnboardingAgent.task_run.in_(scope.selection.runs)
    if not scope.has_all_of_runs:
        where &= OnboardingAgent.worker.in_(scope.workers)
    return in_use.stream(query.where(where).order_by(OnboardingAgent.id))


def gold_results(scope: Scope) -> Rows:
    """What was said of screening and gold units among the selected ones."""
    query = (
        Judgement.select(
            Worker.provider_type,
            Worker.name,
            Unit.id,
            Unit.assignment,
            Unit.task_run,
            Unit.unit_index,
            Judgement.is_right,
            Judgement.expected,
            Judgement.judged_at,
        )
        .join(Unit)
        .join(Worker, JOIN.LEFT_OUTER, on=(Unit.worker == Worker.id))
    )
    is_special = (Unit.unit_index < 0) | Judgement.is_right.is_null(False)
    where = chosen(scope.selection) & is_special
    return in_use.stream(query.where(where).order_by(Unit.id))
