"""Secrets are not stored with a run: what takes it up again reads them from its file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config.compose import compose
from mephisto_engine.config.plain import to_json
from mephisto_engine.config.redaction import MASK, restored
from mephisto_engine.errors import Problem


def with_secrets(
    tree: dict[str, Any], path: Path | None, registry: Registry, problems: list[Problem]
) -> dict[str, Any]:
    """Secrets are not stored with a run, so a resumed one reads them from its file again."""
    if not list(_masked_keys(tree)):
        return tree
    if path is not None and path.is_file():
        tree = restored(tree, to_json(compose(path, (), registry).tree))
    for key in _masked_keys(tree):
        hint = f"give it in {path}, for instance as ${{oc.env:NAME}}" if path else ""
        problems.append(Problem(key, "is a secret, which is not stored with a run", hint))
    return tree


def _masked_keys(value: Any, where: str = "") -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _masked_keys(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _masked_keys(item, f"{where}[{index}]")
    elif value == MASK:
        yield where
