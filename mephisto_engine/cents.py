"""Sums of money: whole cents inside, dollars where people read and write them. No floats."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

LARGEST_SUM: Final = 10**12
"""Dollars that nobody has; what is more is a typing error."""


def amount(cents: int) -> str:
    """``9360`` as ``93.60``."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def dollars(cents: int) -> str:
    """``9360`` as ``$93.60``, ``-5`` as ``-$0.05``."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${amount(abs(cents))}"


def as_cents(given: str | float) -> int:
    """Dollars as a person, a file or a config has them; 0.1 is ten cents, whatever its binary form.

    Raises:
        ValueError: it is no amount of whole cents; the message says why, for behind the amount.
    """
    try:
        exact = Decimal(str(given).strip().removeprefix("$"))
    except InvalidOperation:
        raise ValueError("is not an amount in dollars") from None
    if not exact.is_finite() or not 0 <= exact < LARGEST_SUM:
        raise ValueError("is not an amount of money")
    if exact * 100 != int(exact * 100):
        raise ValueError("is not in whole cents")
    return int(exact * 100)
