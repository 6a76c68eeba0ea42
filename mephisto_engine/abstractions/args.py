"""How plugins declare their options: dataclass fields with a type, a default or none, and help.

OmegaConf reads the dataclasses as structured configs, so an unknown key or a wrong type in a launch
config is found there; `wut` and the launch form read the same fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass
from typing import Any, get_type_hints

REQUIRED = "???"
"""OmegaConf's marker of a value that the config has to give."""


def arg(default: Any, help: str, *, choices: Sequence[Any] = ()) -> Any:
    """An optional argument; a list or dict default is copied for each config."""
    metadata = {"help": help, "choices": tuple(choices)}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def required(help: str, *, choices: Sequence[Any] = ()) -> Any:
    """An argument that a launch config must give."""
    return dataclasses.field(
        default=REQUIRED, metadata={"help": help, "choices": tuple(choices), "required": True}
    )


@dataclass(frozen=True)
class ArgInfo:
    """One argument as `wut` prints it."""

    name: str
    type: str
    default: Any
    help: str
    choices: tuple[Any, ...]
    is_required: bool


def describe_args(args_class: type[Any]) -> Iterator[ArgInfo]:
    """The arguments of an Args dataclass, inherited ones included, in declaration order."""
    hints = get_type_hints(args_class)
    for item in dataclasses.fields(args_class):
        if item.name.startswith("_"):
            continue
        is_required = bool(item.metadata.get("required"))
        yield ArgInfo(
            name=item.name,
            type=_type_name(hints[item.name]),
            default=None if is_required else _default(item),
            help=str(item.metadata.get("help", "")),
            choices=tuple(item.metadata.get("choices", ())),
            is_required=is_required,
        )


def _default(item: dataclasses.Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not MISSING else None


def _type_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
