"""How stored answers read: as their blueprints say, in the shapes of Mephisto."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from mephisto_engine.abstractions.blueprint import AgentState
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.data_model.answers import AnswerRecord
from mephisto_engine.errors import PluginError


class AnswerReader:
    """Reads answers as their blueprints do; one whose plugin is not installed reads as a form's."""

    def __init__(self, registry: Registry, blueprint_types: Mapping[int, str]) -> None:
        """``blueprint_types`` has the blueprint of each run that will be read."""
        self._registry = registry
        self._blueprint_types = blueprint_types
        self._states: dict[str, AgentState] = {}

    def state(self, run_id: int) -> AgentState:
        """What reads the answers of a run."""
        name = self._blueprint_types[run_id]
        if name not in self._states:
            self._states[name] = self._load(name)
        return self._states[name]

    def parsed(self, record: AnswerRecord) -> dict[str, Any]:
        """``{"inputs": …, "outputs": …}``, and what else the blueprint adds."""
        answer = None if record.text is None else orjson.loads(record.text)
        history = [update for update in record.history if isinstance(update, dict)]
        return self.state(record.unit.task_run_id).get_parsed_data(record.unit, answer, history)

    def _load(self, name: str) -> AgentState:
        try:
            state: AgentState = self._registry.load(PluginKind.BLUEPRINT, name).AgentStateClass()
        except PluginError:
            return AgentState()
        return state


def merged_metadata(bodies: Iterable[Any]) -> dict[str, Any]:
    """What pages sent beside an answer, by kind, in the shape of Mephisto's `agent_meta.json`.

    ``tips`` and ``feedback`` are lists, ``worker_opinion`` is the last one sent; whatever is none
    of these is in ``default``.
    """
    tips: list[Any] = []
    feedback: list[Any] = []
    merged: dict[str, Any] = {"tips": tips, "feedback": feedback, "worker_opinion": None}
    rest: dict[str, Any] = {}
    for body in bodies:
        if not isinstance(body, dict):
            rest.setdefault("data", []).append(body)
            continue
        for kind, value in body.items():
            if kind == "tips":
                tips.extend(_tips(value))
            elif kind == "feedback":
                feedback.extend(_feedback(value))
            elif kind == "worker_opinion":
                merged["worker_opinion"] = value
            else:
                rest[kind] = value
    return {**merged, "default": rest}


def _tips(value: Any) -> list[Any]:
    """One tip as pages send it, or the list that an import brought."""
    tips = value if isinstance(value, list) else [value]
    return [
        {"accepted": False, **{key: item for key, item in tip.items() if key != "type"}}
        if isinstance(tip, dict)
        else {"text": tip, "accepted": False}
        for tip in tips
    ]


def _feedback(value: Any) -> list[Any]:
    """Questions and answers as pages send them, or the list that an import brought."""
    entries = value.get("data", []) if isinstance(value, dict) else value
    return [
        {"reviewed": False, "toxicity": None, **entry}
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]
