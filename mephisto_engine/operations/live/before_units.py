"""What a worker does before real units, in words: onboarding, screening, gold units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX, WorkerRecord
from mephisto_engine.operations.live.quality import KINDS, Quality

Words = tuple[str, bool | None, str, str]
"""Name of the line, whether it is met, its text, and the reason of a refusal for it."""


def words_before_units(
    args: Any, state: Any, worker: WorkerRecord, used: Mapping[int, int]
) -> Iterator[Words]:
    """A line for each thing that the run has its workers do before real units.

    Args:
        args: the blueprint's options.
        state: what the operator's Python gave.
        worker: who.
        used: place of screening and gold units → how many of them are paid, or will be.
    """
    qualification = getattr(args, "onboarding_qualification", None)
    if qualification:
        yield _onboarding(qualification, worker)
    quality = Quality(args, state)
    if quality.screens:
        yield _screening(quality, worker, used.get(SCREENING_INDEX, 0))
    if quality.has_golds:
        yield _golds(quality, args, worker, used.get(GOLD_INDEX, 0))


def _onboarding(qualification: str, worker: WorkerRecord) -> Words:
    held = worker.qualifications.get(qualification)
    if held is None:
        return "onboarding", None, "the qualifying task comes first", ""
    if held:
        return "onboarding", True, f"{qualification}: holds {held}", ""
    hint = f"failed the qualifying task ({qualification}: holds 0)"
    return "onboarding", False, hint, "not_qualified"


def _screening(quality: Quality, worker: WorkerRecord, used: int) -> Words:
    if quality.has_passed(worker):
        return "screening", True, "has passed", ""
    if quality.screens_by_real_units:
        return "screening", None, "not passed yet; real units decide", ""
    most = quality.most(SCREENING_INDEX) or 0
    text = f"not passed yet: a screening unit comes first ({used} of {most} are used)"
    return ("screening", None, text, "") if used < most else ("screening", False, text, "no_units")


def _golds(quality: Quality, args: Any, worker: WorkerRecord, used: int) -> Words:
    record = quality.record_of(worker)
    most = quality.most(GOLD_INDEX)
    done = (
        f"{record.correct} right, {record.incorrect} wrong of {args.max_incorrect_golds} that may "
        f"be, {record.completed} real units done"
    )
    needed = quality.needed_by(worker, used)
    if needed in KINDS:
        return "golds", None, f"{done}; a gold unit comes next", ""
    if needed:
        reason, _, detail = needed.partition(":")
        return "golds", False, f"{done}; {detail}", reason
    is_used_up = most is not None and used >= most
    return "golds", True, f"{done}{'; all gold units are used up' if is_used_up else ''}", ""
