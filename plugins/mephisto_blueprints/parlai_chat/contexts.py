"""What conversations are about: a row of a data file each, or nothing and just so many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mephisto_blueprints.static.args import given, number_below_one
from mephisto_blueprints.static.item_sources import (
    DataFile,
    Item,
    Reader,
    data_file_at,
    read_csv,
    read_jsonl,
    scan,
)
from mephisto_engine.errors import ConfigError, Problem

_READERS: dict[str, Reader] = {"context_csv": read_csv, "context_jsonl": read_jsonl}


def context_problems(args: Any) -> Iterator[Problem]:
    """Everything that is wrong with the contexts."""
    data_file = _data_file(args)
    if data_file is not None:
        yield from scan(data_file).problems
    elif args.num_conversations is None:
        options = "context_csv, context_jsonl or num_conversations"
        yield Problem("mephisto.blueprint", "no conversations", f"give {options}")
    else:
        yield from number_below_one(args, "num_conversations")


def contexts(args: Any) -> Iterable[Item]:
    """The context of each conversation.

    Raises:
        ConfigError: on iteration: the data file was changed after it was checked.
    """
    data_file = _data_file(args)
    if data_file is not None:
        return data_file.items()
    return ({} for _ in range(args.num_conversations))


def contexts_in(path: Path) -> Iterable[Item]:
    """The contexts of another file.

    Raises:
        ConfigError: with everything that is wrong with it.
    """
    data_file = data_file_at(path)
    problems = scan(data_file).problems
    if problems:
        raise ConfigError(problems)
    return data_file.items()


def _data_file(args: Any) -> DataFile | None:
    for option, reader in _READERS.items():
        path = given(args, option)
        if path:
            return DataFile(option, Path(path).expanduser(), reader)
    return None
