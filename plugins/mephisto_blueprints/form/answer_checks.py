"""Whether an answer keeps what its form asks for: required fields, lengths, patterns, choices.

The page asks for the same before it submits; whoever submits without the page is seen here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mephisto_blueprints.form.regular_expressions import matches
from mephisto_blueprints.form.review import Field, questions
from mephisto_blueprints.form.structure import WITH_TEXT, option_values
from mephisto_engine.abstractions.checks import filled_in, is_empty, named, required
from mephisto_engine.abstractions.review_view import Check, SubmittedData


def form_checks(data: SubmittedData) -> Iterator[Check]:
    """What was looked at, the required fields first."""
    form = data.inputs.get("form")
    if not isinstance(form, Mapping) or not isinstance(data.answer, Mapping) or not data.answer:
        yield from filled_in(data.answer)
        return
    asked = dict(questions(form))
    yield _required(asked, data.answer)
    for name, field in asked.items():
        yield from _one(str(field.get("label") or name), field, data.answer.get(name))


def _required(asked: Mapping[str, Field], answer: Mapping[Any, Any]) -> Check:
    needed = [
        name
        for name, field in asked.items()
        # Files come beside the answer.
        if _rules(field).get("required") is True and field.get("type") != "file"
    ]
    empty = [name for name in needed if is_empty(answer.get(name))]
    return required(needed, [str(asked[name].get("label") or name) for name in empty])


def _one(label: str, field: Field, value: Any) -> Iterator[Check]:
    shown = named([label])
    if field.get("type") in WITH_TEXT:
        yield from _text(shown, field, value if isinstance(value, str) else "")
    elif not is_empty(value):
        unknown = [one for one in _chosen(value) if one not in option_values(field)]
        if unknown and isinstance(field.get("options"), list):
            yield Check("failed", f"{shown}: {named(unknown)} cannot be chosen")


def _text(label: str, field: Field, text: str) -> Iterator[Check]:
    rules = _rules(field)
    least, most = rules.get("minLength"), rules.get("maxLength")
    if isinstance(least, int) and least > 0:
        result: Any = "passed" if len(text) >= least else "failed"
        yield Check(result, f"{label}: {len(text)} characters, minimum {least}")
    if isinstance(most, int) and len(text) > most:
        yield Check("failed", f"{label}: {len(text)} characters, maximum {most}")
    regexp = rules.get("regexp")
    parts = [str(part) for part in regexp] if isinstance(regexp, list) else [str(regexp or "")]
    if text and parts and parts[0] and not matches(parts[0], "".join(parts[1:]), text):
        yield Check("odd", f"{label}: not in the form that is asked for")


def _chosen(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [str(name) for name, is_ticked in value.items() if is_ticked is True]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _rules(field: Field) -> Mapping[str, Any]:
    rules = field.get("validators")
    return rules if isinstance(rules, Mapping) else {}
