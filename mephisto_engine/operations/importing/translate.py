"""From Mephisto's rows and files to foreign rows in words of this house."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mephisto_engine.data_model.foreign import (
    ForeignAgent,
    ForeignAssignment,
    ForeignOnboarding,
    ForeignReview,
    ForeignUnit,
)
from mephisto_engine.database import mephisto_schema as tables
from mephisto_engine.operations.importing.agent_files import (
    AgentFiles,
    load,
    read_agent_files,
    stored_uploads,
    with_stored_names,
)
from mephisto_engine.operations.importing.source import DataDirectory, Row, cents, moment
from mephisto_engine.operations.packaging.rows import as_json
from mephisto_engine.tokens import new_token

VERDICTS: Final = frozenset({"accepted", "soft_rejected", "rejected"})

PlaceUpload = Callable[[Path, str], None]


@dataclass
class Translator:
    """Reads the portions of one run."""

    directory: DataDirectory
    folder: Path
    """Folder of the run."""
    workers: Mapping[int, int]
    """Foreign worker id → id here."""
    reviews: Mapping[int, Row]
    hits: Mapping[int, str]
    """Foreign unit id → id of its HIT."""
    place: PlaceUpload
    notes: list[str] = field(default_factory=list)

    def assignments(self, rows: Sequence[Row], first_index: int) -> list[ForeignAssignment]:
        """Assignments with everything in them."""
        ids = [row["assignment_id"] for row in rows]
        units = self._grouped(tables.Units, tables.Units.assignment_id, ids, "assignment_id")
        agents = self._grouped(tables.Agents, tables.Agents.assignment_id, ids, "unit_id")
        return [
            self._assignment(row, first_index + place, units[row["assignment_id"]], agents)
            for place, row in enumerate(rows)
        ]

    def onboarding(self, row: Row) -> ForeignOnboarding:
        """A worker on the qualifying task."""
        number = row["onboarding_agent_id"]
        files = read_agent_files(self.folder / "onboarding" / f"onboarding_{number}")
        self.notes += files.problems
        return ForeignOnboarding(
            foreign_id=number,
            worker_id=self.workers[row["worker_id"]],
            token=f"onboarding_{new_token()}",
            status=_onboarding_status(row["status"]),
            created_ms=moment(row["creation_date"]),
            answer=_text(files.answer) if files.has_answer else None,
        )

    def of_known_workers(self, rows: Sequence[Row]) -> list[Row]:
        """Those rows whose worker is stored there; nothing ever made sure of that."""
        known = [row for row in rows if row["worker_id"] in self.workers]
        if len(known) < len(rows):
            number = len(rows) - len(known)
            self.notes.append(
                f"{number} agents of {self.folder} have no worker; they were left out"
            )
        return known

    def _grouped(self, model: Any, column: Any, ids: list[int], key: str) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.directory.reader.rows(model, column.in_(ids)):
            found[row[key]].append(row)
        return found

    def _assignment(
        self, row: Row, item_index: int, units: list[Row], agents: Mapping[int, list[Row]]
    ) -> ForeignAssignment:
        number = row["assignment_id"]
        folder = self.folder / str(number)
        data = self._item(folder / "assign_data.json")
        shared = data.get("shared")
        parts = data.get("unit_data")
        own = parts if isinstance(parts, list) else []
        inputs = shared if isinstance(shared, dict) else {"data": shared} if shared else {}
        made = [self._unit(unit, own, inputs, agents[unit["unit_id"]], folder) for unit in units]
        return ForeignAssignment(
            foreign_id=number,
            item_index=item_index,
            shared=_text(inputs),
            created_ms=moment(row["creation_date"]),
            units=made,
        )

    def _item(self, path: Path) -> Row:
        try:
            data = load(path)
        except (OSError, ValueError) as error:
            self.notes.append(f"{path} cannot be read: {error}")
            return {}
        return data if isinstance(data, dict) else {}

    def _unit(
        self, row: Row, parts: list[Any], shared: Row, agents: list[Row], folder: Path
    ) -> ForeignUnit:
        number, index = row["unit_id"], row["unit_index"]
        part = parts[index] if 0 <= index < len(parts) else {}
        data = part if isinstance(part, dict) else {"data": part}
        pay, is_exact = cents(row["pay_amount"])
        if not is_exact:
            self.notes.append(f"unit {number} pays {row['pay_amount']} cents; {pay} here")
        return ForeignUnit(
            foreign_id=number,
            unit_index=index,
            data=_text(data),
            pay_cents=pay,
            status=str(row["status"]),
            created_ms=moment(row["creation_date"]),
            current_agent=row["agent_id"],
            agents=[
                self._agent(agent, {**shared, **data}, folder)
                for agent in self.of_known_workers(agents)
            ],
            review=self._review(row),
            provider_ref=self.hits.get(number),
        )

    def _agent(self, row: Row, inputs: Row, folder: Path) -> ForeignAgent:
        number = row["agent_id"]
        files = read_agent_files(folder / str(number))
        self.notes += files.problems
        uploads = stored_uploads(files, f"{self.directory.source}/{number}", self.place)
        created = files.started_ms or moment(row["creation_date"])
        answer = with_stored_names(files.answer, uploads)
        return ForeignAgent(
            foreign_id=number,
            worker_id=self.workers[row["worker_id"]],
            token=new_token(),
            status=str(row["status"]),
            created_ms=created,
            ended_ms=files.ended_ms,
            body=_text(answer) if files.has_answer else None,
            history=[(_text(update), at or created) for update, at in files.history],
            metadata=_metadata(files, inputs),
            uploads=uploads,
        )

    def _review(self, unit: Row) -> ForeignReview | None:
        """What the log says of a decision; where there is no log, that there was one."""
        if unit["status"] not in VERDICTS:
            return None
        row = self.reviews.get(unit["unit_id"], {})
        at = row.get("creation_date") or row.get("created_at") or unit["creation_date"]
        bonus = row.get("bonus")
        return ForeignReview(
            verdict=unit["status"],
            note=str(row.get("review_note") or ""),
            bonus_cents=bonus if isinstance(bonus, int) else 0,
            at_ms=moment(at),
        )


def _metadata(files: AgentFiles, inputs: Row) -> str | None:
    """Tips and the rest; and the inputs, where they were others than task data give."""
    body = dict(files.metadata)
    if files.inputs is not None and files.inputs != inputs:
        body["inputs"] = files.inputs
    return _text(body) if body else None


def _onboarding_status(status: str) -> str:
    """Mephisto's status of a qualifying task; one that was left open is expired."""
    if status in ("approved", "rejected", "disconnect"):
        return status
    return "expired"


def _text(value: Any) -> str:
    """JSON as the database stores it: no half of a surrogate pair can be encoded."""
    return as_json(_storable(value)).decode()


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
