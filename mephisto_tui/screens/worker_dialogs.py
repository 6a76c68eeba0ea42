"""What is asked before workers are blocked, noted, labelled or paid; each ends in a change or none.

A function here runs as a worker of the app: it may wait for answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from mephisto_engine.cents import amount, as_cents, dollars
from mephisto_engine.database.queries.worker_list import NamedWorker
from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.worker_desk import Done, WorkerDesk
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.changing import is_sure
from mephisto_tui.screens.confirm import Answer, ConfirmScreen, Question, sentence
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.view.consequences import NUMBER_TO_TYPE
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp
    from mephisto_tui.screens.base import ConsoleScreen

T = TypeVar("T")

SUM_TO_TYPE: Final = 1000
"""Cents; a larger sum has to be typed once more before it is paid."""
YES: Final = "yes"


async def at_desk(app: ConsoleApp, work: Callable[[WorkerDesk], T]) -> T:
    """What comes of it; the console goes on meanwhile."""
    return await asyncio.shield(asyncio.wrap_future(app.bridge.at_desk(work)))


async def block(app: ConsoleApp, selection: Selection) -> None:
    """Keep workers out of every run, with a reason."""
    people = await at_desk(app, lambda desk: desk.meant(selection))
    if not await _may_change_many(app, people, "Block", "they may finish what they are at"):
        return
    remark = "a reason, kept with the worker; they may finish their unit"
    title = f"Why {_are(people)} {_who(people)} kept out of every run?"
    reason = await app.push_screen_wait(PromptScreen(title, remark))
    if reason is not None:
        await _change(app, people, "blocked", lambda desk, ids: desk.block(ids, reason))


async def unblock(app: ConsoleApp, selection: Selection) -> None:
    """Let blocked workers in again, if the operator is sure."""
    people = await at_desk(app, lambda desk: desk.meant(selection))
    blocked = [worker for worker in people if worker.is_blocked]
    if not blocked:
        app.say(f"{_who(people)} {_are(people)} not blocked")
        return
    lines = [
        f"Let {_who(blocked)} in again?",
        "",
        "  they can get units of every run whose requirements they meet",
    ]
    if await is_sure(app, "Unblock", lines, "Keep them out", len(blocked), ("u", "Let them in")):
        await _change(app, blocked, "let in again", lambda desk, ids: desk.unblock(ids))


async def note(app: ConsoleApp, selection: Selection) -> None:
    """Remember something of workers."""
    people = await at_desk(app, lambda desk: desk.meant(selection))
    if not await _may_change_many(app, people, "Note", "each gets the same note"):
        return
    remark = "kept with the worker, who is never shown it"
    text = await app.push_screen_wait(PromptScreen(f"Note on {_who(people)}", remark))
    if text is not None:
        await _change(app, people, "noted", lambda desk, ids: desk.note(ids, text))


async def qualify(app: ConsoleApp, selection: Selection) -> None:
    """Grant or revoke a qualification."""
    people = await at_desk(app, lambda desk: desk.meant(selection))
    if not await _may_change_many(app, people, "Qualifications", "of each the same is changed"):
        return
    remark = "NAME or NAME=VALUE grants, -NAME revokes"
    title = f"Qualifications of {_who(people)}"
    typed = await app.push_screen_wait(PromptScreen(title, remark))
    if typed is None:
        return
    if typed.startswith("-"):
        name = typed[1:].strip()
        await _change(app, people, f"without {name!r}", lambda desk, ids: desk.revoke(ids, name))
        return
    name, _, value = (part.strip() for part in typed.partition("="))
    number = value or "1"
    if not number.removeprefix("-").isdecimal():
        app.say(f"{number} is no whole number", "warn")
        return
    change = f"granted {name!r} = {number}"
    await _change(app, people, change, lambda desk, ids: desk.grant(ids, name, int(number)))


async def pay(app: ConsoleApp, selection: Selection) -> None:
    """Pay workers beside their units, once the operator has seen what that comes to."""
    people = await at_desk(app, lambda desk: desk.meant(selection))
    if not people:
        app.say("there is nobody to pay")
        return
    title = f"Pay {_who(people)} beside the units"
    typed = await app.push_screen_wait(PromptScreen(title, "dollars each, as 1.50"))
    if typed is None:
        return
    try:
        cents = as_cents(typed)
    except ValueError as error:
        app.say(f"{clean(typed, 40)} {error}, such as 1.50", "warn")
        return
    if not cents:
        app.say("nothing to pay")
        return
    reason = await app.push_screen_wait(PromptScreen(title, "why; the workers are told"))
    if reason is not None and await _may_pay(app, people, cents, reason):
        change = f"paid {dollars(cents)}"
        await _change(app, people, change, lambda desk, ids: desk.pay(ids, cents, reason))


async def _may_pay(app: ConsoleApp, people: Sequence[NamedWorker], cents: int, reason: str) -> bool:
    """Whether so much is to be paid; much of it is typed once more."""
    total = cents * len(people)
    each = f" each, {dollars(total)} in all" if len(people) > 1 else ""
    lines = sentence(
        f"Pay {_who(people)} {dollars(cents)}{each}?",
        "",
        f"  they are told: {clean(reason, 42)}",
        "  out of the budget of the run they worked in last, with fees",
        "",
        "  What was paid cannot be taken back.",
        "  The same sum for the same reason is not paid twice.",
    )
    is_typed = total > SUM_TO_TYPE or len(people) > NUMBER_TO_TYPE
    question = Question(
        "Pay beside the units",
        lines,
        "Pay nothing",
        () if is_typed else (Answer("p", f"Pay {dollars(total)}", YES),),
        number=amount(total) if is_typed else None,
    )
    return await app.push_screen_wait(ConfirmScreen(question)) is not None


async def why(screen: ConsoleScreen, worker_id: int, name: str, run_id: int | None) -> None:
    """Show why a worker can or cannot get a unit of a run; None: of which is asked."""
    from mephisto_tui.screens.why import WhyScreen

    app = screen.app
    run_id = await _which_run(app, name) if run_id is None else run_id
    if run_id is None:
        return
    number = run_id
    app.say(f"looking why {clean(name, 30)} gets a unit of run {number}, or none…")
    found = await at_desk(app, lambda desk: desk.why(worker_id, number))
    if screen.is_current:
        screen.unsay()
        app.push_screen(WhyScreen(found, screen.breadcrumb(), screen.MODE, screen.view()))


async def _which_run(app: ConsoleApp, name: str) -> int | None:
    latest = app.bridge.latest()
    runs = latest.runs if latest is not None else ()
    if not runs:
        app.say("there is no run to ask about")
        return None
    choices = [
        (str(run.id), f"{run.id:>5}  {clean(run.task_name, 40)}  {run.status}") for run in runs
    ]
    chosen = await app.push_screen_wait(MenuScreen(f"{clean(name, 30)} in which run?", choices))
    return None if chosen is None else int(chosen)


async def _may_change_many(
    app: ConsoleApp, people: Sequence[NamedWorker], title: str, remark: str
) -> bool:
    """Whether so many workers are meant; one is asked about by the prompt that follows."""
    if len(people) == 1:
        return True
    if not people:
        app.say("there is nobody to change")
        return False
    lines = [f"{title}: {_who(people)}?", "", f"  {remark}"]
    sure = ("c", f"Go on with {plural(len(people), 'worker')}")
    return await is_sure(app, title, lines, "Leave them as they are", len(people), sure)


async def _change(
    app: ConsoleApp,
    people: Sequence[NamedWorker],
    change: str,
    work: Callable[[WorkerDesk, Sequence[int]], Done],
) -> None:
    """Make the change, and say what has come of it."""
    ids = [worker.id for worker in people]
    app.say(f"{_who(people)}: under way…")
    done = await at_desk(app, lambda desk: work(desk, ids))
    if not done.refused:
        app.say(f"{_who(people)}: {change}")
        return
    first = done.refused[0][1]
    more = f" ({len(done.refused) - 1} more)" if len(done.refused) > 1 else ""
    if done.number:
        app.say(f"{plural(done.number, 'worker')}: {change}; but: {first}{more}", "warn")
    else:
        app.say(f"{first}{more}", "warn")


def _who(people: Sequence[NamedWorker]) -> str:
    """``ann``, ``ann and bob``, ``47 workers``."""
    if not people or len(people) > 2:
        return plural(len(people), "worker")
    return " and ".join(clean(worker.name, 30) for worker in people)


def _are(people: Sequence[NamedWorker]) -> str:
    return "is" if len(people) == 1 else "are"
