"""What can be written into a launch config, as `wut` prints it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mephisto_engine.abstractions.args import ArgInfo, describe_args
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.task_args import TaskArgs

TASK = "task"


@dataclass(frozen=True)
class Description:
    """One node of a launch config: what it is and what it takes."""

    kind: str
    name: str
    where: str
    """Dotted key of the node."""
    summary: str
    """First paragraph of the plugin's own docstring."""
    args: tuple[ArgInfo, ...]
    shared_state: tuple[ArgInfo, ...] = ()
    """For a blueprint: what the task's code file may define."""


def describe(kind: str, name: str, registry: Registry) -> Description:
    """Describe a plugin, or the ``task`` node (its ``name`` is of no account).

    Raises:
        PluginError: there is no such plugin, or it is broken.
        ValueError: there is no such kind.
    """
    where = f"mephisto.{kind}"
    if kind == TASK:
        return Description(kind, TASK, where, _summary(TaskArgs), tuple(describe_args(TaskArgs)))
    plugin = registry.load(PluginKind(kind), name)
    state = getattr(plugin, "SharedStateClass", None)
    return Description(
        kind=kind,
        name=name,
        where=where,
        summary=_summary(plugin),
        args=tuple(describe_args(plugin.ArgsClass)),
        shared_state=tuple(_describe_state(state)) if state else (),
    )


def _describe_state(state_class: type[Any]) -> Iterator[ArgInfo]:
    notes = _attribute_docstrings(state_class)
    for item in dataclasses.fields(state_class):
        has_default = item.default is not dataclasses.MISSING
        has_factory = item.default_factory is not dataclasses.MISSING
        yield ArgInfo(
            name=item.name,
            type=item.type if isinstance(item.type, str) else inspect.formatannotation(item.type),
            default=item.default if has_default else None,
            help=str(item.metadata.get("help") or notes.get(item.name, "")),
            choices=(),
            is_required=not (has_default or has_factory),
        )


def _attribute_docstrings(owner: type[Any]) -> dict[str, str]:
    """Docstrings below attributes, which Python keeps only in the source; nearest class first."""
    notes: dict[str, str] = {}
    for cls in owner.__mro__[:-1]:
        try:
            source = textwrap.dedent(inspect.getsource(cls))
            body = ast.parse(source).body[0]
        except (OSError, TypeError, SyntaxError):  # no source at hand: a zip, a console
            continue
        if isinstance(body, ast.ClassDef):
            notes = dict(_notes(body)) | notes
    return notes


def _notes(body: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            yield statement.target.id, " ".join(after.value.value.split())


def _summary(documented: type[Any]) -> str:
    text = inspect.getdoc(documented) or ""
    return " ".join(text.split("\n\n")[0].split())
