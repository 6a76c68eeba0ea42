"""Whether a Blueprint keeps its contract."""

# ruff: noqa: D102 - the name of a test says what is true

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import pytest

from mephisto_engine.abstractions.agent import AgentDisconnectedError
from mephisto_engine.abstractions.blueprint import (
    Blueprint,
    InitializationData,
    ItemSource,
    SharedTaskState,
)
from mephisto_engine.abstractions.qualifications import Requirement
from mephisto_engine.abstractions.review_view import (
    Check,
    CheckResult,
    Section,
    SubmittedData,
)
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.errors import Problem
from mephisto_engine.testing.conformance.options import OptionsConformance
from mephisto_engine.testing.hostile_data import odd_data
from mephisto_engine.testing.records import make_live_agent, make_run, make_unit

_ITEMS_LOOKED_AT = 20
_LONGEST_CHECK = 1000


@dataclass
class BlueprintCase:
    """A blueprint to test, with options that make a run of at least one item."""

    blueprint_class: type[Blueprint]
    args: Any
    wrong_args: Sequence[Any] = ()
    """Options that are each wrong in some way."""
    shared_state: SharedTaskState = field(default_factory=SharedTaskState)
    page_files: Sequence[str] = ("index.html",)
    """Files that have to be in the site, as paths from its root."""


class BlueprintConformance(OptionsConformance):
    """Subclass it and override the fixture `case`."""

    type_field = "_blueprint_type"

    def plugin(self, case: BlueprintCase) -> tuple[type[Blueprint], str]:
        """The blueprint's class and type."""
        return case.blueprint_class, case.blueprint_class.BLUEPRINT_TYPE

    def problems(self, case: BlueprintCase, args: Any) -> Iterable[Problem]:
        """What the blueprint finds wrong with options."""
        return case.blueprint_class.assert_task_args(args, case.shared_state)

    @pytest.fixture
    def blueprint(self, case: BlueprintCase) -> Blueprint:
        """A blueprint bound to the case's options."""
        return case.blueprint_class(case.args, case.shared_state, make_run())

    @pytest.fixture
    def unit(self, blueprint: Blueprint) -> UnitRecord:
        """The first unit of the first item."""
        item = first_items(blueprint)[0]
        return make_unit(1, shared=item.shared, data=item.unit_data[0])

    def test_its_classes_are_given(self, case: BlueprintCase) -> None:
        blueprint_class = case.blueprint_class
        assert isinstance(case.shared_state, blueprint_class.SharedStateClass)
        assert blueprint_class.TaskBuilderClass
        assert blueprint_class.TaskRunnerClass
        assert blueprint_class.AgentStateClass()

    def test_it_fills_an_empty_folder_and_writes_nowhere_else(
        self, case: BlueprintCase, blueprint: Blueprint, tmp_path: Path, outside: Path
    ) -> None:
        root = tmp_path / "built"
        root.mkdir()
        blueprint.TaskBuilderClass(blueprint).build_in_dir(root)
        missing = [name for name in case.page_files if not (root / name).is_file()]
        assert not missing
        assert list(outside.rglob("*")) == []

    def test_its_items_are_plain_data_with_at_least_one_unit(self, blueprint: Blueprint) -> None:
        items = first_items(blueprint)
        assert items
        for item in items:
            assert item.unit_data
            assert json.loads(json.dumps(item.shared)) == item.shared
            assert json.loads(json.dumps(item.unit_data)) == item.unit_data

    def test_its_items_come_in_the_same_order_again(self, blueprint: Blueprint) -> None:
        assert first_items(blueprint) == first_items(blueprint)

    def test_the_page_gets_the_same_plain_data_on_each_reconnect(
        self, blueprint: Blueprint, unit: UnitRecord
    ) -> None:
        runner = blueprint.TaskRunnerClass(blueprint)

        async def reconnect() -> list[Any]:
            agent = make_live_agent(unit)
            return [runner.get_init_data_for_agent(agent) for _ in range(2)]

        first, second = asyncio.run(reconnect())
        assert first, "a page waits for ever on data that is empty"
        assert first == second
        assert json.loads(json.dumps(first)) == first

    def test_the_page_gets_a_plain_task_config(self, blueprint: Blueprint) -> None:
        config = blueprint.get_frontend_args()
        assert isinstance(config, dict)
        assert json.loads(json.dumps(config)) == config

    def test_its_requirements_are_requirements(self, blueprint: Blueprint) -> None:
        required = blueprint.get_required_qualifications()
        assert all(isinstance(item, Requirement) for item in required)

    def test_an_example_answer_is_read_like_a_workers(
        self, blueprint: Blueprint, unit: UnitRecord
    ) -> None:
        answer = self._answer(blueprint, unit, seed=1)
        assert isinstance(answer, dict)
        stored = json.loads(json.dumps(answer))
        assert stored == answer
        parsed = blueprint.AgentStateClass().get_parsed_data(unit, stored)
        assert set(parsed) >= {"inputs", "outputs"}
        json.dumps(parsed)

    def test_an_example_answer_follows_from_the_seed(
        self, blueprint: Blueprint, unit: UnitRecord
    ) -> None:
        assert self._answer(blueprint, unit, 1) == self._answer(blueprint, unit, 1)

    def test_its_data_read_in_review(self, blueprint: Blueprint, unit: UnitRecord) -> None:
        answer = self._answer(blueprint, unit, 1)
        data = SubmittedData({**unit.shared, **unit.data}, answer, args=vars(blueprint.args))
        sections = blueprint.review_sections(data)
        assert sections, "a reviewer sees nothing of a sound answer"
        assert all(isinstance(section, Section) for section in sections)
        assert all(isinstance(section.title, str) for section in sections)
        checks = list(blueprint.review_checks(data))
        failed = [check.text for check in checks if check.result == "failed"]
        is_answered = bool(answer)
        assert not (failed and is_answered), "its own example answer fails its checks"

    def test_whatever_was_stored_reads_in_review(
        self, blueprint: Blueprint, unit: UnitRecord
    ) -> None:
        answer = self._answer(blueprint, unit, 1)
        for data in odd_data({**unit.shared, **unit.data}, answer):
            before = repr(data)
            for section in blueprint.review_sections(data):
                assert isinstance(section, Section)
            for check in blueprint.review_checks(data):
                assert isinstance(check, Check)
                assert check.result in get_args(CheckResult)
                assert len(check.text) <= _LONGEST_CHECK, "nobody reads a check that long"
            assert repr(data) == before, "looking at data has changed them"

    def test_task_code_ends_with_the_submission(
        self, blueprint: Blueprint, unit: UnitRecord
    ) -> None:
        runner = blueprint.TaskRunnerClass(blueprint)
        answer = self._answer(blueprint, unit, 1)

        async def work() -> None:
            agent = make_live_agent(unit)
            task = asyncio.create_task(runner.run_unit(agent))
            await asyncio.sleep(0)
            agent.set_submitted(answer)
            await asyncio.wait_for(task, 10)
            await runner.cleanup_unit(agent)

        if not runner.is_concurrent:
            asyncio.run(work())

    def test_task_code_ends_when_the_worker_leaves(
        self, blueprint: Blueprint, unit: UnitRecord
    ) -> None:
        runner = blueprint.TaskRunnerClass(blueprint)

        async def leave() -> None:
            agent = make_live_agent(unit)
            task = asyncio.create_task(runner.run_unit(agent))
            await asyncio.sleep(0)
            agent.set_gone("disconnect")
            with pytest.raises(AgentDisconnectedError):
                await asyncio.wait_for(task, 10)
            await runner.cleanup_unit(agent)

        if not runner.is_concurrent:
            asyncio.run(leave())

    def _answer(self, blueprint: Blueprint, unit: UnitRecord, seed: int) -> dict[str, Any]:
        async def make() -> dict[str, Any]:
            runner = blueprint.TaskRunnerClass(blueprint)
            init_data = runner.get_init_data_for_agent(make_live_agent(unit))
            return blueprint.example_answer(init_data, random.Random(seed))

        return asyncio.run(make())


def first_items(blueprint: Blueprint) -> list[InitializationData]:
    """The first items of a blueprint, which may have no end of them."""
    return asyncio.run(_take(blueprint.get_initialization_data()))


async def _take(source: ItemSource) -> list[InitializationData]:
    if not isinstance(source, AsyncIterable):
        return list(islice(source, _ITEMS_LOOKED_AT))
    taken: list[InitializationData] = []
    async for item in source:
        taken.append(item)
        if len(taken) == _ITEMS_LOOKED_AT:
            break
    return taken
