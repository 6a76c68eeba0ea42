"""Answers around one answer: a worker's own, those to the same item, and those that came near it.

What is read is bounded whatever a run holds, so that it can be read each time a unit is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from peewee import fn

from mephisto_engine.data_model import Agent, Assignment, Submission, Unit
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.compiled import Compiled, param, unindexed

MOST_OWN: Final = 20
MOST_OF_ITEM: Final = 20
NEAR: Final = 30
"""Answers, before and after, among which those of the same run are neighbours."""
LONGEST: Final = 20_000
"""Characters of an answer; a longer one is left out."""
MOST_CHARACTERS: Final = 100_000
"""Of all answers together; what comes after that is left out."""


class Neighbour(NamedTuple):
    """An answer of the same run."""

    unit_id: int
    item_index: int
    worker_id: int
    begun_ms: int
    submitted_ms: int | None
    body: str
    """JSON text."""


def neighbours(agent_id: int) -> list[Neighbour]:
    """Answers around that of an agent, in the order of their coming; the agent's own is the last.

    Of its worker's own answers there are those that came before. Nothing at all if it has handed
    in nothing, or something very long.
    """
    places = _AGENT.fetch(agent=agent_id)
    if not places:
        return []
    submission, run, worker, assignment = places[0]
    found: dict[int, Neighbour] = {}
    room = MOST_CHARACTERS
    for number, *row in _around(agent_id, submission, run, worker, assignment):
        size = len(row[-1])
        if size <= min(LONGEST, room) and number not in found:
            found[number] = Neighbour(*row)
            room -= size
    own = found.pop(submission, None)
    return [] if own is None else [*(found[number] for number in sorted(found)), own]


def _around(
    agent: int, submission: int, run: int, worker: int, assignment: int
) -> Iterator[tuple[Any, ...]]:
    """The most telling ones first."""
    yield from _OWN.fetch(agent=agent, run=run, worker=worker)
    yield from _OF_ITEM.fetch(assignment=assignment, worker=worker)
    near = {"first": submission - NEAR, "last": submission + NEAR}
    yield from _NEAR.fetch(run=run, worker=worker, **near)


def _answers() -> Any:
    body = fn.SUBSTR(Submission.body, 1, LONGEST + 1)
    return (
        Submission.select(
            Submission.id,
            Agent.unit,
            Assignment.item_index,
            Agent.worker,
            Agent.created_at,
            Agent.submitted_at,
            body,
        )
        .join(Agent)
        .join(Assignment)
        .where(Agent.status.in_(sorted(HOLDING_AGENT)) & ~Submission.is_late)
    )


_AGENT = Compiled(
    lambda: (
        Submission.select(Submission.id, Agent.task_run, Agent.worker, Agent.assignment)
        .join(Agent)
        .where(Submission.agent == param("agent"))
    )
)
_OWN = Compiled(
    lambda: (
        _answers()
        .where(
            (Agent.worker == param("worker"))
            & (unindexed(Agent.task_run) == param("run"))
            & (Agent.id <= param("agent"))
        )
        .order_by(Agent.id.desc())
        .limit(MOST_OWN + 1)
    )
)
_OF_ITEM = Compiled(
    lambda: (
        _answers()
        .where(
            Agent.unit.in_(Unit.select(Unit.id).where(Unit.assignment == param("assignment")))
            & (Agent.worker != param("worker"))
        )
        .order_by(Agent.id)
        .limit(MOST_OF_ITEM)
    )
)
_NEAR = Compiled(
    lambda: (
        _answers()
        .where(
            Submission.id.between(param("first"), param("last"))
            & (unindexed(Agent.task_run) == param("run"))
            & (Agent.worker != param("worker"))
        )
        .order_by(Submission.id)
    )
)
