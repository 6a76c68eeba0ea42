"""Requirements on a worker's qualifications: one algebra, used by every check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mephisto_engine.data_model.records import WorkerRecord
from mephisto_engine.errors import Problem


class Comparator(StrEnum):
    """How a worker's value is compared with the required one."""

    GREATER = "GreaterThan"
    GREATER_EQUAL = "GreaterThanOrEqualTo"
    LESS = "LessThan"
    LESS_EQUAL = "LessThanOrEqualTo"
    EQUAL = "EqualTo"
    NOT_EQUAL = "NotEqualTo"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    IN = "In"
    NOT_IN = "NotIn"


_ORDERED = {
    Comparator.GREATER,
    Comparator.GREATER_EQUAL,
    Comparator.LESS,
    Comparator.LESS_EQUAL,
}
_PRESENCE = {Comparator.EXISTS, Comparator.DOES_NOT_EXIST}
_MEMBERSHIP = {Comparator.IN, Comparator.NOT_IN}


@dataclass(frozen=True)
class Requirement:
    """What a worker's value for one qualification has to be."""

    qualification_name: str
    comparator: Comparator
    value: int | tuple[int, ...] | None = None
    applicable_providers: tuple[str, ...] | None = None
    """Provider types it holds for; None means all."""

    def is_met_by(self, worker: WorkerRecord) -> bool:
        """Whether the worker may pass. Without a grant only `DoesNotExist` is met."""
        if self.applicable_providers and worker.provider_type not in self.applicable_providers:
            return True
        held = worker.qualifications.get(self.qualification_name)
        if self.comparator is Comparator.DOES_NOT_EXIST:
            return held is None
        if held is None:
            return False
        return self.comparator is Comparator.EXISTS or _compare(held, self.comparator, self.value)

    def __str__(self) -> str:
        shown = "" if self.value is None else f" {self.value}"
        return f"{self.qualification_name} {self.comparator}{shown}"


def _compare(held: int, comparator: Comparator, value: int | tuple[int, ...] | None) -> bool:
    if isinstance(value, tuple):
        return (held in value) is (comparator is Comparator.IN)
    wanted = value or 0
    match comparator:
        case Comparator.GREATER:
            return held > wanted
        case Comparator.GREATER_EQUAL:
            return held >= wanted
        case Comparator.LESS:
            return held < wanted
        case Comparator.LESS_EQUAL:
            return held <= wanted
        case Comparator.EQUAL:
            return held == wanted
        case _:
            return held != wanted


def unmet(requirements: Iterable[Requirement], worker: WorkerRecord) -> Requirement | None:
    """The first requirement that the worker does not meet."""
    return next((item for item in requirements if not item.is_met_by(worker)), None)


def parse_requirement(where: str, raw: Any) -> Requirement | Problem:
    """A requirement from a config or script, in Mephisto's shape.

    ``{qualification_name, comparator, value, applicable_providers}``.
    """
    if isinstance(raw, Requirement):
        return raw
    if not isinstance(raw, Mapping):
        return Problem(where, "is not a mapping", "give qualification_name, comparator and value")
    name = raw.get("qualification_name")
    if not isinstance(name, str) or not name:
        return Problem(f"{where}.qualification_name", "must be a name that is not empty")
    try:
        comparator = Comparator(raw.get("comparator", ""))
    except ValueError:
        allowed = ", ".join(Comparator)
        return Problem(f"{where}.comparator", f"unknown: {raw.get('comparator')!r}", allowed)
    value = raw.get("value")
    fault = _value_fault(comparator, value)
    if fault:
        return Problem(f"{where}.value", fault)
    providers = raw.get("applicable_providers")
    return Requirement(
        name,
        comparator,
        tuple(value or ()) if comparator in _MEMBERSHIP else value,
        tuple(providers) if providers else None,
    )


def _value_fault(comparator: Comparator, value: Any) -> str:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    if comparator in _PRESENCE:
        return "" if value is None else f"{comparator} takes no value"
    if comparator in _MEMBERSHIP:
        is_list = isinstance(value, list | tuple) and all(isinstance(item, int) for item in value)
        return "" if is_list else f"{comparator} takes a list of whole numbers"
    return "" if is_int else f"{comparator} takes a whole number"
