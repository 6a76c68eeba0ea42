"""The part of a static blueprint that does not depend on how its page is made."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sized
from pathlib import Path
from typing import Any

from mephisto_blueprints.static.args import (
    StaticArgs,
    given,
    key,
    number_below_one,
)
from mephisto_blueprints.static.files import folder_problems
from mephisto_blueprints.static.item_sources import (
    DATA_OPTIONS,
    Item,
    Scan,
    chosen_data_file,
    data_file_at,
    scan,
)
from mephisto_blueprints.static.state import (
    SharedStaticTaskState,
    python_items,
    scan_python_items,
)
from mephisto_engine.abstractions.blueprint import (
    Blueprint,
    InitializationData,
    ItemSource,
    SharedTaskState,
)
from mephisto_engine.errors import ConfigError, Problem


class StaticBlueprint(Blueprint):
    """Each item becomes one assignment, which ``units_per_assignment`` workers answer."""

    ArgsClass = StaticArgs
    SharedStateClass = SharedStaticTaskState

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: SharedTaskState) -> Iterable[Problem]:
        found = scan_items(args, shared_state)
        yield from number_below_one(args, "units_per_assignment")
        yield from folder_problems(key("extra_source_dir"), given(args, "extra_source_dir"))
        yield from found.problems if found else ()
        yield from cls.page_problems(args, found.fields if found and not found.problems else None)

    @classmethod
    def page_problems(cls, args: Any, fields: set[str] | None) -> Iterable[Problem]:
        """What is wrong with the page's own files; ``fields`` is None if they are not known."""
        raise NotImplementedError

    def get_initialization_data(self) -> ItemSource:
        data_file = chosen_data_file(self.args)
        source = (
            data_file.items()
            if data_file
            else python_items(getattr(self.shared_state, "static_task_data", ()))
        )
        if isinstance(source, AsyncIterable):
            return self._initialize_async(source)
        return self._initialize(source)

    def read_items(self, path: Path) -> Iterable[InitializationData]:
        data_file = data_file_at(path)
        others = dict.fromkeys(DATA_OPTIONS)
        args = dataclasses.replace(self.args, **{**others, data_file.option: str(path)})
        problems = list(self.assert_task_args(args, self.shared_state))
        if problems:
            raise ConfigError(problems)
        return self._initialize(data_file.items())

    def has_lazy_data(self) -> bool:
        if chosen_data_file(self.args):
            return False
        return not isinstance(getattr(self.shared_state, "static_task_data", ()), Sized)

    def get_special_data(self, item: Item) -> Item:
        return self.page_item(dict(item))

    def page_item(self, item: Item) -> Item:
        """The item as the page gets it."""
        return item

    def _initialize(self, source: Iterable[Item]) -> Iterator[InitializationData]:
        for item in source:
            yield self._assignment(item)

    async def _initialize_async(
        self, source: AsyncIterable[Item]
    ) -> AsyncIterator[InitializationData]:
        async for item in source:
            yield self._assignment(item)

    def _assignment(self, item: Item) -> InitializationData:
        units: list[dict[str, Any]] = [{} for _ in range(self.args.units_per_assignment)]
        return InitializationData(shared=self.page_item(item), unit_data=units)


def scan_items(args: Any, shared_state: SharedTaskState) -> Scan | None:
    """What one pass over the run's items finds; None if they come from a generator."""
    data_file = chosen_data_file(args)
    if data_file:
        return scan(data_file)
    result = scan_python_items(getattr(shared_state, "static_task_data", ()))
    if result and not result.item_count and not result.problems:
        sources = "data_csv, data_json, data_jsonl, or static_task_data in the task code"
        result.problems.append(Problem("mephisto.blueprint", "no task data", f"give {sources}"))
    return result
