"""One measured number, what it has to be, and how a list of them is printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

_HEADER = ("figure", "value", "unit", "target", "ratio", "", "note")


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str
    target: float | None = None
    """The bound to keep; None for a figure that only explains others."""
    is_floor: bool = False
    """Whether the target is the least that is wanted, and not the most."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Value over target; None without a target, or with one of 0."""
        return self.value / self.target if self.target else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is kept; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.is_floor else self.value <= self.target


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def as_json(benchmark: str, figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """The figures as plain data."""
    return [
        {"benchmark": benchmark, **asdict(figure), "ratio": figure.ratio, "is_met": figure.is_met}
        for figure in figures
    ]


def table(figures: Sequence[Figure]) -> list[str]:
    """The figures as aligned lines under a header."""
    rows = [_HEADER, *(_cells(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in rows]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        is_number = place in (1, 3, 4)
        yield cell.rjust(width) if is_number else cell.ljust(width)


def _cells(figure: Figure) -> tuple[str, ...]:
    target = "" if figure.target is None else f"{'≥' if figure.is_floor else '≤'} {figure.target:g}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    verdict = {None: "", True: "ok", False: "MISSED"}[figure.is_met]
    number = _number(figure.value)
    return (figure.name, number, figure.unit, target, ratio, verdict, figure.note)


def _number(value: float) -> str:
    """Three significant digits, and no exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
