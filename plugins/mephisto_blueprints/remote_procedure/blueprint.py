"""A task whose page calls Python functions while the worker is at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mephisto_blueprints.remote_procedure.caller import init_data
from mephisto_blueprints.remote_procedure.procedures import Procedures, registry_problems
from mephisto_blueprints.remote_procedure.requests import Update, previous_requests
from mephisto_blueprints.remote_procedure.review import call_checks, call_sections
from mephisto_blueprints.remote_procedure.session import Session
from mephisto_blueprints.static.args import key
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_blueprints.static_react_task import StaticReactTaskArgs, StaticReactTaskBlueprint
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.blueprint import (
    AgentState,
    Blueprint,
    SharedTaskState,
    TaskRunner,
)
from mephisto_engine.abstractions.review_view import Check, Section, SubmittedData
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.errors import Problem


@dataclass
class RemoteProcedureArgs(StaticReactTaskArgs):
    """Options of `remote_procedure`."""

    _blueprint_type: str = "remote_procedure"
    call_timeout_seconds: float = arg(30.0, "how long one call of a function may take")
    answer_errors: bool = arg(
        True,
        'answer a call that failed with `{"error": {"kind": …, "message": …}}`; '
        "otherwise with `null`",
    )


@dataclass
class SharedRemoteProcedureTaskState(SharedStaticTaskState):
    """Shared state of `remote_procedure`."""

    function_registry: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """The functions that pages may call, by name. A function, plain or asynchronous, takes
    ``(args)``, ``(args, agent)`` or ``(request_id, args, agent_state)``, the agent being a
    `Caller`, and returns what JSON can hold."""


class RemoteProcedureTaskRunner(TaskRunner):
    """Serves each agent's calls, those of the qualifying task included."""

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        registry = getattr(blueprint.shared_state, "function_registry", {})
        self._procedures = Procedures(registry, blueprint.args.call_timeout_seconds)

    def get_init_data_for_agent(self, agent: LiveAgent) -> Any:
        return init_data(agent)

    async def run_unit(self, agent: LiveAgent) -> None:
        await Session(agent, self._procedures, self.blueprint.args.answer_errors).serve()

    async def run_onboarding(self, agent: LiveAgent) -> None:
        await self.run_unit(agent)


class RemoteProcedureAgentState(AgentState):
    """The final answer, and what the page had called before it."""

    DATA_FILE = "state.json"

    def get_parsed_data(
        self, unit: UnitRecord, answer: Any, history: Sequence[Update] = ()
    ) -> dict[str, Any]:
        """As Mephisto's: ``outputs`` is ``{"final_submission": …, "requests": […]}``."""
        parsed = super().get_parsed_data(unit, answer)
        requests = previous_requests(history)
        return {**parsed, "outputs": {"final_submission": parsed["outputs"], "requests": requests}}


class RemoteProcedureBlueprint(StaticReactTaskBlueprint):
    """Hands each item to the page's bundle, whose calls the functions of the task answer."""

    BLUEPRINT_TYPE = "remote_procedure"
    ArgsClass = RemoteProcedureArgs
    SharedStateClass = SharedRemoteProcedureTaskState
    TaskRunnerClass = RemoteProcedureTaskRunner
    AgentStateClass = RemoteProcedureAgentState

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: SharedTaskState) -> Iterable[Problem]:
        yield from super().assert_task_args(args, shared_state)
        if not args.call_timeout_seconds > 0:
            what = f"is {args.call_timeout_seconds!r}"
            yield Problem(key("call_timeout_seconds"), what, "a number of seconds, more than 0")
        yield from registry_problems(getattr(shared_state, "function_registry", None))

    @classmethod
    def review_sections(cls, data: SubmittedData) -> list[Section]:
        return call_sections(data)

    @classmethod
    def review_checks(cls, data: SubmittedData) -> Iterable[Check]:
        return call_checks(data)
