"""The smallest task there is, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_blueprints.static.args import QualityArgs, key, number_below_one
from mephisto_blueprints.static.files import PAGE_FILES, copy_page
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_engine.abstractions.args import arg, required
from mephisto_engine.abstractions.blueprint import (
    Blueprint,
    ConcurrentArgs,
    InitializationData,
    ItemSource,
    SharedTaskState,
    TaskBuilder,
    TaskRunner,
)
from mephisto_engine.errors import Problem

_TASK_HTML = """<h1>Mock task ${index}</h1>
<fieldset>
  <legend>Your answer</legend>
  <label><input type="radio" name="answer" value="yes" required> yes</label>
  <label><input type="radio" name="answer" value="no"> no</label>
  <label><input type="radio" name="answer" value="not sure"> not sure</label>
</fieldset>
"""


@dataclass
class MockArgs(ConcurrentArgs, QualityArgs):
    """Options of `mock`."""

    _blueprint_type: str = "mock"
    num_assignments: int = required("how many assignments the run has")
    units_per_assignment: int = arg(1, "how many workers answer each assignment")
    is_concurrent: bool = arg(False, "whether an assignment's workers meet at the same time")
    timeout_time: int = arg(0, "seconds that task code waits for a worker; 0 = for ever")
    use_onboarding: bool = arg(False, "whether new workers start with an onboarding task")
    task_source_review: str | None = arg(None, "kept for existing configs")


class MockTaskBuilder(TaskBuilder):
    """The page of the static tasks with one question."""

    def build_in_dir(self, root: Path) -> None:
        copy_page(root, *PAGE_FILES)
        for name in ("task.html", "preview.html"):
            (root / name).write_text(_TASK_HTML, "utf-8")


class MockTaskRunner(TaskRunner):
    """Waits for the answers of one worker, or of all who do an assignment together."""

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.is_concurrent = bool(blueprint.args.is_concurrent)


class MockBlueprint(Blueprint):
    """Numbered assignments without any content."""

    BLUEPRINT_TYPE = "mock"
    ArgsClass = MockArgs
    SharedStateClass = SharedStaticTaskState
    TaskBuilderClass = MockTaskBuilder
    TaskRunnerClass = MockTaskRunner

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: SharedTaskState) -> Iterable[Problem]:
        yield from number_below_one(args, "num_assignments")
        yield from number_below_one(args, "units_per_assignment")
        if args.use_onboarding and not args.onboarding_qualification:
            yield Problem(
                key("onboarding_qualification"), "is needed for `use_onboarding`", "give it a name"
            )

    def get_initialization_data(self) -> ItemSource:
        return self._numbered(self.args.num_assignments, self.args.units_per_assignment)

    @staticmethod
    def _numbered(assignments: int, units: int) -> Iterator[InitializationData]:
        for index in range(assignments):
            yield InitializationData(shared={"index": index}, unit_data=[{} for _ in range(units)])
