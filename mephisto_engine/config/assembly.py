"""A config on its way to being a LaunchConfig: plugins chosen, options built, all of it checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.args import REQUIRED
from mephisto_engine.abstractions.blueprint import Blueprint, SharedTaskState
from mephisto_engine.abstractions.qualifications import (
    Requirement,
    parse_requirement,
)
from mephisto_engine.abstractions.quality import quality_problems, requirements_of
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.abstractions.tips import tips_problems
from mephisto_engine.config.check import build_args, literal
from mephisto_engine.config.compose import MephistoConfig
from mephisto_engine.config.launch_config import SOURCE, LaunchConfig
from mephisto_engine.config.plain import dotted, to_json
from mephisto_engine.config.redaction import redacted
from mephisto_engine.config.task_args import WHERE, TaskArgs, check_task_args, to_cents
from mephisto_engine.config.task_code import as_shared_state, load_shared_state, says_something
from mephisto_engine.config.wage import wage_at
from mephisto_engine.errors import ConfigError, PluginError, Problem


class Assembly:
    """A config on its way to being a LaunchConfig, and what is wrong with it so far."""

    def __init__(
        self, tree: dict[str, Any], registry: Registry, task_dir: Path, path: Path | None
    ) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self._tree = tree
        self._registry = registry
        self._task_dir = task_dir.absolute()
        self._path = path
        self._is_of_script = False
        """Whether a script has given the shared state, and it says something."""
        self._types: dict[PluginKind, str] = {}
        self._plugins: dict[PluginKind, type[Any]] = {}
        self._args: dict[PluginKind, Any] = {}
        self._sound: dict[PluginKind, tuple[Any, set[str]]] = {}
        """Options of a plugin with faults, these left out; and the keys that were given rightly."""

    def build(
        self,
        shared_state: SharedTaskState | Mapping[str, Any] | None,
        *,
        is_only_read: bool = False,
    ) -> LaunchConfig:
        """Check everything that can be checked; raises ConfigError if anything is wrong."""
        node = self._tree.get("mephisto")
        if not isinstance(node, Mapping):
            raise ConfigError([*self.problems, _not_a_mapping("mephisto")])
        top = {key: item for key, item in node.items() if key not in (*PluginKind, "task")}
        common = build_args(MephistoConfig, top, "mephisto", self.problems)
        for kind in PluginKind:
            self._choose(kind, node.get(kind.value, {}))
        task = build_args(TaskArgs, node.get("task", {}), WHERE, self.problems, check_task_args)
        state = self._shared_state(shared_state, node.get("task"))
        requirements = self._requirements(state)
        self._ask_plugins(state, is_only_read=is_only_read)
        self._check_quality(task, state)
        if self.problems or task is None or state is None or common is None:
            raise ConfigError(_distinct(self.problems))
        return self._finished(task, state, requirements, common.log_level)

    def _choose(self, kind: PluginKind, values: Any) -> None:
        """Find one plugin and build its options."""
        where = f"mephisto.{kind}"
        if not isinstance(values, Mapping):
            self.problems.append(_not_a_mapping(where))
            return
        name = values.get(kind.type_key)
        if not isinstance(name, str) or name == REQUIRED:
            installed = ", ".join(self._registry.names(kind)) or "none"
            hint = (
                f"add '/mephisto/{kind}: NAME' to the defaults list, "
                f"or set {where}.{kind.type_key}; installed: {installed}"
            )
            self.problems.append(Problem(where, f"no {kind} is chosen", hint))
            return
        try:
            plugin: type[Any] = self._registry.load(kind, name)
        except PluginError as error:
            self.problems.append(Problem(where, error.message, error.hint))
            return
        self._types[kind] = name
        self._plugins[kind] = plugin
        args = build_args(plugin.ArgsClass, values, where, self.problems)
        if args is not None:
            self._args[kind] = args
        else:
            self._keep_sound(kind, plugin, values)

    def _keep_sound(self, kind: PluginKind, plugin: type[Any], values: Mapping[Any, Any]) -> None:
        """Keep what is right of a plugin's options, so that its own checks can look at that."""
        where = f"mephisto.{kind}"
        faulty = {problem.where for problem in self.problems}
        sound = {name: item for name, item in values.items() if dotted(where, name) not in faulty}
        args = build_args(plugin.ArgsClass, sound, where, [])
        if args is not None:
            self._sound[kind] = (args, {dotted(where, name) for name in sound})

    def _shared_state(
        self, given: SharedTaskState | Mapping[str, Any] | None, task: Any
    ) -> SharedTaskState | None:
        blueprint = self._plugins.get(PluginKind.BLUEPRINT)
        if blueprint is None:
            return None
        code = task.get("code") if isinstance(task, Mapping) else None
        code = code if isinstance(code, str) and code != REQUIRED else None
        is_of_script = given is not None
        if given is not None and code:
            self.warnings.append("mephisto.task.code is not used: a shared state was passed")
        if given is None and code:
            given = self._state_from_code(code, blueprint)
            if given is None:
                return None
        state, problems = as_shared_state(given or {}, blueprint.SharedStateClass, "shared_state")
        self._is_of_script = is_of_script and state is not None and says_something(state)
        self.problems.extend(problems)
        return state

    def _state_from_code(self, code: str, blueprint: type[Blueprint]) -> SharedTaskState | None:
        from omegaconf import OmegaConf

        try:
            config = OmegaConf.create(literal(self._tree))
            return load_shared_state(
                self._task_dir / Path(code).expanduser(),
                self._task_dir,
                blueprint.SharedStateClass,
                config,
                self.warnings,
            )
        except ConfigError as error:
            self.problems.extend(error.problems)
            return None

    def _requirements(self, state: SharedTaskState | None) -> tuple[Requirement, ...]:
        found: list[Requirement] = []
        raw = state.qualifications if state else []
        if not isinstance(raw, list | tuple):
            self.problems.append(Problem("qualifications", "is not a list of requirements"))
            raw = []
        for index, item in enumerate(raw):
            parsed = _parsed_requirement(f"qualifications[{index}]", item)
            if isinstance(parsed, Problem):
                self.problems.append(parsed)
            else:
                found.append(parsed)
        args = self._args.get(PluginKind.BLUEPRINT)
        return (*found, *requirements_of(args))

    def _check_quality(self, task: TaskArgs | None, state: SharedTaskState | None) -> None:
        """Screening, gold units and tips, whichever blueprint has them."""
        args = self._args.get(PluginKind.BLUEPRINT)
        if args is None or task is None or state is None:
            return
        limits = (task.allowed_concurrent, task.maximum_units_per_worker)
        self.problems.extend(quality_problems(args, state, *limits))
        self.problems.extend(tips_problems(args))

    def _ask_plugins(self, state: SharedTaskState | None, *, is_only_read: bool) -> None:
        """Each plugin's own say, as far as its options could be built."""
        if state is not None:
            self.problems.extend(_state_problems(state))
        for kind, args in self._args.items():
            if kind is not PluginKind.BLUEPRINT and is_only_read:
                continue
            if kind is not PluginKind.BLUEPRINT:
                self.problems.extend(self._answers(kind, args))
            elif state is not None:
                self.problems.extend(self._answers(kind, args, state))
            else:
                self._sound[kind] = (args, _keys_of(kind, args))
        for kind, (args, keys) in self._sound.items():
            self._ask_about(kind, args, keys, state)

    def _ask_about(
        self, kind: PluginKind, args: Any, keys: set[str], state: SharedTaskState | None
    ) -> None:
        """A plugin's say where something is wrong already: only what concerns sound keys and the
        files that they name, for the rest may follow from what is left out.
        """
        plugin = self._plugins[kind]
        arguments = [args]
        if kind is PluginKind.BLUEPRINT:
            arguments.append(plugin.SharedStateClass() if state is None else state)
        answers = self._answers(kind, *arguments)
        self.problems.extend(item for item in answers if item.where in keys or "/" in item.where)

    def _answers(self, kind: PluginKind, *arguments: Any) -> list[Problem]:
        where = f"mephisto.{kind}"
        try:
            # A list is made inside, for a plugin may answer with a generator that fails.
            answers = list(self._plugins[kind].assert_task_args(*arguments) or ())
        except ConfigError as error:
            return error.problems
        except Exception as error:
            what = str(error) or type(error).__name__
            if not isinstance(error, AssertionError):
                what = f"{type(error).__name__}: {what}"
            return [Problem(where, f"{kind} {self._types[kind]!r} refuses: {what}")]
        return [
            answer if isinstance(answer, Problem) else Problem(where, str(answer))
            for answer in answers
        ]

    def _finished(
        self,
        task: TaskArgs,
        state: SharedTaskState,
        requirements: tuple[Requirement, ...],
        log_level: str,
    ) -> LaunchConfig:
        blueprint_type = self._types[PluginKind.BLUEPRINT]
        if task.task_name is None:
            self.warnings.append(
                f"mephisto.task.task_name is not given: {blueprint_type!r} is used"
            )
            task = dataclasses.replace(task, task_name=blueprint_type)
        wage = wage_at(task, task.estimated_time_in_seconds)
        self.warnings += filter(None, [wage.warning() if wage is not None else ""])
        return LaunchConfig(
            path=self._path,
            task_dir=self._task_dir,
            blueprint_type=blueprint_type,
            architect_type=self._types[PluginKind.ARCHITECT],
            provider_type=self._types[PluginKind.PROVIDER],
            blueprint_args=self._args[PluginKind.BLUEPRINT],
            architect_args=self._args[PluginKind.ARCHITECT],
            provider_args=self._args[PluginKind.PROVIDER],
            task=task,
            pay_cents=_cents(task.task_reward),
            budget_cents=None if task.budget is None else _cents(task.budget),
            shared_state=state,
            requirements=requirements,
            log_level=log_level,
            resolved=self._resolved(task, log_level),
            warnings=tuple(self.warnings),
        )

    def _resolved(self, task: TaskArgs, log_level: str) -> dict[str, Any]:
        node: dict[str, Any] = {
            kind.value: {**dataclasses.asdict(args), kind.type_key: self._types[kind]}
            for kind, args in self._args.items()
        }
        node |= {"task": dataclasses.asdict(task), "log_level": log_level}
        source = {
            "path": str(self._path) if self._path else None,
            "task_dir": str(self._task_dir),
            "is_of_script": self._is_of_script,
        }
        whole = to_json({**self._tree, "mephisto": node})
        return {**redacted(whole), SOURCE: source}


def _keys_of(kind: PluginKind, args: Any) -> set[str]:
    return {f"mephisto.{kind}.{item.name}" for item in dataclasses.fields(args)}


def _not_a_mapping(where: str) -> Problem:
    return Problem(where, "is not a mapping of keys to values")


def _distinct(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


def _cents(dollars: float) -> int:
    cents = to_cents("", dollars)
    if isinstance(cents, Problem):
        raise ConfigError([cents])
    return cents


def _parsed_requirement(where: str, raw: Any) -> Requirement | Problem:
    providers = raw.get("applicable_providers") if isinstance(raw, Mapping) else None
    if providers is not None and not (
        isinstance(providers, list | tuple) and all(isinstance(item, str) for item in providers)
    ):
        return Problem(f"{where}.applicable_providers", "is not a list of provider types")
    return parse_requirement(where, raw)


def _state_problems(state: SharedTaskState) -> Iterable[Problem]:
    """What every blueprint's shared state has; the rest is the blueprint's to check."""
    if not isinstance(state.task_config, Mapping):
        yield Problem("task_config", "is not a dict")
    for name in ("worker_can_do_unit", "on_unit_submitted"):
        value = getattr(state, name)
        if value is not None and not callable(value):
            yield Problem(name, f"{type(value).__name__} is not a function")
