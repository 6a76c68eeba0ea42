"""How the data of one unit read: what its blueprint says of them, and what the engine knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mephisto_engine.abstractions.known_answers import compared
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    PROMPT,
    Comparison,
    Files,
    Json,
    Section,
    SubmittedData,
    Transcript,
    transcript_of,
)
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX

KNOWN: Final = {GOLD_INDEX: "GOLD", SCREENING_INDEX: "SCREENING"}
"""Place of a unit whose answer is known → what it is called."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The sections of a unit."""

    sections: tuple[Section, ...]
    fault: str = ""
    """Why the data are shown as they are, and not as the blueprint would; usually empty."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What the engine knows of a unit beside its data."""

    unit_index: int
    expected: Any
    """What it should have been answered with; None where nobody said."""
    files: Files


def read_sections(
    data: SubmittedData, beside: Beside, registry: Registry, blueprint_type: str
) -> Reading:
    """The sections of a unit, those of its blueprint first.

    Whatever a plugin does, the data are shown.
    """
    try:
        blueprint: Any = registry.load(PluginKind.BLUEPRINT, blueprint_type)
        found, fault = list(blueprint.review_sections(data)), ""
    except Exception as error:
        found = [Json(PROMPT, data.inputs), Json(ANSWER, data.answer)]
        fault = f"{blueprint_type} cannot show this: {type(error).__name__}: {error}"
    shown = [section for section in found if not _is_silent(section)]
    if not any(isinstance(section, Transcript) for section in found):
        shown += [said for said in [transcript_of("SAID", data.history)] if not _is_silent(said)]
    return Reading((*shown, *_of_the_engine(data, beside)), fault)


def _of_the_engine(data: SubmittedData, beside: Beside) -> Iterator[Section]:
    if beside.expected is not None:
        title = KNOWN.get(beside.unit_index, "EXPECTED")
        yield Comparison(title, compared(beside.expected, data.answer))
    if beside.files.files:
        yield beside.files


def decoded(text: str | None) -> tuple[Any, str]:
    """What a worker handed in, and why it stands there as text if it could not be read."""
    try:
        return (None if text is None else orjson.loads(text)), ""
    except orjson.JSONDecodeError as error:
        return text, f"The answer is no JSON: {error}."


def _is_silent(section: Section) -> bool:
    return isinstance(section, Transcript) and not section.turns
