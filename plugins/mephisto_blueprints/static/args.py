"""Options of tasks whose data is known before the worker comes, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mephisto_engine.abstractions.args import REQUIRED, arg
from mephisto_engine.abstractions.blueprint import BlueprintArgs, OnboardingArgs
from mephisto_engine.abstractions.quality import GoldArgs, ScreeningArgs
from mephisto_engine.errors import Problem


@dataclass
class QualityArgs(OnboardingArgs, ScreeningArgs, GoldArgs, BlueprintArgs):
    """Options of onboarding, screening and gold units."""


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


def number_below_one(args: Any, option: str) -> Iterator[Problem]:
    """A problem if the option is not a whole number from 1 upwards."""
    value = getattr(args, option, None)
    if not isinstance(value, int) or value < 1:
        yield Problem(key(option), f"is {value!r}", "a whole number, 1 or more")
