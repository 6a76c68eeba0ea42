"""Rows that a person picked for a command: some by their keys, or all that a filter lets through.

A filter is kept as a filter: a hundred thousand units travel as a few words, and are looked up in
the database by whoever carries the command out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import browse
from mephisto_engine.database.queries.places import ids_in_order
from mephisto_engine.database.queries.windows import Asked
from mephisto_engine.operations.watching.snapshot import Window


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of one list are meant."""

    keys: frozenset[int] = frozenset()
    """Ids of the rows that are meant; with ``is_all`` of those that are not."""
    is_all: bool = False
    """All rows that the filter below lets through, but for ``keys``."""
    text: str = ""
    is_inverse: bool = False
    status: str = ""
    is_fuzzy: bool = False

    @classmethod
    def of_filter(cls, window: Window, but: frozenset[int] = frozenset()) -> Self:
        """All that the filter of ``window`` lets through, wherever in the list, except ``but``."""
        return cls(
            but, True, window.text, window.is_inverse, window.status, is_fuzzy=window.is_fuzzy
        )

    @classmethod
    def from_args(cls, args: dict[str, Any]) -> Self:
        """What `as_args` gave, after its way through JSON."""
        return cls(
            frozenset(args.get("keys", ())),
            bool(args.get("is_all")),
            str(args.get("text", "")),
            bool(args.get("is_inverse")),
            str(args.get("status", "")),
            bool(args.get("is_fuzzy")),
        )

    def as_args(self) -> dict[str, Any]:
        """The selection as arguments of a command."""
        if not self.is_all:
            return {"keys": sorted(self.keys)}
        return {
            "keys": sorted(self.keys),
            "is_all": True,
            "text": self.text,
            "is_inverse": self.is_inverse,
            "status": self.status,
            "is_fuzzy": self.is_fuzzy,
        }


def selected_units(db: MephistoDB, run_id: int, selection: Selection) -> dict[int, str]:
    """Id → status of the units that are meant, as of now. Blocks; not for an event loop."""
    return db.read(_units, run_id, selection)


def count_selected_units(db: MephistoDB, run_id: int, selection: Selection) -> dict[str, int]:
    """Status → number of the units that are meant, for a question that names them. Blocks."""
    return dict(Counter(selected_units(db, run_id, selection).values()))


def keys_in_order(db: MephistoDB, name: str, run_id: int, window: Window) -> list[int]:
    """Ids of all rows that the filter of ``window`` lets through, in its order, as of now. Blocks.

    ``name`` is that of a list, as `ids_in_order` knows it.
    """
    return db.read(ids_in_order, name, run_id, asked_of(window))


def asked_of(window: Window) -> Asked:
    """A window as what is asked of the database."""
    return Asked(
        window.sort,
        window.is_descending,
        window.offset,
        window.limit,
        window.text,
        window.is_inverse,
        window.status,
        window.is_fuzzy,
    )


def _units(run_id: int, selection: Selection) -> dict[int, str]:
    if not selection.is_all:
        return dict(browse.unit_statuses(run_id, sorted(selection.keys)))
    asked = Asked(
        text=selection.text,
        is_inverse=selection.is_inverse,
        status=selection.status,
        is_fuzzy=selection.is_fuzzy,
    )
    found = dict(browse.all_unit_statuses(run_id, asked))
    for key in selection.keys:
        found.pop(key, None)
    return found
