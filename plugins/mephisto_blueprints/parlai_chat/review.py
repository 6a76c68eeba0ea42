"""How a conversation reads, and what it is looked at for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from mephisto_engine.abstractions.checks import filled_in
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    PROMPT,
    Check,
    Section,
    SubmittedData,
    sections_of,
    transcript_of,
)
from mephisto_engine.analysis.robust import median

LEAST_SAME: Final = 3
"""Messages of one text that are worth a look; ‘yes’ may be said twice."""


def chat_sections(data: SubmittedData) -> list[Section]:
    """The context, what was said, and the final answer if there is one."""
    return [
        *sections_of(PROMPT, data.inputs),
        transcript_of("CHAT", data.history),
        *(sections_of(ANSWER, data.answer) if data.answer else ()),
    ]


def chat_checks(data: SubmittedData) -> Iterator[Check]:
    """What the worker said; most pages hand in nothing beside it."""
    said = _said_by_worker(data)
    if not said:
        yield Check("failed", "the worker said nothing")
    else:
        middle = round(median([len(text) for text in said]))
        plural = "message" if len(said) == 1 else "messages"
        yield Check("passed", f"{len(said)} {plural}, {middle} characters at the median")
        _, number = Counter(text.strip().casefold() for text in said).most_common(1)[0]
        if number >= LEAST_SAME:
            yield Check("odd", f"{number} of {len(said)} messages are the same")
    if data.answer:
        yield from filled_in(data.answer)


def _said_by_worker(data: SubmittedData) -> list[str]:
    bodies = [update.body for update in data.history if update.is_from_worker]
    texts = [body.get("text") for body in bodies if isinstance(body, Mapping)]
    return [text for text in texts if isinstance(text, str) and text]
