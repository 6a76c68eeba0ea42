"""Which rows of a table are marked for a command that is to take several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import Window


class RangeEnds(NamedTuple):
    """From where to where rows are to be marked."""

    first: int | None
    """Key of the row that was marked last."""
    last: int | None
    """Key of the row under the cursor; None: it is not at hand."""
    place: int
    """Place of the cursor in the whole list."""


class Marks:
    """Rows by key; or, after ``*``, all that the filter shows but for some keys."""

    def __init__(self) -> None:
        self._keys: set[int] = set()
        self._filter: Window | None = None
        """The filter all of whose rows are marked; ``_keys`` are then those that are not."""
        self.last: int | None = None
        """Key of the row that was marked last: where a range begins."""

    def __contains__(self, key: int) -> bool:
        return (key in self._keys) != (self._filter is not None)

    def __bool__(self) -> bool:
        return bool(self._keys) or self._filter is not None

    @property
    def is_all(self) -> bool:
        return self._filter is not None

    def count(self, total: int) -> int:
        """How many rows are marked, of ``total`` that the filter shows."""
        return max(0, total - len(self._keys)) if self.is_all else len(self._keys)

    def toggle(self, key: int) -> None:
        self._keys ^= {key}
        self.last = key

    def add(self, keys: Iterable[int]) -> None:
        if self.is_all:
            self._keys -= set(keys)
        else:
            self._keys |= set(keys)

    def add_between(self, keys: Sequence[int], ends: RangeEnds) -> bool:
        """Mark a range of ``keys``, which are in the order of the list; False if it lacks an end.

        Of an end that was not at hand when the range was wished for its place alone is known.
        """
        last = ends.last
        if last is None and ends.place < len(keys):
            last = keys[ends.place]
        if ends.first not in keys or last not in keys:
            return False
        places = sorted((keys.index(ends.first), keys.index(last)))
        self.add(keys[places[0] : places[1] + 1])
        return True

    def mark_all(self, window: Window) -> None:
        """Everything that the filter of ``window`` shows, also what is not at hand."""
        self.clear()
        self._filter = window

    def clear(self) -> None:
        self._keys.clear()
        self._filter = None
        self.last = None

    def forget(self, gone: Iterable[int]) -> None:
        """Rows that do not exist any more are not marked either."""
        self._keys -= set(gone)
        if self.last is not None and self.last not in self:
            self.last = None

    def selection(self) -> Selection:
        keys = frozenset(self._keys)
        return Selection(keys) if self._filter is None else Selection.of_filter(self._filter, keys)


def has_same_filter(one: Window, other: Window) -> bool:
    """Whether two windows show the same rows, in whatever order."""
    return Selection.of_filter(one) == Selection.of_filter(other)
