"""Playing the journal again: does it lead to what is stored, along legal moves only?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import orjson
from peewee import Query

from mephisto_engine.data_model import TABLES, Event
from mephisto_engine.data_model.status import MOVES, START
from mephisto_engine.database.journal import COLUMNS, first_break
from mephisto_engine.operations.checks.findings import Faults

_MODELS: Final[dict[str, Any]] = {
    model._meta.table_name: model for model in TABLES if model._meta.table_name in MOVES
}

_LEGAL: Final = {
    (table, source, target): target
    for table, moves in MOVES.items()
    for source, targets in moves.items()
    for target in targets
}
"""Every legal move, with the one copy of its target's name that all rows share."""


class Replay:
    """Goes through all events once, checking chain and moves together."""

    def __init__(self) -> None:
        self.moves = Faults()
        """Moves that are not legal or do not follow on, and rows that are elsewhere (I6)."""
        self.chain = Faults()
        """Events that are missing or were changed, and rows without any (I10)."""
        self.statuses: dict[str, dict[int, str]] = {table: {} for table in _MODELS}
        """Table → row id → status, as far as the journal has been read."""

    def run(self, stream: Callable[[Query], Iterator[tuple[Any, ...]]]) -> None:
        """Read the whole journal, then compare with what is stored; once for each instance."""
        columns = [getattr(Event, name) for name in (*COLUMNS, "chain")]
        events = self._followed(stream(Event.select(Event.id, *columns).order_by(Event.id)))
        broken = first_break(events)
        if broken is not None:
            self.chain.add(f"event {broken} does not fit the one before it")
        for _ in events:
            """Whatever follows a break is played all the same."""
        for table, model in _MODELS.items():
            self._compare(table, stream(model.select(model.id, model.status)))

    def _followed(self, events: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for event in events:
            number, _, _, _, _, table, row_id, before, after, data, _ = event
            if after is not None:
                edge = (table, before or START, after)
                if data is not None and '"ranges"' in data:
                    for one in _ids(row_id, data):
                        self._apply(number, one, edge)
                else:
                    self._apply(number, row_id, edge)
            yield event

    def _apply(self, event: int, row_id: int, edge: tuple[str, str, str]) -> None:
        status = _LEGAL.get(edge)
        table, before, after = edge
        if status is None:
            self.moves.add(f"event {event}: a {table} cannot go from {before!r} to {after!r}")
            return
        statuses = self.statuses[table]
        found = statuses.get(row_id, START)
        if found != before:
            self.moves.add(f"event {event}: {table} {row_id} was {found!r}, not {before!r}")
        statuses[row_id] = status

    def _compare(self, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
        statuses = self.statuses[table]
        for row_id, status in rows:
            played = statuses.pop(row_id, None)
            if played is None:
                self.chain.add(f"{table} {row_id} is not in the journal")
            elif played != status:
                self.moves.add(f"{table} {row_id} is {status!r}, by the journal {played!r}")
        for row_id in statuses:
            self.moves.add(f"{table} {row_id} is in the journal and not in its table")


def _ids(row_id: int, data: str) -> Sequence[int]:
    """The rows of an event about ranges; its own where the word stands for something else."""
    details = orjson.loads(data)
    ranges = details.get("ranges") if isinstance(details, dict) else None
    if not isinstance(ranges, list):
        return (row_id,)
    return [number for first, last in ranges for number in range(first, last + 1)]
