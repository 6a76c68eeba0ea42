"""Windows on long lists: which part of a list is wanted, as the pieces of a query."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import SQL, Case, Expression, NodeList, fn

from mephisto_engine.database.compiled import param


class Asked(NamedTuple):
    """Which part of a list is wanted."""

    order: str = ""
    is_descending: bool = True
    offset: int = 0
    limit: int = 120
    text: str = ""
    is_inverse: bool = False
    status: str = ""
    is_fuzzy: bool = False

    @property
    def shape(self) -> tuple[str, bool, bool, bool, bool]:
        """What the SQL text depends on."""
        return (self.order, self.is_descending, bool(self.text), self.is_inverse, bool(self.status))

    @property
    def values(self) -> dict[str, Any]:
        """What is filled into it."""
        letters = [f"!{each}" if each in "!%_" else each for each in self.text.lower()]
        between = "%" if self.is_fuzzy else ""
        return {
            "text": f"%{between.join(letters)}%",
            "status": self.status,
            "offset": self.offset,
            "limit": self.limit,
        }


def windowed(query: Any) -> Any:
    """The rows of the window alone."""
    return query.offset(param("offset")).limit(param("limit"))


def filtered(query: Any, where: list[Expression]) -> Any:
    """The query with conditions, if there are any."""
    return query.where(*where) if where else query


def conditions(
    columns: list[Any], status_column: Any, has_text: bool, is_inverse: bool, has_status: bool
) -> list[Any]:
    """What a filter asks of a row: its status, and a text in one of the columns."""
    found: list[Any] = [status_column == param("status")] if has_status else []
    if has_text:
        found.append(contains(columns, param("text"), is_inverse))
    return found


def contains(columns: list[Any], pattern: Any, is_inverse: bool) -> Any:
    """Whether one of the columns, as text, is like the pattern; letter case is ignored."""
    matches: Any = None
    for column in columns:
        text = fn.LOWER(fn.COALESCE(column.cast("TEXT"), ""))
        match = NodeList((text, SQL("LIKE"), pattern, SQL("ESCAPE '!'")), parens=True)
        matches = match if matches is None else Expression(matches, "OR", match)
    return NodeList((SQL("NOT"), matches)) if is_inverse else matches


def number(condition: Any) -> Any:
    """How many rows of a group fulfil a condition."""
    return fn.SUM(Case(None, [(condition, 1)], 0))


def direction(column: Any, is_descending: bool) -> Any:
    """The column as an order."""
    return column.desc() if is_descending else column.asc()
