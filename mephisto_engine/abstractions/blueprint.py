"""What a task is: its options, its data, its page, and what runs beside each worker."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.checks import filled_in
from mephisto_engine.abstractions.qualifications import Requirement
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    PROMPT,
    Check,
    Section,
    SubmittedData,
    sections_of,
)
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.data_model.records import (
    RunRecord,
    SubmittedUnit,
    UnitRecord,
    WorkerRecord,
)
from mephisto_engine.errors import ConfigError, Problem

WorkerFilter = Callable[[WorkerRecord, UnitRecord], bool | Awaitable[bool]]
SubmitHook = Callable[[SubmittedUnit], int | None | Awaitable[int | None]]


@dataclass
class BlueprintArgs:
    """Options that every blueprint has; plugins add theirs in a subclass."""

    _blueprint_type: str = "blueprint"
    block_qualification: str | None = arg(
        None, "workers who hold this qualification are kept out of the task"
    )
    tips_location: str | None = arg(None, "CSV of accepted tips (header,text) shown to workers")


@dataclass
class SharedTaskState:
    """What the operator's Python gives to a run; every field can be set by the task code file."""

    task_config: dict[str, Any] = field(default_factory=dict)
    """Added to what the page gets as `taskConfig`."""
    qualifications: list[Any] = field(default_factory=list)
    """Requirements that every worker has to meet, as `Requirement` or Mephisto's dicts."""
    worker_can_do_unit: WorkerFilter | None = None
    """Last say on whether a worker may have a unit."""
    on_unit_submitted: SubmitHook | None = None
    """Called after a unit's answer is stored, once. What it returns is how many more units of the
    same item are wanted, for other workers (True is one). Ready rules are in
    `mephisto_engine.abstractions.adaptive`."""


@dataclass(frozen=True)
class InitializationData:
    """One item of task data: becomes one Assignment with ``len(unit_data)`` Units."""

    shared: dict[str, Any]
    unit_data: list[dict[str, Any]] = field(default_factory=lambda: [{}])


@dataclass
class ConcurrentArgs:
    """Options of blueprints whose workers do an assignment together."""

    partner_wait_seconds: int = arg(600, "how long a worker waits for partners")
    when_no_partner: str = arg(
        "return",
        "what a worker gets who waited in vain: `return` the unit, be paid for waiting (`pay`), or "
        "`start` with those who are there",
        choices=("return", "pay", "start"),
    )
    min_agents: int = arg(1, "with `when_no_partner: start`: how many there must be at least")
    when_partner_leaves: str = arg(
        "submit",
        "what those who stay get: `submit` what they have and be paid, or `release` from the task",
        choices=("submit", "release"),
    )
    requeue_broken: bool = arg(
        True, "offer an assignment again, as a new one, when a partner has left it"
    )


@dataclass
class OnboardingArgs:
    """Options of blueprints with a qualifying task before the first unit."""

    onboarding_qualification: str | None = arg(
        None, "workers without this qualification do the qualifying task first"
    )


@dataclass
class OnboardingState:
    """What the operator's Python says about onboarding."""

    onboarding_data: dict[str, Any] = field(default_factory=dict)
    """Initial data of the qualifying task, the same for every worker."""
    validate_onboarding: Callable[[Any], bool | Awaitable[bool]] | None = None
    """Judges ``{"inputs": …, "outputs": …, "messages": …}``; without it everybody passes."""


ItemSource = Iterable[InitializationData] | AsyncIterable[InitializationData]


class TaskBuilder(ABC):
    """Makes the site of a run."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint

    @abstractmethod
    def build_in_dir(self, root: Path) -> None:
        """Fill an empty folder with everything the worker's browser asks for.

        Runs in a thread. Raises `ConfigError` for a file that cannot be used.
        """


class TaskRunner:
    """What runs on the engine's loop beside each worker.

    All of it is driven by the engine: ``run_unit`` for each agent; or, where ``is_concurrent``,
    ``run_assignment`` once for all agents of an assignment, as soon as all of them are there.
    """

    is_concurrent: bool = False
    """Whether the units of an assignment are worked on together."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint

    def get_init_data_for_agent(self, agent: LiveAgent) -> Any:
        """What the page gets as `initialTaskData`, again on each reconnect; never falsy."""
        return {**agent.unit.shared, **agent.unit.data} or {"unit": agent.unit.unit_index}

    def get_init_data_for_onboarding(self, agent: LiveAgent) -> Any:
        """What the page of the qualifying task gets, again on each reconnect."""
        return dict(agent.unit.shared)

    async def run_unit(self, agent: LiveAgent) -> None:
        """Stay with the worker until the task is over; the default awaits the submission."""
        await agent.await_submit()

    async def cleanup_unit(self, agent: LiveAgent) -> None:
        """Called once after ``run_unit``, however it ended."""

    async def run_assignment(self, agents: Sequence[LiveAgent]) -> None:
        """Lead the workers of a concurrent assignment through it, ordered by unit index.

        When one of them leaves, whatever is awaited of them raises their `AbsentAgentError`; the
        engine tells the others, and keeps what they have done. When this returns or raises, those
        who are still there have ``submission_timeout`` seconds for their final submission.
        """
        for agent in agents:
            await agent.await_submit()

    async def cleanup_assignment(self, agents: Sequence[LiveAgent]) -> None:
        """Called once after ``run_assignment``, however it ended."""

    async def run_onboarding(self, agent: LiveAgent) -> None:
        """Stay with a worker on the qualifying task, for pages that talk live while onboarding."""
        await agent.await_submit()


class AgentState:
    """How the stored answer of an agent reads."""

    DATA_FILE: ClassVar[str] = "agent_data.json"
    """Name of the file in which Mephisto keeps an answer of this blueprint."""

    def get_parsed_data(
        self, unit: UnitRecord, answer: Any, history: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        """``{"inputs": …, "outputs": …}``, the shape of Mephisto's `agent_data.json`.

        Args:
            unit: what was to be done.
            answer: what the worker handed in, decoded.
            history: live updates of both sides, in order.
        """
        outputs = answer
        if isinstance(answer, dict) and _are_uploads(answer.get("files")):
            outputs = {**answer, "files": [item["filename"] for item in answer["files"]]}
        return {"inputs": {**unit.shared, **unit.data}, "outputs": outputs}


def _are_uploads(files: Any) -> bool:
    """Whether a field is the list that a page makes of uploads; a task may call its own so."""
    return isinstance(files, list) and all(
        isinstance(item, dict) and "filename" in item for item in files
    )


class Blueprint(ABC):
    """Task-specific logic, bound to the options and the shared state of one run."""

    BLUEPRINT_TYPE: ClassVar[str]
    ArgsClass: ClassVar[type[BlueprintArgs]] = BlueprintArgs
    SharedStateClass: ClassVar[type[SharedTaskState]] = SharedTaskState
    TaskBuilderClass: ClassVar[type[TaskBuilder]]
    TaskRunnerClass: ClassVar[type[TaskRunner]] = TaskRunner
    AgentStateClass: ClassVar[type[AgentState]] = AgentState

    def __init__(self, args: Any, shared_state: SharedTaskState, run: RunRecord) -> None:
        self.args = args
        self.shared_state = shared_state
        self.run = run

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: SharedTaskState) -> Iterable[Problem]:
        """Everything that is wrong with options, data files and shared state; changes nothing."""
        return ()

    @classmethod
    def get_label_fields(
        cls, args: Mapping[str, Any], shared: Mapping[str, Any]
    ) -> list[LabelField] | None:
        """Which fields of an answer are labels, for statistics; None: found out from the values.

        Called long after the run too, perhaps where its files are not: never raises for that.

        Args:
            args: the blueprint's options as the run was launched with.
            shared: the shared data of one of the run's assignments.
        """
        return None

    @classmethod
    def review_sections(cls, data: SubmittedData) -> list[Section]:
        """How the data of a unit read to whoever reviews it.

        Called long after the run too, perhaps where its files are not, and for units that nobody
        has answered yet. What it raises is shown as a sentence above the unit's data as they are.
        """
        return [*sections_of(PROMPT, data.inputs), *sections_of(ANSWER, data.answer)]

    @classmethod
    def review_checks(cls, data: SubmittedData) -> Iterable[Check]:
        """What an answer was looked at for, and what was found: all required fields, lengths ….

        Called only for answers, otherwise as `review_sections`. What the engine knows (gold units,
        times, texts that were there before) it adds by itself. A check decides nothing.
        """
        return filled_in(data.answer)

    @abstractmethod
    def get_initialization_data(self) -> ItemSource:
        """The items of the run, in an order that is the same on each call.

        A list, a generator or an async generator; it may be endless. A resumed run calls it anew
        and skips the items that have become assignments.
        """

    def read_items(self, path: Path) -> Iterable[InitializationData]:
        """The items of a data file that a live run is to be extended by.

        Raises:
            ConfigError: with everything that is wrong with the file; or blueprints of this kind
                read no files.
        """
        raise ConfigError(
            f"Tasks of the kind {self.BLUEPRINT_TYPE!r} read no data files.",
            "Extend the run by more units per item.",
        )

    def get_special_data(self, item: dict[str, Any]) -> dict[str, Any]:
        """The shared data of a screening or gold unit, from an item of the operator's Python.

        As `get_initialization_data` makes it from the items of the run.
        """
        return dict(item)

    def has_lazy_data(self) -> bool:
        """Whether items are to be made only a little ahead of the workers.

        For data that is endless, or costly to make; all other data becomes units at once.
        """
        return False

    def get_required_qualifications(self) -> list[Requirement]:
        """Requirements that follow from the options (the engine applies them by itself)."""
        return []

    def get_frontend_args(self) -> dict[str, Any]:
        """What the page gets as `taskConfig`."""
        return dict(self.shared_state.task_config)

    def example_answer(self, init_data: Any, rng: random.Random) -> dict[str, Any]:
        """A plausible answer for simulated workers."""
        return {"answer": rng.choice(["yes", "no", "not sure"])}
