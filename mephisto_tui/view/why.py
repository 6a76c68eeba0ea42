"""Why a worker can or cannot get a unit of a run, in lines."""

from __future__ import annotations

from collections.abc import Iterator

from mephisto_engine.operations.live.why import Explanation
from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.glyphs import DONE, FAILED
from mephisto_tui.view.spans import Line, Span, Tone
from mephisto_tui.view.words import date_time

_MARKS: dict[bool | None, tuple[str, Tone]] = {
    True: (DONE, "good"),
    False: (FAILED, "bad"),
    None: ("·", "dim"),
}
UNCUT = 10_000


def why_lines(found: Explanation, cells: int = UNCUT) -> list[Line]:
    """What decides, a line each; the verdict comes last."""
    parts = [*_decided(found), *_refused(found)]
    room = max((width(name) for _mark, name, _text in parts), default=0)
    lines = [
        (
            Span(f" {_MARKS[is_met][0]} ", _MARKS[is_met][1]),
            Span(f"{name}{' ' * (room - width(name))}  ", "dim"),
            Span(clean(text, max(12, cells - room - 5))),
        )
        for is_met, name, text in parts
    ]
    worker = f"{found.worker.provider_type}/{found.worker.name}"
    return [*lines, (Span(" =  "), *_verdict(found, clean(worker, 60)))]


def _decided(found: Explanation) -> Iterator[tuple[bool | None, str, str]]:
    for one in found.lines:
        yield one.is_met, clean(one.name.replace("_", " "), 40), one.text


def _refused(found: Explanation) -> Iterator[tuple[bool | None, str, str]]:
    for refusal in found.refusals:
        yield None, "refused", f"{date_time(refusal.at)} {refusal.reason} {refusal.detail}"


def _verdict(found: Explanation, worker: str) -> tuple[Span, ...]:
    if found.reason:
        return (Span(f"{worker}: no unit now: {clean(found.reason, 60)}", "warn"),)
    return (Span(f"{worker}: could get a unit now", "good"),)
