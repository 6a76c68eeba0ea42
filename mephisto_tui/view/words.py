"""Numbers and time as an operator reads them."""

from __future__ import annotations

from datetime import datetime


def duration(seconds: float) -> str:
    """A length of time in at most six cells: ``12s``, ``4m31s``, ``3h12m``, ``2d4h``, ``31d``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    days, hours = whole // 86_400, whole % 86_400 // 3600
    return f"{days}d{hours}h" if hours and days < 10 else f"{days}d"


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago ``moment`` was; ``-`` when it has not come."""
    return "-" if moment is None else duration((now - moment).total_seconds())


def rough_age(moment: datetime | None, now: datetime) -> str:
    """The same in steps that stand still for a while: ``10s``, ``4m``, ``3h12m``, ``2d``.

    For columns of which every row would otherwise be sent to the terminal every second.
    """
    if moment is None:
        return "-"
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 60:
        return duration(seconds // 10 * 10)
    if seconds < 3600:
        return f"{seconds // 60}m"
    return duration(seconds) if seconds < 86_400 else f"{seconds // 86_400}d"


def date_time(moment: datetime) -> str:
    """The day and the time where the operator is, to the second."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def clock_time(moment: datetime) -> str:
    """The time of day where the operator is."""
    return f"{moment.astimezone():%H:%M:%S}"


def size(number: int) -> str:
    """Bytes in a few cells: ``12 B``, ``214 KiB``, ``812 MiB``, ``3.4 GiB``, ``1.2 TiB``."""
    if number < 1024:
        return f"{number} B"
    if number < 1024**2:
        return f"{number / 1024:.0f} KiB"
    mebibytes = number / 1024**2
    if mebibytes < 1024:
        return f"{mebibytes:.0f} MiB"
    gibibytes = mebibytes / 1024
    return f"{gibibytes:.1f} GiB" if gibibytes < 1024 else f"{gibibytes / 1024:.1f} TiB"


def count(number: int) -> str:
    """A number in at most five cells: ``9999``, ``12.3k``, ``123k``, ``4.5M``."""
    if number < 10_000:
        return str(number)
    if number < 100_000:
        return f"{number // 100 / 10:.1f}k"
    if number < 1_000_000:
        return f"{number // 1000}k"
    return f"{number // 100_000 / 10:.1f}M"


def plural(number: int, noun: str, several: str = "") -> str:
    """``1 unit``, ``2 units``; ``several`` where an s is not enough."""
    return f"{number} {noun}" if number == 1 else f"{number} {several or noun + 's'}"


def first_line(text: str) -> str:
    """What a reason says first, still as it came."""
    return next((part.strip() for part in text.splitlines() if part.strip()), "")
