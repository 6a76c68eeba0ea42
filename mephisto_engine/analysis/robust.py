"""Middles and spreads that a few odd values cannot move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NORMAL_MAD: Final = 1.4826
"""Makes the median absolute deviation of normal data its standard deviation."""


def median(values: Sequence[float]) -> float:
    """The middle value; the mean of the two middle ones where there are two.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values have no median")
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def median_cents(values: Sequence[int]) -> int:
    """The middle amount of money, the lower of two: an amount that occurs, never a fraction.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values have no median")
    return sorted(values)[(len(values) - 1) // 2]


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie, between two of them by interpolation.

    The method is number 7 of Hyndman & Fan (1996), "Sample quantiles in statistical packages",
    The American Statistician 50(4).
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(values: Sequence[float]) -> float:
    """A standard deviation that outliers do not inflate.

    The scaled median absolute deviation (Rousseeuw & Croux 1993, "Alternatives to the median
    absolute deviation", JASA 88); where more than half of the values are alike, so that it is 0,
    the interquartile range over 1.349.
    """
    middle = median(values)
    mad = median([abs(value - middle) for value in values])
    if mad > 0:
        return NORMAL_MAD * mad
    return (quantile(values, 0.75) - quantile(values, 0.25)) / 1.349
