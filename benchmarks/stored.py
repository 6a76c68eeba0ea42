"""What a database holds after a benchmark, read as anybody else would read it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peewee import fn

from mephisto_engine.data_model import Agent, Submission, Unit
from mephisto_engine.data_model.status import HOLDING_AGENT, UnitStatus
from mephisto_engine.database import MephistoDB


def missing_answers(home: Path, tokens: Iterable[str]) -> int:
    """How many of these agents have no stored answer on a completed unit."""
    with MephistoDB.open(home=home) as db:
        return len(set(tokens) - db.read(_stored_tokens))


def workers_with_two_units(home: Path) -> int:
    """Workers that hold more than one unit, where each was to have one."""
    with MephistoDB.open(home=home) as db:
        return int(db.read(_greedy_workers))


def _stored_tokens() -> set[str]:
    query: Any = (
        Submission.select(Agent.token)
        .join(Agent)
        .join(Unit)
        .where(Unit.status == UnitStatus.COMPLETED)
    )
    return {token for (token,) in query.tuples()}


def _greedy_workers() -> int:
    greedy = (
        Agent.select(Agent.worker)
        .where(Agent.status.in_(sorted(HOLDING_AGENT)))
        .group_by(Agent.worker)
        .having(fn.COUNT(Agent.id) > 1)
    )
    return int(greedy.count())
