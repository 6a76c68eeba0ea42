"""Plausible answers to a form, for simulated workers, in the shapes in which the page submits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from mephisto_blueprints.form.regular_expressions import example_of, matches
from mephisto_blueprints.form.structure import WITH_TEXT, fields, option_values

_REMARKS = (
    "It says what it has to say.",
    "Part of the question is left open.",
    "Polite, though I would check the figures.",
    "I had to read it twice.",
    "Nothing to add.",
)
_TYPED = {"email": "worker@example.org", "number": "7", "password": "correct horse"}
_FILL_SHARE = 0.8
"""How often a field that is not required is filled in."""

Field = Mapping[str, Any]


def answer_form(form: Any, rng: random.Random) -> dict[str, Any]:
    """Name → value of each field; files are left out, for a simulated worker has none."""
    return {field.node["name"]: answer_field(field.node, rng) for field in fields(form)}


def answer_field(field: Field, rng: random.Random) -> Any:
    """A value of the field's own shape that its validators accept, where that is easy."""
    kind = field["type"]
    if kind == "file":
        return None
    if kind == "hidden":
        return field.get("value", "")
    is_filled = _rules(field).get("required") is True or rng.random() < _FILL_SHARE
    if kind in WITH_TEXT:
        return _typed(field, rng) if is_filled or _has_rules(field) else ""
    return _chosen(field, is_filled, rng)


def _rules(field: Field) -> Mapping[str, Any]:
    return field.get("validators") or {}


def _has_rules(field: Field) -> bool:
    """Rules hold for an empty answer too."""
    return bool(_rules(field).get("minLength") or "regexp" in _rules(field))


def _chosen(field: Field, is_filled: bool, rng: random.Random) -> Any:
    values = option_values(field)
    is_many = field["type"] == "checkbox" or field.get("multiple") is True
    if not is_many:
        offered = [value for value in values if value] if is_filled else [""]
        return rng.choice(offered or values)
    least = max(_rules(field).get("minLength", 0), int(is_filled))
    most = min(_rules(field).get("maxLength", len(values)), len(values))
    chosen = rng.sample(values, rng.randint(min(least, most), most)) if values else []
    if field["type"] == "checkbox":
        return {value: value in chosen for value in values}
    return [value for value in values if value in chosen]


def _typed(field: Field, rng: random.Random) -> str:
    regexp = _rules(field).get("regexp")
    parts = regexp if isinstance(regexp, list) else [regexp] if regexp else []
    text = _TYPED.get(field["type"]) or rng.choice(_REMARKS)
    if parts:
        pattern, flags = parts[0], "".join(parts[1:])
        ready = [str(field.get("placeholder", "")), text, *_TYPED.values()]
        fitting = [one for one in ready if one and matches(pattern, flags, one)]
        return fitting[0] if fitting else example_of(pattern, flags, rng) or text
    least = _rules(field).get("minLength", 0)
    while len(text) < least:
        text += " " + rng.choice(_REMARKS)
    return text[: _rules(field).get("maxLength", len(text))].rstrip().ljust(least, ".")
