"""Options of tasks whose data is known before the worker comes, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mephisto_engine.abstractions.args import REQUIRED, arg
from mephisto_engine.abstractions.blueprint import BlueprintArgs, OnboardingArgs
from mephisto_engine.errors import Problem


@dataclass
class QualityArgs(OnboardingArgs, BlueprintArgs):
    """Options of onboarding, screening and gold units."""

    use_screening_task: bool = arg(False, "give each new worker a screening unit first")
    passed_qualification_name: str | None = arg(None, "granted to who passed the screening")
    max_screening_units: int | None = arg(None, "how many screening units may be paid for")
    use_golds: bool = arg(False, "mix units with known answers into each worker's units")
    gold_qualification_base: str | None = arg(
        None, "first part of the names of the qualifications that count gold units"
    )
    max_gold_units: int | None = arg(None, "how many gold units may be paid for")
    min_golds: int = arg(1, "gold units that a worker has to get right at the start")
    max_incorrect_golds: int = arg(0, "gold units that a worker may get wrong")


@dataclass
class StaticArgs(QualityArgs):
    """Options that all static tasks have."""

    units_per_assignment: int = arg(1, "how many workers answer each item")
    data_csv: str | None = arg(None, "CSV file of items (UTF-8, first row names the columns)")
    data_json: str | None = arg(None, "JSON file of items: a list of objects")
    data_jsonl: str | None = arg(None, "JSON Lines file of items: one object a line")
    extra_source_dir: str | None = arg(
        None, "folder of files that the page asks for; copied over the page's own"
    )
    task_source_review: str | None = arg(None, "bundle that shows an answer in a review")


def key(option: str) -> str:
    """Where an option stands in a launch config."""
    return f"mephisto.blueprint.{option}"


def given(args: Any, option: str) -> str | None:
    """The text of an option, or None when the config gives none."""
    value = getattr(args, option, None)
    return str(value) if value and value != REQUIRED else None


def unavailable_options(args: Any) -> Iterator[Problem]:
    """Options that existing configs may hold and that nothing here carries out yet.

    They are refused and not passed over: a run without the onboarding or the checks that its
    author counts on would collect data that has to be thrown away.
    """
    wishes = {
        "use_screening_task": "screening units are",
        "use_golds": "gold units are",
    }
    for option, subject in wishes.items():
        if getattr(args, option, None):
            yield Problem(
                key(option), f"{subject} not available in this version", "leave the option out"
            )


def number_below_one(args: Any, option: str) -> Iterator[Problem]:
    """A problem if the option is not a whole number from 1 upwards."""
    value = getattr(args, option, None)
    if not isinstance(value, int) or value < 1:
        yield Problem(key(option), f"is {value!r}", "a whole number, 1 or more")
