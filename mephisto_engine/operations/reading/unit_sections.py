"""How the data of one unit read: what its blueprint says of them, and what the engine knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mephisto_engine.abstractions.known_answers import compared
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    CHECKS,
    PROMPT,
    Check,
    Checks,
    Comparison,
    Files,
    Json,
    Moment,
    Section,
    SubmittedData,
    Timeline,
    Transcript,
    transcript_of,
)
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.operations.runs.run_setup import RunSetup

MOST_CHECKS: Final = 40
"""Of a blueprint that are shown; more nobody would read."""
KNOWN: Final = {GOLD_INDEX: "GOLD", SCREENING_INDEX: "SCREENING"}
"""Place of a unit whose answer is known → what it is called."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The sections of a unit."""

    sections: tuple[Section, ...]
    fault: str = ""
    """Why the data are shown as they are and not as the blueprint would, or what is left out of
    them; usually empty."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What the engine knows of a unit beside its data."""

    unit_index: int
    expected: Any
    """What it should have been answered with; None where nobody said."""
    files: Files
    checks: Sequence[Check] | None = None
    """What the engine has looked at in the answer; None: it is not to be checked at all."""
    moments: Sequence[Moment] = ()


def read_sections(
    data: SubmittedData, beside: Beside, setup: RunSetup, registry: Registry
) -> Reading:
    """The sections of a unit, those of its blueprint first.

    Whatever a plugin does, the data are shown.
    """
    try:
        found, fault = list(setup.blueprint(registry).review_sections(data)), ""
        if not all(isinstance(section, Section) for section in found):
            raise TypeError("review_sections gave what is no section")
    except Exception as error:
        found = [Json(PROMPT, data.inputs), Json(ANSWER, data.answer)]
        fault = f"{setup.blueprint_type} cannot show this: {type(error).__name__}: {error}"
    shown = [section for section in found if not _is_silent(section)]
    if not any(isinstance(section, Transcript) for section in found):
        shown += [said for said in [transcript_of("SAID", data.history)] if not _is_silent(said)]
    checks = [] if beside.checks is None else _checks(data, setup, registry)
    return Reading((*shown, *_of_the_engine(data, beside, checks)), fault)


def _checks(data: SubmittedData, setup: RunSetup, registry: Registry) -> list[Check]:
    """What the blueprint has looked at; what it raises is one more thing to look at."""
    try:
        found = list(setup.blueprint(registry).review_checks(data))
        if not all(isinstance(check, Check) for check in found):
            raise TypeError("review_checks gave what is no Check")
    except Exception as error:
        words = f"{setup.blueprint_type} cannot check this: {type(error).__name__}: {error}"
        return [Check("odd", words)]
    more = len(found) - MOST_CHECKS
    return found if more <= 0 else [*found[:MOST_CHECKS], Check("odd", f"{more} more checks")]


def _of_the_engine(data: SubmittedData, beside: Beside, checks: list[Check]) -> Iterator[Section]:
    if beside.expected is not None:
        title = KNOWN.get(beside.unit_index, "EXPECTED")
        yield Comparison(title, compared(beside.expected, data.answer))
    if checks or beside.checks:
        yield Checks(CHECKS, (*checks, *(beside.checks or ())))
    if beside.files.files:
        yield beside.files
    if beside.moments:
        yield Timeline("TIMELINE", tuple(beside.moments))


def decoded(text: str | None) -> tuple[Any, str]:
    """What a worker handed in, and why it stands there as text if it could not be read."""
    try:
        return (None if text is None else orjson.loads(text)), ""
    except orjson.JSONDecodeError as error:
        return text, f"The answer is no JSON: {error}."


def _is_silent(section: Section) -> bool:
    return isinstance(section, Transcript) and not section.turns
