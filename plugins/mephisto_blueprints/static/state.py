"""What a run script gives to a static task, items from Python above all."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from typing import Any

from mephisto_blueprints.static.item_sources import Item, Scan
from mephisto_engine.abstractions.blueprint import OnboardingState, SharedTaskState
from mephisto_engine.abstractions.quality import GoldState, ScreeningState
from mephisto_engine.errors import ConfigError, Problem

PythonItems = Iterable[Item] | AsyncIterable[Item]
StaticTaskData = PythonItems | Callable[[], PythonItems]

WHERE = "static_task_data"


@dataclass
class SharedStaticTaskState(OnboardingState, ScreeningState, GoldState, SharedTaskState):
    """Shared state of the static blueprints."""

    static_task_data: StaticTaskData = field(default_factory=list)
    """Items, when no data file is named: a list, any iterable or async iterable, or a function
    that gives one (a generator function, say). It may be endless; it is read as units are needed.
    """


def python_items(data: StaticTaskData) -> PythonItems:
    """The items of ``static_task_data``, checked as they come.

    Raises:
        ConfigError: it is nothing that items can be taken from; on iteration: an item is no
            mapping.
    """
    source = data() if callable(data) else data
    if isinstance(source, AsyncIterable):
        return _checked_async(source)
    if isinstance(source, Iterable):
        return _checked(source)
    raise ConfigError([_no_source(source)])


def scan_python_items(data: StaticTaskData) -> Scan | None:
    """What can be known without taking anything out of a generator; None if nothing can."""
    if callable(data) or isinstance(data, AsyncIterable):
        return None
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _scan_sequence(data)
    if isinstance(data, Iterable) and not isinstance(data, str | bytes | Mapping):
        return None
    return Scan(problems=[_no_source(data)])


def _scan_sequence(data: Sequence[Any]) -> Scan:
    result = Scan(item_count=len(data))
    for index, item in enumerate(data):
        if isinstance(item, Mapping):
            result.fields.update(item)
        else:
            result.problems.append(_no_mapping(index, item))
    return result


def _checked(source: Iterable[Any]) -> Iterator[Item]:
    for index, item in enumerate(source):
        yield _as_item(index, item)


async def _checked_async(source: AsyncIterable[Any]) -> AsyncIterator[Item]:
    index = 0
    async for item in source:
        yield _as_item(index, item)
        index += 1


def _as_item(index: int, item: Any) -> Item:
    if not isinstance(item, Mapping):
        raise ConfigError([_no_mapping(index, item)])
    return dict(item)


def _no_mapping(index: int, item: Any) -> Problem:
    return Problem(f"{WHERE}[{index}]", f"is of type {type(item).__name__}", "a dictionary")


def _no_source(source: Any) -> Problem:
    return Problem(WHERE, f"is of type {type(source).__name__}", "a list or a generator of items")
