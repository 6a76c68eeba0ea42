"""How an answered form reads: each question with its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mephisto_blueprints.form.structure import fields
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    TASK,
    Pairs,
    Section,
    SubmittedData,
    readable,
)


def form_sections(data: SubmittedData) -> list[Section]:
    """The form's texts, its questions with their answers, and what else was handed in."""
    form = data.inputs.get("form")
    answer = data.answer if isinstance(data.answer, Mapping) else {}
    if not isinstance(form, Mapping) or not answer:
        return [readable(TASK, data.inputs), readable(ANSWER, data.answer)]
    others = {name: value for name, value in data.inputs.items() if name != "form"}
    asked = [(name, label) for name, label in _questions(form)]
    rows = [(label, answer.get(name, "")) for name, label in asked]
    known = {name for name, _ in asked}
    rows += [(name, value) for name, value in answer.items() if name not in known]
    about = {"title": form.get("title", ""), "instruction": form.get("instruction", ""), **others}
    return [
        readable(TASK, {name: value for name, value in about.items() if value}),
        Pairs(ANSWER, tuple(rows)),
    ]


def _questions(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in fields(form):
        name = str(field.get("name"))
        yield name, str(field.get("label") or name)
