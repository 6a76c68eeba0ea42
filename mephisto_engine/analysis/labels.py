"""Labels: what a worker said of an item, as text, and the order in which classes are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

Level = Literal["nominal", "ordinal", "interval"]
"""Whether classes are mere names, have an order, or are numbers whose distance means something."""


class Label(NamedTuple):
    """One label."""

    item: int
    worker: int
    value: str


def label_text(value: Any) -> str:
    """A JSON scalar as a class's name, the way a web page writes it: ``true``, ``3``, ``0.5``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_number(text: str) -> float | None:
    """The number that a class stands for; None if it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def ordered_classes(values: Iterable[str], order: Sequence[str] = ()) -> list[str]:
    """Each class once: those of ``order`` as it says, then numbers by size, then the rest by name.

    An order that is given holds where it names the class; a number that is none (``nan``) is text.
    """
    known = {name: place for place, name in enumerate(order)}

    def place(value: str) -> tuple[int, float, str]:
        if value in known:
            return 0, known[value], value
        number = as_number(value)
        return (2, 0.0, value) if number is None else (1, number, value)

    return sorted(set(values), key=place)
