"""What pay for a unit comes to in an hour."""

from __future__ import annotations

from dataclasses import dataclass

from mephisto_engine.analysis.robust import median_cents
from mephisto_engine.cents import dollars

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


@dataclass(frozen=True, slots=True)
class Wage:
    """What pay comes to in an hour, and what it should come to at least."""

    pay_cents: int
    """For one unit."""
    worked_ms: int
    """Time that a unit takes, in the middle or as it was estimated."""
    units: int
    """Submitted units that the time is the median of; 0 where it was estimated."""
    minimum_cents: int | None = None
    """Cents an hour; None where nobody has set a minimum."""

    @property
    def hourly_cents(self) -> int | None:
        """Cents an hour; None for work that took no time."""
        return hourly_cents(self.pay_cents, self.worked_ms)

    @property
    def is_too_low(self) -> bool:
        """Whether it is below the minimum."""
        hourly = self.hourly_cents
        return None not in (hourly, self.minimum_cents) and (hourly or 0) < (
            self.minimum_cents or 0
        )

    @property
    def fair_cents(self) -> int | None:
        """The least pay for a unit that keeps the minimum; None where there is none."""
        if self.minimum_cents is None:
            return None
        return fair_pay_cents(self.minimum_cents, self.worked_ms)

    def warning(self) -> str:
        """What is wrong, as a sentence; empty while nothing is."""
        hourly, minimum, fair = self.hourly_cents, self.minimum_cents, self.fair_cents
        if not self.is_too_low or hourly is None or minimum is None or fair is None:
            return ""
        seconds = self.worked_ms // 1000
        took = f"{seconds // 60}m{seconds % 60:02}s" if seconds >= 60 else f"{seconds}s"
        time = f"median time of {took}" if self.units else f"estimated time of {took}"
        return (
            f"pay is {dollars(hourly)} an hour at the {time}, below the minimum of "
            f"{dollars(minimum)}; {dollars(fair)} a unit would keep it"
        )
