"""What a reviewer is asked: reasons, sums, and whether what is final is to happen.

A function here runs as a worker of the app: it may wait for answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mephisto_engine.abstractions.review_view import Files
from mephisto_engine.cents import amount, as_cents
from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.review import Review, summarise
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.confirm import TYPED, Answer, ConfirmScreen, Question, sentence
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.view.consequences import NUMBER_TO_TYPE
from mephisto_tui.view.decisions import VERBS, summary_line
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit
    from mephisto_engine.operations.review_detail import ReviewedUnit
    from mephisto_tui.app import ConsoleApp

SEND: Final = "send"
LEAVE: Final = "leave"
LARGE: Final = 200_000
"""Characters of an answer above which it is shown as it came, and not laid out again."""


@dataclass(frozen=True)
class Draft:
    """What will go with the next decision."""

    note: str = ""
    bonus_cents: int = 0
    block: str | None = None

    def decision(self, unit_id: int, verdict: str) -> NewDecision:
        """The decision about a unit; who is passed or rejected is told the note."""
        is_rejected = verdict == UnitStatus.REJECTED
        return NewDecision(
            unit_id,
            verdict,
            self.note,
            is_note_sent=bool(self.note) and verdict != UnitStatus.ACCEPTED,
            bonus_cents=0 if is_rejected else self.bonus_cents,
            block_reason=self.block,
        )


async def with_note(app: ConsoleApp, draft: Draft) -> Draft:
    """The draft with the note that is typed; left empty, it is as before."""
    remark = "told to the worker with pass and reject; kept here with accept"
    typed = await app.push_screen_wait(PromptScreen("Note", remark, draft.note))
    return draft if typed is None else replace(draft, note=typed)


async def with_reason(app: ConsoleApp, draft: Draft) -> Draft:
    """The draft with the reason of a rejection, if one is typed."""
    remark = "why the worker is not paid; they are told"
    typed = await app.push_screen_wait(PromptScreen("Reject (unpaid)", remark, draft.note))
    return draft if typed is None else replace(draft, note=typed)


async def with_bonus(app: ConsoleApp, draft: Draft) -> Draft:
    """The draft with a bonus; what is no amount leaves it as it was."""
    shown = amount(draft.bonus_cents) if draft.bonus_cents else ""
    prompt = PromptScreen("Bonus", "dollars beside the unit's pay, as 0.50; 0 for none", shown)
    typed = await app.push_screen_wait(prompt)
    if typed is None:
        return draft
    try:
        return replace(draft, bonus_cents=as_cents(typed))
    except ValueError as error:
        app.say(f"{clean(typed, 40)} {error}, such as 0.50", "warn")
        return draft


async def with_block(app: ConsoleApp, draft: Draft) -> Draft:
    """The draft with a block of the worker; a second time takes it away."""
    if draft.block is not None:
        return replace(draft, block=None)
    remark = "why they may not come again; goes out with the decision"
    typed = await app.push_screen_wait(PromptScreen("Block the worker", remark))
    return replace(draft, block=typed)


async def grant_or_revoke(app: ConsoleApp, review: Review, worker_id: int) -> str:
    """Change a qualification of a worker; what came of it, in words."""
    remark = "NAME or NAME=VALUE grants, -NAME revokes"
    typed = await app.push_screen_wait(PromptScreen("Qualifications", remark))
    if typed is None:
        return "nothing changed"
    if typed.startswith("-"):
        review.revoke(worker_id, typed[1:].strip())
        return f"revoked {typed[1:].strip()}"
    name, _, value = typed.partition("=")
    number = value.strip() or "1"
    if not number.lstrip("-").isdigit():
        return f"{number} is no whole number"
    review.grant(worker_id, name.strip(), int(number))
    return f"granted {name.strip()} = {number}"


def has_to_ask(units: Sequence[QueuedUnit], verdict: str, draft: Draft) -> bool:
    """Whether something has to be typed before these units are decided."""
    needs_reason = verdict == UnitStatus.REJECTED and not draft.note
    return needs_reason or len(units) > NUMBER_TO_TYPE


async def may_decide_many(app: ConsoleApp, units: Sequence[QueuedUnit], verdict: str) -> bool:
    """Whether so many units are meant; above ten the number is typed."""
    if len(units) <= NUMBER_TO_TYPE:
        return True
    verb = VERBS[verdict]
    question = Question(
        f"{verb.capitalize()} {len(units)} units",
        sentence(
            f"Stage {verb} for the {len(units)} undecided units of",
            f"{clean(units[0].worker_name, 40)}?",
            "",
            "  nothing is sent by this; u takes all of it back",
        ),
        "Leave them undecided",
        number=len(units),
    )
    return await app.push_screen_wait(ConfirmScreen(question)) == TYPED


async def may_send(app: ConsoleApp, staged: Sequence[DecisionRow]) -> bool:
    """Whether the batch is to be sent, after its summary; rejections of many are typed."""
    summary = summarise(staged)
    hard = summary.counts[UnitStatus.REJECTED] + summary.blocks
    lines = [f"Send {plural(len(staged), 'decision')}?", "", f"  {summary_line(summary)}", ""]
    if hard:
        what = plural(hard, "rejection or block", "rejections and blocks")
        lines.append(f"  {what}: once sent, that is final.")
    lines.append("  What was paid cannot be taken back. What fails stays staged.")
    is_typed = hard > NUMBER_TO_TYPE
    question = Question(
        "Send decisions",
        sentence(*lines),
        "Keep them staged",
        () if is_typed else (Answer("s", "Send them", SEND),),
        number=hard if is_typed else None,
    )
    answer = await app.push_screen_wait(ConfirmScreen(question))
    return answer is not None


async def how_to_leave(app: ConsoleApp, staged: Sequence[DecisionRow]) -> str | None:
    """What becomes of what is staged when the reviewer goes; None: stay."""
    question = Question(
        "Leave the review",
        sentence(
            f"{plural(len(staged), 'decision')} staged and not sent:",
            "",
            f"  {summary_line(summarise(staged))}",
            "",
            "  They are kept in the database; w sends them another time.",
        ),
        "Stay here",
        (Answer("s", "Send them now", SEND), Answer("l", "Leave, keep them staged", LEAVE)),
    )
    return await app.push_screen_wait(ConfirmScreen(question))


def plain_unit(detail: ReviewedUnit) -> dict[str, Any]:
    """A unit as JSON shows it."""
    unit = detail.record.unit
    return {
        "unit_id": unit.id,
        "worker": detail.record.worker_name,
        "inputs": {**unit.shared, **unit.data},
        "answer": detail.record.text,
        "history": list(detail.record.history),
        "metadata": list(detail.record.metadata),
    }


def path_of_file(detail: ReviewedUnit) -> str:
    """Where the unit's first file lies; empty if it has none."""
    for section in detail.sections:
        if isinstance(section, Files) and section.files:
            return section.files[0][1]
    return ""
