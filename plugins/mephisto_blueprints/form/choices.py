"""Fields of a form whose answers are labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mephisto_blueprints.form.structure import Element, fields, option_values
from mephisto_engine.analysis.fields import LabelField


def choice_fields(form: Any) -> list[LabelField]:
    """What can be chosen in a form: radio buttons, selects, and each box that can be ticked."""
    return [label for field in fields(form) for label in _labels(field)]


def _labels(field: Element) -> Iterator[LabelField]:
    name, kind = field.get("name"), field.get("type")
    if not isinstance(name, str) or kind not in ("radio", "select", "checkbox"):
        return
    values = option_values(field.node)
    if kind == "checkbox":
        yield from (LabelField(f"{name}.{value}", ("false", "true")) for value in values)
    elif field.get("multiple"):
        yield LabelField(name)
    else:
        yield LabelField(name, tuple(value for value in values if value))
