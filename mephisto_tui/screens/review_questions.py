"""What a reviewer is asked: reasons, sums, and whether what is final is to happen.

A function here runs as a worker of the app: it may wait for answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mephisto_engine.abstractions.review_view import Files
from mephisto_engine.cents import amount, as_cents, dollars
from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.reviewing.review import summarise
from mephisto_tui.keymap import with_keys
from mephisto_tui.opener import ReviewFile
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.confirm import Answer, ConfirmScreen, Question, sentence
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.view.consequences import NUMBER_TO_TYPE
from mephisto_tui.view.decisions import VERBS, summary_table
from mephisto_tui.view.raw import Raw, laid_out
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit
    from mephisto_engine.operations.reviewing.review_detail import ReviewedUnit
    from mephisto_tui.app import ConsoleApp
    from mephisto_tui.review_door import ReviewDoor

YES: Final = "yes"
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

    def decisions(self, units: Sequence[QueuedUnit], verdict: str) -> list[NewDecision]:
        """One for each unit; who is passed or rejected is told the note, and blocked once."""
        is_rejected = verdict == UnitStatus.REJECTED
        first = {unit.worker_id: unit.unit_id for unit in reversed(units)}
        return [
            NewDecision(
                unit.unit_id,
                verdict,
                self.note,
                is_note_sent=bool(self.note) and verdict != UnitStatus.ACCEPTED,
                bonus_cents=0 if is_rejected else self.bonus_cents,
                block_reason=self.block if first[unit.worker_id] == unit.unit_id else None,
            )
            for unit in units
        ]


@dataclass(frozen=True)
class Batch:
    """Units that are to be decided alike."""

    units: Sequence[QueuedUnit]
    verdict: str
    draft: Draft
    hidden: int = 0
    """How many of them the filter hides."""
    replaced: int = 0
    """How many of them have a decision that is staged."""


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


async def grant_or_revoke(app: ConsoleApp, door: ReviewDoor, worker_id: int) -> str:
    """Change a qualification of a worker; what came of it, in words."""
    remark = "NAME or NAME=VALUE grants, -NAME revokes"
    typed = await app.push_screen_wait(PromptScreen("Qualifications", remark))
    if typed is None:
        return "nothing changed"
    if typed.startswith("-"):
        await asyncio.shield(asyncio.wrap_future(door.revoke(worker_id, typed[1:].strip())))
        return f"revoked {typed[1:].strip()}"
    name, _, value = typed.partition("=")
    number = value.strip() or "1"
    if not number.lstrip("-").isdigit():
        return f"{number} is no whole number"
    granted = door.grant(worker_id, name.strip(), int(number))
    await asyncio.shield(asyncio.wrap_future(granted))
    return f"granted {name.strip()} = {number}"


def has_to_ask(units: Sequence[QueuedUnit], verdict: str, draft: Draft) -> bool:
    """Whether something has to be typed before these units are decided."""
    needs_reason = verdict == UnitStatus.REJECTED and not draft.note
    return needs_reason or len(units) > NUMBER_TO_TYPE


async def may_decide_many(app: ConsoleApp, batch: Batch) -> bool:
    """Whether so many units are meant; above ten the number is typed."""
    number, verb = len(batch.units), VERBS[batch.verdict]
    is_typed = number > NUMBER_TO_TYPE
    question = Question(
        f"{verb.capitalize()} {plural(number, 'unit')}",
        sentence(
            f"Stage {verb} for {plural(number, 'unit')} of {_whose(batch.units)}?",
            "",
            *(f"  {words}" for words in _consequences(batch)),
            "",
            with_keys("  nothing is sent by this; {review.undo} takes all of it back"),
        ),
        "Leave them as they are",
        () if is_typed else (Answer(verb[0], f"{verb.capitalize()} them", YES),),
        number=number if is_typed else None,
    )
    return await app.push_screen_wait(ConfirmScreen(question)) is not None


def _whose(units: Sequence[QueuedUnit]) -> str:
    names = {unit.worker_id: unit.worker_name for unit in units}
    return clean(units[0].worker_name, 24) if len(names) == 1 else f"{len(names)} workers"


def _consequences(batch: Batch) -> Iterator[str]:
    number, draft = len(batch.units), batch.draft
    pay = dollars(sum(unit.pay_cents for unit in batch.units))
    if batch.verdict == UnitStatus.REJECTED:
        yield f"{pay} is not paid, and the workers are told why"
    else:
        bonus = f", and bonuses of {dollars(number * draft.bonus_cents)}"
        kept = "" if batch.verdict == UnitStatus.ACCEPTED else "; the answers are not kept"
        yield f"{pay} to pay{bonus if draft.bonus_cents else ''}{kept}"
    if draft.note:
        yield f"note ‘{clean(draft.note, 40)}’ goes with each"
    if draft.block is not None:
        yield f"{plural(len({unit.worker_id for unit in batch.units}), 'worker')} blocked for good"
    if batch.replaced:
        undo = with_keys("{review.undo} does not bring it back")
        yield f"{batch.replaced} decided before: that is replaced, {undo}"
    if batch.hidden:
        yield f"{batch.hidden} of them not shown by the filter"


async def may_send(app: ConsoleApp, staged: Sequence[DecisionRow]) -> bool:
    """Whether the batch is to be sent, after its summary; rejections of many are typed."""
    summary = summarise(staged)
    hard = summary.counts[UnitStatus.REJECTED] + summary.blocks
    table = [f"  {row}" for row in summary_table(summary)]
    lines = [f"Send {plural(len(staged), 'decision')}?", "", *table, ""]
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
            *(f"  {row}" for row in summary_table(summarise(staged))),
            "",
            with_keys("  They are kept in the database; {review.send} sends them another time."),
        ),
        "Stay here",
        (Answer("s", "Send them now", SEND), Answer("l", "Leave, keep them staged", LEAVE)),
    )
    return await app.push_screen_wait(ConfirmScreen(question))


def raw_unit(detail: ReviewedUnit) -> Raw:
    """All of a unit as JSON; an answer that is long, or cannot be read, as it came."""
    unit, text = detail.record.unit, detail.record.text or ""
    title = f"Unit {unit.id}"
    facts = {
        "unit_id": unit.id,
        "worker": detail.record.worker_name,
        "inputs": {**unit.shared, **unit.data},
        "history": list(detail.record.history),
        "metadata": list(detail.record.metadata),
    }
    if len(text) <= LARGE:
        with suppress(json.JSONDecodeError, RecursionError):
            return Raw(title, laid_out(facts | {"answer": json.loads(text)}), ".json")
    return Raw(title, f"{laid_out(facts)}\n\nThe answer as it came:\n{text}")


def files_of(detail: ReviewedUnit) -> list[ReviewFile]:
    """The files that came with a unit."""
    return [
        ReviewFile(name, Path(path), size)
        for section in detail.sections
        if isinstance(section, Files)
        for name, path, size in section.files
    ]
