"""What was said between a page and the task's code, as lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mephisto_engine.data_model.answers import UpdateRecord
from mephisto_tui.safe_text import clean
from mephisto_tui.view.reading import one_line, wrapped_words
from mephisto_tui.view.spans import Line, Span, Tone
from mephisto_tui.view.words import clock_time

_SPEECH: Final = ("text", "message", "response", "args")
"""What a message says, if one of these names it."""
_ENVELOPE: Final = frozenset({"live_update_requested", "timestamp", "update_id"})
"""What a message carries beside what it says."""


def transcript(updates: Iterable[UpdateRecord], cells: int) -> list[Line]:
    """Messages in the order of time, each with who said it."""
    lines: list[Line] = []
    for update in updates:
        name, text = _who_said_what(update)
        tone: Tone = "accent" if update.is_from_worker else "good"
        head = (Span(f" {clock_time(update.at)} ", "dim"), Span(f"{clean(name, 14):<14} ", tone))
        first, *more = list(wrapped_words(text, max(12, cells - 25))) or [""]
        lines.append((*head, Span(first)))
        lines += [(Span(" " * 25), Span(rest)) for rest in more]
    return lines


def _who_said_what(update: UpdateRecord) -> tuple[str, str]:
    who = "worker" if update.is_from_worker else "task"
    body = update.body
    if not isinstance(body, dict):
        return who, one_line(body, 2000)
    for name in ("id", "speaker", "target"):
        if isinstance(body.get(name), str) and body[name]:
            who = body[name]
            break
    for name in _SPEECH:
        if body.get(name) not in (None, ""):
            said = body[name]
            return who, said if isinstance(said, str) else one_line(said, 2000)
    told = {name: part for name, part in body.items() if name not in _ENVELOPE}
    if told or "live_update_requested" not in body:
        return who, one_line(told, 2000)
    return who, "asks for an answer" if body["live_update_requested"] else "has the answer"
