"""What is installed, and which options each part has."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of

if TYPE_CHECKING:
    from mephisto_engine.abstractions.args import ArgInfo
    from mephisto_engine.abstractions.registry import Registry


class Kind(StrEnum):
    BLUEPRINT = "blueprint"
    ARCHITECT = "architect"
    PROVIDER = "provider"
    TASK = "task"


def plugins(context: typer.Context, as_json: Json = False) -> None:
    """List the plugins that were found.

    One that does not load is named with the reason and stops no other.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_tui import plain

    found = Registry().survey()
    if as_json:
        hidden = {"traceback"}
        put_json(
            [{k: v for k, v in dataclasses.asdict(p).items() if k not in hidden} for p in found]
        )
    else:
        put_lines(plain.plugin_table(found))
    _say_tracebacks(context, found)


def wut(
    kind: Annotated[
        Kind | None, typer.Argument(help="What to explain; without it, what can be explained.")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="Which one, as `static_task`.")] = None,
    as_json: Json = False,
) -> None:
    """Explain what can be set in a launch config.

    Without NAME, the names that can be explained.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_tui import plain

    registry = Registry()
    if kind is None or (name is None and kind is not Kind.TASK):
        kinds = [item for item in Kind if item is not Kind.TASK] if kind is None else [kind]
        names = {item.value: registry.names(item.value) for item in kinds}
        if as_json:
            put_json(names)
        else:
            put_lines(plain.facts((key, ", ".join(value)) for key, value in names.items()))
            say("`wut KIND NAME` explains one of them; `wut task` the options of every task.")
        return
    sections = _sections(registry, kind, name)
    if as_json:
        put_json(sections)
    else:
        put_lines(plain.option_lines(sections))


def _sections(registry: Registry, kind: Kind, name: str | None) -> dict[str, list[ArgInfo]]:
    """Node of the launch config → the options that it takes."""
    from mephisto_engine.abstractions.args import describe_args

    if kind is Kind.TASK:
        from mephisto_engine.config.task_args import TaskArgs

        return {"mephisto.task": list(describe_args(TaskArgs))}
    plugin: Any = registry.load(kind.value, name or "")
    sections = {f"mephisto.{kind}": list(describe_args(plugin.ArgsClass))}
    if kind is Kind.BLUEPRINT:
        sections["shared state (from the task code file)"] = list(
            describe_args(plugin.SharedStateClass)
        )
    return sections


def _say_tracebacks(context: typer.Context, found: list[Any]) -> None:
    """Keep the tracebacks of broken plugins where their authors can find them."""
    broken = [plugin for plugin in found if plugin.traceback]
    if broken:
        path = settings_of(context).logs / "plugins.txt"
        path.touch(mode=0o600)
        path.write_text("\n".join(plugin.traceback for plugin in broken), encoding="utf-8")
        say(f"{len(broken)} did not load; tracebacks in {path}")
