"""What a check of an installation or its data has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "error"]

SHOWN = 3
"""Examples of what is wrong that one finding names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check's outcome."""

    name: str
    """What was looked at."""
    level: Level
    text: str
    """What is the case."""
    hint: str = ""
    """What to do about it; empty when all is well."""


class Faults:
    """Violations of one promise: their number, and the first few in words."""

    def __init__(self) -> None:
        self.number = 0
        self._examples: list[str] = []

    def add(self, text: str) -> None:
        """One more."""
        self.number += 1
        if len(self._examples) < SHOWN:
            self._examples.append(text)

    def __str__(self) -> str:
        more = self.number - len(self._examples)
        return "; ".join(self._examples) + (f"; and {more} more" if more else "")
