"""How a submitted unit reads to whoever reviews it: sections that any console can draw.

Everything in a section may be foreign text; who draws it makes it safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SubmittedData:
    """What there is of a submitted unit."""

    inputs: dict[str, Any]
    """What was to be done: shared data of the assignment and the unit's own."""
    answer: Any
    """What the worker handed in, decoded."""
    history: Sequence[Mapping[str, Any]] = ()
    """Live updates of both sides, in order."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names with values, one below the other."""

    title: str
    rows: Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said by whom, in order."""

    title: str
    turns: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An answer beside the one that is known to be right."""

    title: str
    rows: Sequence[tuple[str, Any, Any]]
    """Name, what is right, what was answered."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files by path; they are opened when somebody asks for it, and never by themselves."""

    title: str
    files: Sequence[tuple[str, str, int]]
    """The worker's name for it, where it lies, and its size in bytes."""


@dataclass(frozen=True, slots=True)
class Json:
    """Any value, as readable JSON."""

    title: str
    value: Any = field(default=None)


Section = Pairs | Transcript | Grid | Comparison | Files | Json

TASK = "TASK"
ANSWER = "ANSWER"


def readable(title: str, value: Any) -> Section:
    """Names and values of a flat dict; anything else as JSON."""
    if isinstance(value, Mapping) and value:
        return Pairs(title, tuple((str(name), item) for name, item in value.items()))
    return Json(title, value)


def transcript_of(title: str, updates: Sequence[Any]) -> Transcript:
    """The messages among live updates: those with a text, by the name of who sent them."""
    turns = []
    for update in updates:
        if isinstance(update, Mapping) and isinstance(update.get("text"), str) and update["text"]:
            turns.append((str(update.get("id") or update.get("sender") or "?"), update["text"]))
    return Transcript(title, tuple(turns))
