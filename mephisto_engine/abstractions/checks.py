"""What every answer can be looked at for, whatever its task is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mephisto_engine.abstractions.review_view import Check

MOST_NAMED: Final = 5
"""Fields that are named in one check."""
LONGEST_NAME: Final = 40


def filled_in(answer: Any) -> Iterator[Check]:
    """Whether something was handed in, and which fields of it are empty."""
    if answer in (None, "", {}, []):
        yield Check("failed", "nothing was handed in")
        return
    if not isinstance(answer, Mapping):
        return
    fields = {str(name): value for name, value in answer.items() if not _holds_others(value)}
    empty = [name for name, value in fields.items() if is_empty(value)]
    if empty:
        yield Check("odd", f"{len(empty)} of {len(fields)} fields empty: {named(empty)}")
    elif fields:
        yield Check("passed", "answered every field")


def required(needed: Sequence[str], empty: list[str]) -> Check:
    """Whether what has to be answered is; the fields by the names that a person knows them by."""
    if empty:
        return Check(
            "failed", f"{len(empty)} of {len(needed)} required fields empty: {named(empty)}"
        )
    if not needed:
        return Check("passed", "no field is required")
    which = "the required field" if len(needed) == 1 else f"all {len(needed)} required fields"
    return Check("passed", f"answered {which}")


def is_empty(value: Any) -> bool:
    """Whether a field was left as it was: nothing, blanks, or none of several chosen."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        return not any(value.values())
    return value is None or value == []


def named(names: list[str]) -> str:
    """Some names, the first ones of many."""
    shown = [name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…" for name in names]
    more = len(names) - MOST_NAMED
    return ", ".join(shown[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _holds_others(value: Any) -> bool:
    """Places of a page that hold no answer of their own, such as those of files."""
    return value in ({}, [])
