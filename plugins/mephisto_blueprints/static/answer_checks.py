"""Whether an answer has what the task's HTML asks for, while that can still be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mephisto_blueprints.static.form_fields import FormField, form_fields
from mephisto_blueprints.static.html_text import fill
from mephisto_engine.abstractions.checks import filled_in, is_empty, named, required
from mephisto_engine.abstractions.review_view import Check, SubmittedData

LENGTHS: Final = ("minlength", "maxlength")


def html_checks(data: SubmittedData) -> Iterator[Check]:
    """Required fields and lengths; where the HTML is gone, which fields are empty."""
    fields = _fields_of(data.args.get("task_source"))
    if fields is None or not isinstance(data.answer, Mapping) or not data.answer:
        yield from filled_in(data.answer)
        return
    needed = [fill(field.name, data.inputs) for field in fields if field.is_required]
    empty = [name for name in needed if is_empty(data.answer.get(name))]
    if needed:
        yield required(needed, empty)
    else:
        yield from filled_in(data.answer)
    for field in fields:
        yield from _lengths(field, fill(field.name, data.inputs), data.answer)


def _lengths(field: FormField, name: str, answer: Mapping[Any, Any]) -> Iterator[Check]:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        return
    least, most = (_number(field.attributes.get(rule)) for rule in LENGTHS)
    shown = f"{named([name])}: {len(value)} characters"
    if least:
        yield Check("passed" if len(value) >= least else "failed", f"{shown}, minimum {least}")
    if most is not None and len(value) > most:
        yield Check("failed", f"{shown}, maximum {most}")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _fields_of(source: Any) -> tuple[FormField, ...] | None:
    """The fields of the task's HTML; None if it cannot be read any more."""
    path = Path(str(source)).expanduser()
    try:
        return _fields_at(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=8)
def _fields_at(path: Path, changed_at: int) -> tuple[FormField, ...]:
    """Read once for each version: a reviewer sees thousands of answers to one page."""
    return tuple(form_fields(path.read_text("utf-8-sig")))
