"""How a submitted unit reads to whoever reviews it: sections that any console can draw.

Everything in a section may be foreign text; who draws it makes it safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from mephisto_engine.data_model.answers import UpdateRecord


@dataclass(frozen=True, slots=True)
class SubmittedData:
    """What there is of a submitted unit."""

    inputs: dict[str, Any]
    """What was to be done: shared data of the assignment and the unit's own."""
    answer: Any
    """What the worker handed in, decoded; None while there is nothing."""
    history: Sequence[UpdateRecord] = ()
    """Live updates of both sides, in order; of very many, the last ones."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """The blueprint's options as the run was launched with."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names with values, one below the other."""

    title: str
    rows: Sequence[tuple[str, Any]]
    kind: Literal["pairs"] = field(default="pairs", init=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said."""

    who: str
    """Empty where it belongs to what stands above it."""
    text: str
    at: datetime | None = None
    is_bad: bool = False
    """Whether it says that something went wrong."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said by whom, in order."""

    title: str
    turns: Sequence[Turn]
    kind: Literal["transcript"] = field(default="transcript", init=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    """One value for each column."""
    kind: Literal["grid"] = field(default="grid", init=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of an answer beside what it should be."""

    name: str
    wanted: Any
    got: Any
    is_right: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """An answer beside the one that is known to be right."""

    title: str
    rows: Sequence[Compared]
    kind: Literal["comparison"] = field(default="comparison", init=False)


CheckResult = Literal["passed", "odd", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. It says what it found; it decides nothing."""

    result: CheckResult
    text: str
    """In words that make sense alone: ‘12 characters, minimum 20’."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What was looked at, and what was found."""

    title: str
    rows: Sequence[Check]
    kind: Literal["checks"] = field(default="checks", init=False)


@dataclass(frozen=True, slots=True)
class Files:
    """Files by path; they are opened when somebody asks for it, and never by themselves."""

    title: str
    files: Sequence[tuple[str, str, int]]
    """The worker's name for it, where it lies, and its size in bytes."""
    kind: Literal["files"] = field(default="files", init=False)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, in words."""

    at: datetime
    text: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened when."""

    title: str
    moments: Sequence[Moment]
    kind: Literal["timeline"] = field(default="timeline", init=False)


@dataclass(frozen=True, slots=True)
class Json:
    """Any value, as readable JSON."""

    title: str
    value: Any = field(default=None)
    kind: Literal["json"] = field(default="json", init=False)


Section = Pairs | Transcript | Grid | Comparison | Checks | Files | Timeline | Json

PROMPT: Final = "PROMPT"
ANSWER: Final = "ANSWER"
CHECKS: Final = "CHECKS"
MOST_COLUMNS: Final = 12
"""A table with more is none that anybody could read."""


def sections_of(title: str, value: Any) -> list[Section]:
    """Any value as it reads best.

    Names and values of a dict, lists of like records as tables, anything else as JSON; nothing at
    all for None.
    """
    if value is None:
        return []
    if is_table(value):
        return [grid_of(title, value)]
    if not isinstance(value, Mapping) or not value:
        return [Json(title, value)]
    plain = [(str(name), item) for name, item in value.items() if not is_table(item)]
    tables = [(name, item) for name, item in value.items() if is_table(item)]
    found: list[Section] = [Pairs(title, tuple(plain))] if plain else []
    return found + [grid_of(f"{title} · {name}", item) for name, item in tables]


def is_table(value: Any) -> bool:
    """Whether a value is a list of records that are alike: annotated spans, ranked answers …"""
    if not isinstance(value, list) or not value:
        return False
    if not all(isinstance(record, Mapping) and record for record in value):
        return False
    columns = _columns(value)
    return len(columns) <= MOST_COLUMNS and all(2 * len(row) >= len(columns) for row in value)


def grid_of(title: str, records: Sequence[Mapping[str, Any]]) -> Grid:
    """A table of records, with the columns in the order in which they come first."""
    columns = _columns(records)
    rows = tuple(tuple(record.get(name, "") for name in columns) for record in records)
    return Grid(title, tuple(str(name) for name in columns), rows)


def _columns(records: Sequence[Mapping[Any, Any]]) -> list[Any]:
    return list(dict.fromkeys(name for record in records for name in record))


def transcript_of(title: str, updates: Sequence[UpdateRecord]) -> Transcript:
    """The messages among live updates: those with a text, by the name of who sent them."""
    return Transcript(title, tuple(_turns(updates)))


def _turns(updates: Sequence[UpdateRecord]) -> Iterator[Turn]:
    for update in updates:
        said = update.body
        if isinstance(said, Mapping) and isinstance(said.get("text"), str) and said["text"]:
            sender = "worker" if update.is_from_worker else "task"
            who = said.get("id") or said.get("sender") or sender
            yield Turn(str(who), said["text"], update.at)
