"""Tips of workers that the operator has accepted, shown to all workers of a task."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mephisto_engine.errors import ConfigError, Problem

COLUMNS: Final = ("header", "text")
_WHERE: Final = "mephisto.blueprint.tips_location"


def tips_path(args: Any) -> Path | None:
    """The file that the options name, if they name one."""
    given = getattr(args, "tips_location", None)
    return Path(str(given)).expanduser() if given else None


def tips_problems(args: Any) -> Iterator[Problem]:
    """What is wrong with the file."""
    path = tips_path(args)
    if path is not None:
        try:
            read_tips(path)
        except ConfigError as error:
            yield from error.problems


def read_tips(path: Path) -> list[dict[str, str]]:
    """Tips as pages get them in `taskConfig.tips`: ``[{"header": …, "text": …}]``.

    Raises:
        ConfigError: the file cannot be read, or has other columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            columns = tuple(rows.fieldnames or ())
            if not set(COLUMNS) <= set(columns):
                what = f"{path} has the columns {', '.join(columns) or 'none'}"
                raise ConfigError([Problem(_WHERE, what, f"a header with {', '.join(COLUMNS)}")])
            return [{name: row[name] or "" for name in COLUMNS} for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError([Problem(_WHERE, f"cannot read {path}: {error}")]) from error
