"""Statistics that follow a run or a task in the database, from whichever process."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.analysis.labels import Level
from mephisto_engine.analysis.report import ItemFigures, Report
from mephisto_engine.analysis.statistics import Answer, Statistics
from mephisto_engine.data_model.units import SCREENING_INDEX
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import labels
from mephisto_engine.database.queries.labels import StoredAnswer
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.runs.run_setup import run_setup

PORTION: Final = 5000
"""Answers that are read in one view of the database."""

SHARE_OF_TIME: Final = 0.1
"""How much of its time a follower may spend on estimates, where it makes them by itself."""


class StatisticsFollower:
    """Reads answers as they come; only reads, so it may stand beside a live run."""

    def __init__(
        self,
        db: MephistoDB,
        run_ids: Iterable[int],
        registry: Registry | None = None,
        field: str | None = None,
    ) -> None:
        """Follow some runs of one task.

        Args:
            db: an open database.
            run_ids: which runs.
            registry: where blueprints come from; default the installed ones.
            field: a field that holds labels whatever its values.
        """
        self._db = db
        self._run_ids = tuple(run_ids)
        self._registry = registry or Registry()
        self._statistics = Statistics()
        self._field = field
        self._last_id = 0
        self._last_gold = 0
        self._known_runs: set[int] = set()
        self._names: dict[int, str] = {}
        self._items: dict[int, str] = {}
        self._estimate_due = 0.0
        self._counter = -1
        if field is not None:
            self._statistics.declare([LabelField(field)])

    def follow(self) -> int:
        """Take in what has come since the last time; how many answers that was."""
        counter = self._db.change_counter()
        if counter == self._counter:
            return 0
        self._counter = counter
        self._take_golds()
        taken = 0
        while True:
            rows = self._db.read(self._next)
            for row in rows:
                self._take(row)
            taken += len(rows)
            if len(rows) < PORTION:
                return taken

    def estimate(self, field: str | None = None, level: Level | None = None) -> None:
        """Bring what is costly to make up to date; see `Statistics.estimate`."""
        name = self._name(field)
        if name is not None:
            self._statistics.estimate(name, level)

    def estimate_sparingly(self, field: str | None = None, level: Level | None = None) -> None:
        """The same, unless it would take more than a tenth of the time, as the last one took."""
        started = time.monotonic()
        if started < self._estimate_due:
            return
        self.estimate(field, level)
        taken = time.monotonic() - started
        self._estimate_due = started + taken / SHARE_OF_TIME

    def report(self, field: str | None = None, level: Level | None = None) -> Report:
        """All statistics as of the last `follow`, for one field.

        Raises:
            NotFoundError: there is no such field with labels.
        """
        wanted = field or self._field
        report = self._statistics.report(wanted, level)
        if wanted is not None and report.shown is None and report.answers:
            known = ", ".join(report.fields) or "none"
            raise NotFoundError(
                f"No answer has a field {wanted!r}.", f"Fields with labels: {known}."
            )
        return dataclasses.replace(report, names=self._names, item_names=self._items)

    def item_labels(self, field: str | None = None) -> Iterator[tuple[str, ItemFigures]]:
        """What each item is called, and its labels, as of the last `follow` and `estimate`."""
        name = self._name(field)
        found = self._statistics.item_labels(name) if name is not None else ()
        return ((self._items[item.item], item) for item in found)

    def item_labels_by(self, model: str, field: str | None = None) -> dict[str, str]:
        """What each item is called, and its label by one of crowd-kit's models.

        Raises:
            ConfigError: there is no such model, or crowd-kit is not installed.
        """
        from mephisto_engine.analysis.crowdkit import aggregated

        tally = self._statistics.tallies.get(self._name(field) or "")
        found = aggregated(tally.labels() if tally is not None else (), model)
        return {self._items[item]: found[item] for item in sorted(found)}

    def _name(self, field: str | None) -> str | None:
        wanted = field or self._field
        if wanted is not None:
            return wanted
        fields = self._statistics.label_fields()
        return fields[0].name if fields else None

    def _next(self) -> list[StoredAnswer]:
        rows = list(labels.answers_after(self._run_ids, self._last_id, PORTION))
        for row in rows:
            if row.run_id not in self._known_runs:
                self._known_runs.add(row.run_id)
                self._statistics.declare(self._declared(row))
        return rows

    def _take_golds(self) -> None:
        found = self._db.read(lambda: list(labels.golds_after(self._run_ids, self._last_gold)))
        for row_id, worker, is_right in found:
            self._last_gold = row_id
            self._statistics.add_gold(worker, is_right)

    def _take(self, row: StoredAnswer) -> None:
        self._last_id = row.id
        self._names[row.worker_id] = row.worker_name
        if row.unit_index <= SCREENING_INDEX:
            return
        # Items of several runs are told apart; within one, an item that was offered anew is one.
        item = row.run_id << 40 | row.item_index
        if item not in self._items:
            is_alone = len(self._run_ids) == 1
            name = f"{row.item_index}" if is_alone else f"{row.run_id}/{row.item_index}"
            self._items[item] = name
        seconds = None
        if row.submitted_ms is not None:
            seconds = (row.submitted_ms - row.begun_ms) / 1000
        outputs = orjson.loads(row.body) if row.body else None
        self._statistics.add(Answer(row.unit_id, item, row.worker_id, seconds, outputs))

    def _declared(self, row: StoredAnswer) -> list[LabelField]:
        """What the run's blueprint says of its fields; nothing where it is not installed."""
        shared = labels.shared_data(row.assignment_id)
        declared = run_setup(row.run_id).label_fields(self._registry, shared)
        return [item for item in declared if item.name != self._field or item.options]
