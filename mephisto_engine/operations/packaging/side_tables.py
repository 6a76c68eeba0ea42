"""The tables beside the units: what else belongs to the runs and workers of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mephisto_engine.clock import from_ms
from mephisto_engine.database.queries import answers, side_tables
from mephisto_engine.database.queries.side_tables import Scope
from mephisto_engine.operations.packaging.pseudonyms import Everybody, Hider, WorkerNames
from mephisto_engine.operations.packaging.rows import KINDS, Row, RowMaker, as_json, moment_text
from mephisto_engine.operations.reading.answer_data import merged_metadata

FOLDER: Final = "tables"


@dataclass(frozen=True)
class SideTable:
    """One table: its columns, and what they mean."""

    name: str
    about: str
    """What one row is."""
    columns: Mapping[str, str]
    """Title → type, as in `columns.FIXED`."""
    free_text: tuple[str, ...] = ()
    """Columns with what people wrote, which may tell who somebody is."""
    is_by_operators: bool = False
    """Whether operators wrote it, who know all workers by name."""


_WORKER: Final = {"worker": "str", "provider_type": "str"}

OTHER_AGENTS: Final = SideTable(
    "other_agents",
    "A worker who was on a unit and does not have it any more, with what they handed in too late",
    {
        "agent_id": "int",
        "unit_id": "int",
        "assignment_id": "int",
        "task_run_id": "int",
        "task_name": "str",
        "item_index": "int",
        "unit_index": "int",
        "kind": "str",
        **_WORKER,
        "agent_status": "str",
        "started_at": "time",
        "ended_at": "time",
        "is_late_answer": "bool",
        "submitted_at": "time",
        "metadata": "json",
        "files": "json",
    },
    ("data", "metadata", "files"),
)
INTENTS: Final = SideTable(
    "intents",
    "A payment, or another call to the provider, and whether it was carried out",
    {
        "intent_id": "int",
        "task_run_id": "int",
        "unit_id": "int",
        **_WORKER,
        "kind": "str",
        "amount_cents": "int",
        "fee_cents": "int",
        "status": "str",
        "attempts": "int",
        "provider_ref": "str",
        "reason": "str",
        "error": "str",
        "created_at": "time",
        "status_at": "time",
    },
    ("reason", "error"),
    is_by_operators=True,
)
QUALIFICATIONS: Final = SideTable(
    "qualifications",
    "A qualification that a worker of the dataset holds, from this work or any other",
    {
        **_WORKER,
        "qualification": "str",
        "description": "str",
        "value": "int",
        "granted_at": "time",
        "updated_at": "time",
    },
    ("qualification", "description"),
    is_by_operators=True,
)
NOTES: Final = SideTable(
    "notes",
    "What an operator wanted to remember of a worker of the dataset",
    {**_WORKER, "text": "str", "written_by": "str", "created_at": "time"},
    ("text",),
    is_by_operators=True,
)
FEEDBACK: Final = SideTable(
    "feedback",
    "A tip, an answer to a feedback question, or an opinion of a worker about the task",
    {
        "agent_id": "int",
        "unit_id": "int",
        "task_run_id": "int",
        **_WORKER,
        "kind": "str",
        "about": "str",
        "text": "str",
        "entry": "json",
        "received_at": "time",
    },
    ("about", "text", "entry"),
)
ONBOARDING: Final = SideTable(
    "onboarding",
    "A worker at the qualifying task of a run, with the answer",
    {
        "onboarding_agent_id": "int",
        "task_run_id": "int",
        **_WORKER,
        "status": "str",
        "started_at": "time",
        "ended_at": "time",
    },
    ("data",),
)
GOLD_RESULTS: Final = SideTable(
    "gold_results",
    "A gold or screening unit, and whether its answer was right",
    {
        "unit_id": "int",
        "assignment_id": "int",
        "task_run_id": "int",
        **_WORKER,
        "kind": "str",
        "is_right": "bool",
        "expected": "json",
        "judged_at": "time",
    },
    ("expected",),
)


class SideRows:
    """Makes the rows of the tables, all of one view of the database."""

    def __init__(
        self, scope: Scope, names: WorkerNames, everybody: Everybody, maker: RowMaker
    ) -> None:
        self._scope = scope
        self._names = names
        self._everybody = everybody
        self._maker = maker

    def all(self) -> Iterator[tuple[SideTable, Iterator[Row]]]:
        """Every table with its rows, one at a time."""
        yield OTHER_AGENTS, self._other_agents()
        made: tuple[tuple[SideTable, Callable[[Scope], Any], Callable[..., list[Row]]], ...] = (
            (INTENTS, side_tables.intents, self._intent),
            (QUALIFICATIONS, side_tables.qualifications, _qualification),
            (NOTES, side_tables.notes, _note),
            (FEEDBACK, side_tables.page_metadata, _feedback),
            (ONBOARDING, side_tables.onboardings, _onboarding),
            (GOLD_RESULTS, side_tables.gold_results, _gold_result),
        )
        for table, query, make in made:
            yield table, self._of_workers(table, query(self._scope), make)

    def _of_workers(
        self, table: SideTable, rows: Iterator[Any], make: Callable[..., list[Row]]
    ) -> Iterator[Row]:
        """The rows that are made of a query's, each of which begins with a worker."""
        for provider_type, name, *values in rows:
            for row in make(*values):
                yield self._signed(table, row, provider_type, name)

    def _signed(
        self, table: SideTable, row: Row, provider_type: str | None, name: str | None
    ) -> Row:
        if provider_type is None or name is None:
            return {**row, "worker": None, "provider_type": provider_type}
        found = self._names.found_in(as_json(row), [(provider_type, name)])
        if table.is_by_operators:
            for key in table.free_text:
                found |= self._everybody.found_in(row[key] or "")
        hider = Hider(found)
        hidden = {key: hider.hide(row[key]) for key in table.free_text if key in row}
        public = self._names.public(provider_type, name)
        return {**row, **hidden, "worker": public, "provider_type": provider_type}

    def _other_agents(self) -> Iterator[Row]:
        ids = side_tables.other_agents(self._scope)
        for start in range(0, len(ids), answers.PORTION):
            portion = ids[start : start + answers.PORTION]
            ends = side_tables.ends_of_agents(portion)
            for record in answers.stream_agents(portion):
                ended, received = ends[record.agent_id or 0]
                row, _ = self._maker.make(record)
                yield {
                    **{name: row[name] for name in OTHER_AGENTS.columns if name in row},
                    "ended_at": _time(ended),
                    "is_late_answer": received is not None,
                    "submitted_at": _time(received),
                    "data": row["data"],
                }

    def _intent(self, *values: Any) -> list[Row]:
        names = (name for name in INTENTS.columns if name not in _WORKER)
        row = dict(zip(names, values, strict=True))
        if row["provider_ref"] is not None:
            row["provider_ref"] = self._names.reference(row["provider_ref"])
        for name in ("created_at", "status_at"):
            row[name] = _time(row[name])
        return [row]


def _qualification(
    name: str, description: str, value: int, granted: int, updated: int
) -> list[Row]:
    return [
        {
            "qualification": name,
            "description": description,
            "value": value,
            "granted_at": _time(granted),
            "updated_at": _time(updated),
        }
    ]


def _note(text: str, written_by: str, created: int) -> list[Row]:
    return [{"text": text, "written_by": written_by, "created_at": _time(created)}]


def _feedback(agent: int, unit: int, run: int, received: int, body: str) -> list[Row]:
    """One row an entry: pages send them alone, and an import brings whole lists."""
    found = merged_metadata([orjson.loads(body)])
    entries = [("tip", tip, tip.get("header"), tip.get("text")) for tip in found["tips"]]
    entries += [
        ("feedback", entry, entry.get("question"), entry.get("text")) for entry in found["feedback"]
    ]
    opinion = found["worker_opinion"]
    questions = opinion.get("questions") if isinstance(opinion, dict) else None
    entries += [
        ("opinion", entry, entry.get("question"), entry.get("answer"))
        for entry in (questions if isinstance(questions, list) else [])
        if isinstance(entry, dict)
    ]
    return [
        {
            "agent_id": agent,
            "unit_id": unit,
            "task_run_id": run,
            "kind": kind,
            "about": _text(about),
            "text": _text(text),
            "entry": entry,
            "received_at": _time(received),
        }
        for kind, entry, about, text in entries
    ]


def _onboarding(
    number: int, run: int, status: str, created: int, ended: int, answer: str | None
) -> list[Row]:
    return [
        {
            "onboarding_agent_id": number,
            "task_run_id": run,
            "status": status,
            "started_at": _time(created),
            "ended_at": _time(ended),
            "data": {"outputs": None if answer is None else orjson.loads(answer)},
        }
    ]


def _gold_result(
    unit: int,
    assignment: int,
    run: int,
    index: int,
    is_right: int | None,
    expected: str | None,
    judged: int,
) -> list[Row]:
    return [
        {
            "unit_id": unit,
            "assignment_id": assignment,
            "task_run_id": run,
            "kind": KINDS.get(index, "unit"),
            "is_right": None if is_right is None else bool(is_right),
            "expected": None if expected is None else orjson.loads(expected),
            "judged_at": _time(judged),
        }
    ]


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else as_json(value).decode()


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else moment_text(from_ms(milliseconds))
