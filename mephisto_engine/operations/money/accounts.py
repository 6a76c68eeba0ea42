"""What became of the money of a run or project, with what only the provider's plugin can say."""

from __future__ import annotations

from collections.abc import Sequence

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import money as queries
from mephisto_engine.database.queries.money import Money
from mephisto_engine.errors import MephistoError
from mephisto_engine.operations.money.fees import fees_of_run
from mephisto_engine.operations.runs.run_lease import HEARD_SECONDS, is_driven


def money_of_run(db: MephistoDB, registry: Registry, run_id: int) -> Money:
    """What became of a run's money, fees on staged bonuses included. Blocks.

    Raises:
        NotFoundError: there is no such run.
    """
    money = db.read(queries.money_of_run, run_id)
    if money.staged:
        money.staged_fees = _staged_fees(db, registry, run_id)
    return money


def money_of_project(db: MephistoDB, registry: Registry, name: str) -> Money:
    """The same for all runs of a project together. Blocks.

    Raises:
        NotFoundError: there is no such project.
    """
    budget, run_ids = db.read(queries.runs_of_project, name)
    whole = Money(budget)
    for run_id in run_ids:
        whole.add(money_of_run(db, registry, run_id))
    return whole


def held_back_runs(db: MephistoDB, run_ids: Sequence[int]) -> dict[int, str]:
    """Which of these runs an engine drives and a budget holds back, and whose it is. Blocks."""
    owners = db.read(queries.owners_of_budgets, run_ids)
    return {
        run_id: owner for run_id, owner in owners.items() if is_driven(db, run_id, HEARD_SECONDS)
    }


def _staged_fees(db: MephistoDB, registry: Registry, run_id: int) -> int | None:
    """None where the provider's plugin is gone: what is stored is shown all the same."""
    bonuses = db.read(queries.staged_bonuses, run_id)
    try:
        fees = fees_of_run(db, registry, run_id)
        return sum(fees.of_bonus(cents) * number for cents, number in bonuses.items())
    except MephistoError:
        return None
