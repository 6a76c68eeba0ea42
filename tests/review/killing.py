"""Ends a sender in the middle of what it does, as a killed process would."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mephisto_engine.operations.reviewing.review import Review

T = TypeVar("T")


class KilledError(BaseException):
    """Nothing of ours catches it, so nothing is done after it."""


def killed_at(review: Review, step: str, number: int, work: Callable[[], T]) -> T | None:
    """Do some work, and end it when it comes to a step for the ``number``-th time.

    None comes back if it ended there; what the work gives if it never came so far.
    """
    seen = 0

    def failpoint(name: str) -> None:
        nonlocal seen
        seen += name == step
        if name == step and seen == number:
            raise KilledError

    review.failpoint = failpoint
    try:
        return work()
    except KilledError:
        return None
    finally:
        review.failpoint = lambda name: None
