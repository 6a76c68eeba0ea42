"""What happened to a unit, and around the worker who has it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from mephisto_engine.abstractions.review_view import Moment
from mephisto_engine.cents import dollars
from mephisto_engine.clock import from_ms
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.queries import details as queries
from mephisto_engine.database.queries.details import AgentFacts
from mephisto_engine.database.queries.journal import reasons_of_leaving

LONGEST_ASIDE: Final = 200
"""Characters that are shown of what a page sent beside an answer."""


def timeline_of(
    unit_id: int, run_id: int, created_at: datetime, tries: Sequence[AgentFacts]
) -> tuple[Moment, ...]:
    """Everything that is stored with a time; the journal names units by ranges, rows do not.

    Args:
        unit_id: the unit.
        run_id: its run.
        created_at: when it was made.
        tries: everybody who was ever on it, the first one first.
    """
    holder = holder_of(tries)
    moments = [
        Moment(created_at, "created"),
        *(_onboarding(holder, run_id) if holder is not None else ()),
        *_tries(tries),
        *(_said(holder) if holder is not None else ()),
        *_of_decisions(unit_id),
    ]
    return tuple(sorted(moments, key=lambda moment: moment.at))


def holder_of(tries: Sequence[AgentFacts]) -> AgentFacts | None:
    """Who has the unit or did it."""
    return next((one for one in reversed(tries) if one.status in HOLDING_AGENT), None)


def _tries(tries: Sequence[AgentFacts]) -> Iterator[Moment]:
    reasons = reasons_of_leaving([one.id for one in tries if one.status not in HOLDING_AGENT])
    for one in tries:
        who = f"agent {one.id}, worker {one.worker_name},"
        yield Moment(one.created_at, f"{who} began")
        if one.submitted_at is not None:
            yield Moment(one.submitted_at, f"{who} submitted")
        elif one.status not in HOLDING_AGENT:
            why = f" ({reasons[one.id]})" if one.id in reasons else ""
            yield Moment(one.status_at, f"{who} left: {one.status}{why}", is_bad=True)


def _onboarding(holder: AgentFacts, run_id: int) -> Iterator[Moment]:
    """The qualifying task of the run."""
    for begun, status, at in queries.onboarding_times(holder.worker_id, run_id):
        yield Moment(from_ms(begun), "began the qualifying task")
        yield Moment(from_ms(at), f"qualifying task: {status}", status == "rejected")


def _said(holder: AgentFacts) -> Iterator[Moment]:
    """Messages, and what the page sent beside the answer."""
    said = queries.message_times(holder.id)
    if said is not None:
        number, first, last = said
        yield Moment(from_ms(first), "first message" if number > 1 else "the only message")
        if number > 1:
            yield Moment(from_ms(last), f"last of {number} messages")
    for at, body in queries.metadata(holder.id):
        yield Moment(from_ms(at), f"sent beside the answer: {_short(body)}")


def _of_decisions(unit_id: int) -> Iterator[Moment]:
    for created, verdict, status, status_ms, note, bonus, by, error in queries.decisions(unit_id):
        extra = f", bonus {dollars(bonus)}" if bonus else ""
        yield Moment(from_ms(created), f"{by} staged {verdict}{extra}: {note}".rstrip(": "))
        if status != "staged":
            yield Moment(from_ms(status_ms), f"the decision was {status}")
        if error:
            yield Moment(from_ms(status_ms), f"sending failed: {error}", is_bad=True)
    for at, kind, status, cents, error in queries.intents(unit_id):
        is_bad = status in ("failed", "unknown")
        yield Moment(from_ms(at), f"{kind} {dollars(cents)}: {error or status}", is_bad)


def _short(body: str) -> str:
    """Stored JSON in few words: an object's values, where they are plain."""
    value = queries.value(body)
    if isinstance(value, dict):
        value = ", ".join(f"{name}: {part}" for name, part in value.items())
    text = value if isinstance(value, str) else body
    return text if len(text) <= LONGEST_ASIDE else f"{text[:LONGEST_ASIDE]}…"
