"""Numbers in the sentences with which the engine answers."""

from __future__ import annotations


def number_of(number: int, noun: str) -> str:
    """``1 unit``, ``2 units``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
