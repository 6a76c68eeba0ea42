"""What pay for a unit comes to in an hour."""

from __future__ import annotations

from mephisto_engine.analysis.robust import median_cents

_HOUR_MS = 3_600_000


def hourly_cents(pay_cents: int, worked_ms: int) -> int | None:
    """Cents an hour at this pay and time, rounded down; None for work that took no time."""
    return pay_cents * _HOUR_MS // worked_ms if worked_ms > 0 else None


def median_hourly_cents(work: list[tuple[int, int]]) -> int | None:
    """The middle of what units paid an hour; None while none took any time.

    Args:
        work: ``(pay in cents, milliseconds worked)`` of each unit.
    """
    rates = [hourly_cents(pay, worked) for pay, worked in work]
    known = [rate for rate in rates if rate is not None]
    return median_cents(known) if known else None


def fair_pay_cents(minimum_hourly_cents: int, worked_ms: int) -> int:
    """The least pay for a unit that keeps an hourly minimum, rounded up to a whole cent."""
    return -(-minimum_hourly_cents * worked_ms // _HOUR_MS)
