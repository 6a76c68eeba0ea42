"""What operators can ask of a run: each kind of command, its arguments, and their checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, get_args, get_type_hints

import orjson

from mephisto_engine.errors import StateError


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is asked for; the fields of a subclass are its arguments."""

    KIND: ClassVar[str]

    def fault(self) -> str:
        """What is wrong with the arguments as a whole; empty if nothing is."""
        return ""


@dataclass(frozen=True, slots=True)
class Stop(Change):
    """Let no more workers in, and end the run when nobody is at work any more."""

    KIND: ClassVar[str] = "stop"
    now: bool = False
    """End those at work too."""


@dataclass(frozen=True, slots=True)
class Pause(Change):
    """Publish nothing new and let nobody new in; those at work go on."""

    KIND: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True)
class GoOn(Change):
    """Take back a `Pause`."""

    KIND: ClassVar[str] = "resume"


@dataclass(frozen=True, slots=True)
class SetOptions(Change):
    """Change options of `mephisto.task` for the rest of the run."""

    KIND: ClassVar[str] = "set"
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Name → value, or the value's text."""

    def fault(self) -> str:
        """An option has to be named."""
        return "" if self.options else "no option is named"


@dataclass(frozen=True, slots=True)
class Extend(Change):
    """Make more units: of more items, or more of each item."""

    KIND: ClassVar[str] = "extend"
    data: str = ""
    """Absolute path of a data file, as the engine sees it."""
    units_per_item: int = 0
    is_rehearsal: bool = False
    """Answer with an `Extension` and change nothing."""
    expected_units: int | None = None
    """How many units the operator has agreed to; another number is refused."""

    def fault(self) -> str:
        """One of the two ways, and a number that adds something."""
        if bool(self.data) is bool(self.units_per_item):
            return "either a data file or a number of units per item is needed"
        return "" if self.units_per_item >= 0 else "the number of units is below 1"


@dataclass(frozen=True, slots=True)
class Expire(Change):
    """Expire unfinished units for good."""

    KIND: ClassVar[str] = "expire"
    units: list[int] = dataclasses.field(default_factory=list)
    is_all_of_nobody: bool = False
    """Every unit that nobody is on, instead of ``units``."""

    selection: dict[str, Any] = dataclasses.field(default_factory=dict)
    """A `Selection` of units as its ``as_args``, instead of ``units``."""

    def fault(self) -> str:
        """A unit has to be named, in one of three ways."""
        ways = bool(self.units), self.is_all_of_nobody, bool(self.selection)
        return "" if sum(ways) == 1 else "units have to be named, in one way"


@dataclass(frozen=True, slots=True)
class Disconnect(Change):
    """End an agent; its unit is offered again."""

    KIND: ClassVar[str] = "disconnect"
    agent: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Block(Change):
    """Keep a worker out of every run; what they are at work on they may finish."""

    KIND: ClassVar[str] = "block"
    worker: int = 0
    reason: str = ""

    def fault(self) -> str:
        """A reason is kept with the worker."""
        return "" if self.reason.strip() else "a block needs a reason"


_KINDS: Final = (Stop, Pause, GoOn, SetOptions, Extend, Expire, Disconnect, Block)
KINDS: Final[dict[str, type[Change]]] = {kind.KIND: kind for kind in _KINDS}


@dataclass(frozen=True, slots=True)
class Extension:
    """What a run would grow by."""

    items: int
    """Items that get units."""
    units: int
    cost_cents: int
    """What the new units cost at worst, fees included."""
    total_cents: int
    """What the whole run costs at worst then."""
    budget_cents: int | None
    project_name: str = ""
    """The project whose budget falls short of it; empty if none does."""
    short_cents: int = 0
    """By how much that budget falls short."""

    @property
    def is_affordable(self) -> bool:
        """Whether the worst case still fits the budgets of the run and its project."""
        fits = self.budget_cents is None or self.total_cents <= self.budget_cents
        return fits and not self.short_cents

    def as_outcome(self) -> str:
        """As the outcome of a rehearsal."""
        return orjson.dumps(dataclasses.asdict(self)).decode()

    @classmethod
    def from_outcome(cls, text: str) -> Extension:
        """The other way round."""
        return cls(**orjson.loads(text))


def parse_change(kind: str, args: Mapping[str, Any]) -> Change:
    """A command as it is stored, checked.

    Raises:
        StateError: there is no such kind, or an argument is missing, unknown or of another type.
    """
    found = KINDS.get(kind)
    if found is None:
        raise StateError(f"This engine does not know the command {kind!r}.")
    hints = get_type_hints(found)
    fields = {item.name for item in dataclasses.fields(found)}
    for name, value in args.items():
        if name not in fields or not _fits(value, hints[name]):
            raise StateError(f"The command {kind!r} cannot be given {name}={value!r}.")
    change = found(**args)
    fault = change.fault()
    if fault:
        raise StateError(f"The command {kind!r} cannot be carried out: {fault}.")
    return change


def args_of(change: Change) -> dict[str, Any]:
    """What `parse_change` takes, without what is as by default."""
    given = dataclasses.asdict(change)
    defaults = dataclasses.asdict(type(change)())
    return {name: value for name, value in given.items() if value != defaults[name]}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of JSON is of an annotated type; a truth value is no number."""
    if hint == list[int]:
        return isinstance(value, list) and all(_fits(item, int) for item in value)
    if hint == dict[str, Any]:
        return isinstance(value, dict)
    choices = get_args(hint) or (hint,)
    return any(type(value) is choice for choice in choices)
