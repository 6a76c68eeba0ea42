"""Plausible answers to a form, for simulated workers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mephisto_blueprints.static.form_fields import FormField
from mephisto_blueprints.static.html_text import fill

_REMARKS = (
    "The answer is clear and to the point.",
    "It leaves out part of the question.",
    "Polite, but I would check the figures.",
    "I had to read it twice to follow it.",
    "Nothing to add.",
)
_FIXED = {
    "color": "#3366cc",
    "date": "2024-05-17",
    "datetime-local": "2024-05-17T10:30",
    "email": "worker@example.org",
    "month": "2024-05",
    "tel": "+1 555 0100",
    "time": "10:30",
    "url": "https://example.org/",
    "week": "2024-W20",
}
_FILL_SHARE = 0.8
"""How often a field that is not required is filled in."""


def answer_form(
    fields: Iterable[FormField], item: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """Name → value, as a browser would submit the form."""
    answer: dict[str, Any] = {}
    for field in fields:
        value = _answer(field, rng)
        if value is not None:
            answer[fill(field.name, item)] = _filled(value, item)
    return answer


def _filled(value: str | list[str], item: Mapping[str, Any]) -> str | list[str]:
    return fill(value, item) if isinstance(value, str) else [fill(one, item) for one in value]


def _answer(field: FormField, rng: random.Random) -> str | list[str] | None:
    """None stands for a field that a browser leaves out of the submission."""
    is_filled = field.is_required or rng.random() < _FILL_SHARE
    if field.kind == "radio":
        return rng.choice(field.values) if is_filled else None
    if field.kind == "checkbox":
        return _some(field, rng) if is_filled else None
    if field.kind == "select":
        return _selected(field, rng)
    if field.kind == "hidden":
        return field.values[0] if field.values else ""
    return _TEXTS.get(field.kind, _remark)(field, rng) if is_filled else ""


def _selected(field: FormField, rng: random.Random) -> str | list[str] | None:
    if field.is_multiple:
        return _some(field, rng) if field.values else None
    values = [value for value in field.values if value or not field.is_required]
    return rng.choice(values) if values else None


def _some(field: FormField, rng: random.Random) -> str | list[str]:
    chosen = rng.sample(field.values, rng.randint(1, len(field.values)))
    return chosen[0] if len(chosen) == 1 else [v for v in field.values if v in chosen]


def _remark(field: FormField, rng: random.Random) -> str:
    text = rng.choice(_REMARKS)
    shortest = _whole(field, "minlength", 0)
    while len(text) < shortest:
        text += " " + rng.choice(_REMARKS)
    return text[: _whole(field, "maxlength", len(text))]


def _number(field: FormField, rng: random.Random) -> str:
    low = _real(field, "min", 0)
    high = max(low, _real(field, "max", low + (100 if field.kind == "range" else 10)))
    step = _real(field, "step", 1)
    if step <= 0:
        return f"{low:g}"
    return f"{low + step * rng.randint(0, int((high - low) / step + 1e-9)):.10g}"


def _whole(field: FormField, name: str, default: int) -> int:
    text = field.attributes.get(name, "")
    return int(text) if text.isdecimal() else default


def _real(field: FormField, name: str, default: float) -> float:
    try:
        return float(field.attributes[name])
    except (KeyError, ValueError):
        return default


def _fixed(field: FormField, rng: random.Random) -> str:
    return _FIXED[field.kind]


_TEXTS: dict[str, Callable[[FormField, random.Random], str]] = {
    "number": _number,
    "range": _number,
    **dict.fromkeys(_FIXED, _fixed),
}
