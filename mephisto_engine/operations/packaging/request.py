"""What is to be packaged, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from mephisto_engine.data_model.status import DONE_UNIT, UnitStatus
from mephisto_engine.data_model.units import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import answers as queries
from mephisto_engine.database.queries.answers import Selection
from mephisto_engine.database.queries.runs import find_run
from mephisto_engine.database.queries.side_tables import Scope
from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.version import __version__

SCHEMA_VERSION: Final = 2
"""Of rows and manifest; it grows when what they mean changes."""

REVIEWED: Final = frozenset({"accepted", "soft_rejected", "rejected"})


class Format(StrEnum):
    """In which files a dataset is written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    MEPHISTO = "mephisto"


def runs_of(
    db: MephistoDB,
    *,
    run_id: int | None = None,
    task_name: str | None = None,
    project: str | None = None,
) -> tuple[int, ...]:
    """Ids of a run alone, of all runs of a task, or of all runs of a project.

    Raises:
        NotFoundError: there is no such thing, or it has no runs.
        StateError: not exactly one of them was named.
    """
    if sum(name is not None for name in (run_id, task_name, project)) != 1:
        raise StateError("Name one run, one task or one project.")
    if run_id is not None:
        return (int(db.read(find_run, run_id).id),)
    if task_name is not None:
        runs = db.read(queries.runs_of_task, task_name)
    else:
        runs = db.read(queries.runs_of_project, str(project))
    if not runs:
        raise NotFoundError("It has no runs.", "`mephisto-tui runs` lists the runs.")
    return runs


@dataclass(frozen=True)
class PackageRequest:
    """One export: which units, in which format, where to."""

    runs: tuple[int, ...]
    out: Path
    """Folder that appears when everything in it is whole."""
    format: Format = Format.JSONL
    only_reviewed: bool = False
    only_accepted: bool = False
    has_every_status: bool = False
    """Also units without an answer."""
    has_gold: bool = True
    """Gold and screening units too."""
    has_tables: bool = True
    """The tables beside the units too: payments, qualifications, notes and the like."""
    has_uploads: bool = True
    has_raw_workers: bool = False
    """Workers by their names on the provider, instead of pseudonyms."""

    @property
    def selection(self) -> Selection:
        """Which units are meant."""
        left_out = () if self.has_gold else (GOLD_INDEX, SCREENING_INDEX)
        return Selection(self.runs, self._statuses(), frozenset(left_out))

    @property
    def scope(self) -> Scope:
        """Which rows of the tables beside the units are meant."""
        return Scope(self.selection, not (self.only_reviewed or self.only_accepted))

    def identity(self, facts: dict[str, Any], key_id: str) -> dict[str, Any]:
        """What has to be the same for an interrupted export to go on where it stopped."""
        asked = {**asdict(self), "out": "", "runs": list(self.runs)}
        as_of = {"facts": facts, "key": key_id}
        return {"request": asked, "code": __version__, "schema": SCHEMA_VERSION, **as_of}

    def _statuses(self) -> frozenset[str]:
        if self.only_accepted:
            return frozenset({UnitStatus.ACCEPTED.value})
        if self.only_reviewed:
            return REVIEWED
        if self.has_every_status:
            return frozenset(status.value for status in UnitStatus)
        return DONE_UNIT
