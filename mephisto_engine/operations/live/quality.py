"""Screening and gold units of a run: what a worker needs next, and what an answer changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from mephisto_engine.abstractions import quality as rules
from mephisto_engine.abstractions.quality import GoldNames, GoldRecord
from mephisto_engine.data_model.records import (
    GOLD_INDEX,
    SCREENING_INDEX,
    SubmittedUnit,
    WorkerRecord,
)
from mephisto_engine.database.operations.judging import Change

log = logging.getLogger(__name__)

SCREENING: Final = "screening"
GOLD: Final = "gold"
KINDS: Final = {SCREENING: SCREENING_INDEX, GOLD: GOLD_INDEX}
"""What a worker may need before a real unit → place of such units."""

TOO_MANY_WRONG: Final = "not_qualified:too many gold units were wrong"
GOLDS_USED_UP: Final = "no_units:all gold units are used up"


class Quality:
    """The rules of one run's screening and gold units; asks nothing of the database."""

    def __init__(self, args: Any, state: Any) -> None:
        self.screens = bool(getattr(args, "use_screening_task", False))
        self.has_golds = bool(getattr(args, "use_golds", False))
        self._args = args
        self._state = state
        self._names = GoldNames(str(getattr(args, "gold_qualification_base", "")))

    @property
    def is_used(self) -> bool:
        """Whether workers are judged before they get their next unit."""
        return self.screens or self.has_golds

    @property
    def screens_by_real_units(self) -> bool:
        """Whether the first real units of a worker are their screening."""
        source = getattr(self._state, "screening_data_factory", None)
        return self.screens and source in (False, None)

    def most(self, unit_index: int) -> int | None:
        """How many units of that kind may be paid for; None: any number."""
        is_screening = unit_index == SCREENING_INDEX
        name = "max_screening_units" if is_screening else "max_gold_units"
        found: int | None = getattr(self._args, name, None)
        return found

    def needed_by(self, worker: WorkerRecord, golds_used: int) -> str:
        """What the worker needs before a real unit (`SCREENING`, `GOLD`), or why they get nothing.

        Empty if they may have a real unit.

        Args:
            worker: with their qualifications.
            golds_used: gold units of the run that are paid, or will be.
        """
        if self.screens:
            may_go_on = self.has_passed(worker) or self.screens_by_real_units
            return "" if may_go_on else SCREENING
        if not self.has_golds:
            return ""
        if not self.may_go_on(worker):
            return TOO_MANY_WRONG
        if not self._needs_gold(self.record_of(worker)):
            return ""
        most = self.most(GOLD_INDEX)
        if most is None or golds_used < most:
            return GOLD
        is_proven = self.record_of(worker).correct >= self._args.min_golds
        return "" if is_proven else GOLDS_USED_UP

    def has_passed(self, worker: WorkerRecord) -> bool:
        """Whether the worker has passed the screening."""
        return bool(worker.qualifications.get(str(self._args.passed_qualification_name)))

    def record_of(self, worker: WorkerRecord) -> GoldRecord:
        """How the worker has done on gold units."""
        return self._names.record_of(worker)

    def may_go_on(self, worker: WorkerRecord) -> bool:
        """Whether no more gold units were wrong than may be."""
        return self._qualifies(self.record_of(worker))

    def judge_of(self, unit: SubmittedUnit) -> str:
        """Name of the function that judges the answer; empty if none does."""
        if unit.is_gold:
            return "validate_gold_unit" if self.has_golds else ""
        is_screened_by_it = self.screens_by_real_units and not self.has_passed(unit.worker)
        is_screening = unit.is_screening and self.screens
        return "validate_screening_unit" if is_screening or is_screened_by_it else ""

    def changes(self, unit: SubmittedUnit, is_right: bool | None) -> list[Change]:
        """What an answer changes in its worker's qualifications."""
        if self.screens and is_right is not None:
            args = self._args
            return [
                Change(args.passed_qualification_name if is_right else args.block_qualification)
            ]
        if not self.has_golds:
            return []
        if not unit.is_gold:
            return [Change(self._names.completed, is_added=True)]
        if is_right is None:
            return []
        return self._counted(self.record_of(unit.worker), is_right)

    def _counted(self, before: GoldRecord, is_right: bool) -> list[Change]:
        after = GoldRecord(
            before.completed, before.correct + is_right, before.incorrect + (not is_right)
        )
        name = self._names.correct if is_right else self._names.wrong
        counted = [Change(name, is_added=True)]
        return counted if self._qualifies(after) else [*counted, Change(self._names.disqualified)]

    def _needs_gold(self, record: GoldRecord) -> bool:
        return self._asked("worker_needs_gold", rules.needs_gold, record, self._args.min_golds)

    def _qualifies(self, record: GoldRecord) -> bool:
        most = self._args.max_incorrect_golds
        return self._asked("worker_qualifies", rules.qualifies, record, most)

    def _asked(
        self, name: str, default: Callable[..., bool], record: GoldRecord, limit: int
    ) -> bool:
        """The operator's rule where there is one that works, else Mephisto's."""
        numbers = (record.completed, record.correct, record.incorrect, limit)
        rule = getattr(self._state, name, None)
        if rule is None:
            return default(*numbers)
        try:
            return bool(rule(*numbers))
        except Exception:
            log.exception("%s failed; the usual rule is used", name)
            return default(*numbers)
