"""How an answered form reads: each question with its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mephisto_blueprints.form.structure import fields, page_text
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    PROMPT,
    Pairs,
    Section,
    SubmittedData,
    sections_of,
)

Field = Mapping[str, Any]


def form_sections(data: SubmittedData) -> list[Section]:
    """The form's texts, its questions with their answers, and what else was handed in."""
    form = data.inputs.get("form")
    if not isinstance(form, Mapping):
        return [*sections_of(PROMPT, data.inputs), *sections_of(ANSWER, data.answer)]
    others = {name: value for name, value in data.inputs.items() if name != "form"}
    about = {"title": form.get("title", ""), "instruction": form.get("instruction", ""), **others}
    shown = sections_of(PROMPT, {name: value for name, value in about.items() if value})
    if not isinstance(data.answer, Mapping) or not data.answer:
        return [*shown, *sections_of(ANSWER, data.answer)]
    return [*shown, Pairs(ANSWER, tuple(_answered(form, data.answer)))]


def questions(form: Any) -> Iterator[tuple[str, Field]]:
    """The fields of a form by their names, as far as they are sound."""
    for field in fields(form):
        if isinstance(field.node, Mapping) and isinstance(field.node.get("name"), str):
            yield field.node["name"], field.node


def _answered(form: Any, answer: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    asked = dict(questions(form))
    for name, field in asked.items():
        yield str(field.get("label") or name), _in_words(field, answer.get(name, ""))
    for name, value in answer.items():
        if name not in asked:
            yield str(name), value


def _in_words(field: Field, value: Any) -> Any:
    """What was chosen with the words that stood beside it; anything else as it is."""
    labels = _labels(field)
    if not labels:
        return value
    if isinstance(value, Mapping):
        ticked = [name for name, is_ticked in value.items() if is_ticked is True]
        return [_labelled(name, labels) for name in ticked]
    if isinstance(value, list):
        return [_labelled(name, labels) for name in value]
    return _labelled(value, labels)


def _labels(field: Field) -> dict[str, str]:
    """Value of each option → its label."""
    options = field.get("options")
    listed = options if isinstance(options, list) else []
    sound = [item for item in listed if isinstance(item, Mapping)]
    return {page_text(item.get("value")): page_text(item.get("label")) for item in sound}


def _labelled(value: Any, labels: Mapping[str, str]) -> Any:
    label = labels.get(value) if isinstance(value, str) else None
    return value if label in (None, value) else f"{label} ({value})"
