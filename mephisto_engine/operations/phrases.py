"""Numbers and money in the sentences with which the engine answers."""

from __future__ import annotations


def amount(cents: int) -> str:
    """``9360`` as ``93.60``."""
    return f"{cents // 100}.{cents % 100:02}"


def dollars(cents: int) -> str:
    """``9360`` as ``$93.60``."""
    return f"${amount(cents)}"


def number_of(number: int, noun: str) -> str:
    """``1 unit``, ``2 units``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
