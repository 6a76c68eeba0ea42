"""The dialogs that lead to a change of a live run; each ends in a command, or in nothing.

A function here runs as a worker of the app: it may wait for answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mephisto_engine.errors import MephistoError
from mephisto_engine.operations.commands.kinds import (
    Block,
    Change,
    Disconnect,
    Expire,
    Extend,
    Extension,
    GoOn,
    Pause,
    SetOptions,
    args_of,
)
from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import RunRow
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.confirm import Answer, ConfirmScreen, Question, sentence
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.view.consequences import NUMBER_TO_TYPE, of_expiry, of_extension
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp

log = logging.getLogger(__name__)

YES: Final = "yes"

OPTIONS: Final = {
    "max_num_concurrent_units": "units that are published at a time; 0: any number",
    "maximum_units_per_worker": "units that one worker may do; 0: any number",
    "allowed_concurrent": "units that one worker may have open at a time; 0: any number",
    "budget": "dollars that the run may cost at worst; none: no cap",
    "no_submission_patience": "seconds without a submission after which the run is stopped",
    "submission_timeout": "seconds for the submission after the task's own logic",
}
"""What can be changed, as `set` knows it, and what it means."""


async def pause_or_go_on(app: ConsoleApp, run: RunRow) -> None:
    """Pause a live run, if the operator is sure; let a paused one go on."""
    if run.status == "paused":
        request(app, run.id, GoOn())
        return
    at_work = run.units.get("assigned", 0)
    question = Question(
        f"Pause run {run.id}",
        sentence(
            f"Pause {clean(run.task_name, 40)}?" + with_keys(" {live.pause} again lets it go on."),
            "",
            "  nothing new is published and nobody new is let in",
            f"  {plural(at_work, 'worker')} at work may finish",
            f"  {plural(run.units.get('launched', 0), 'unit')} on offer stay listed; who opens one",
            "  is told to come again later",
        ),
        "Keep it going",
        (Answer("p", "Pause it", YES),),
    )
    if await app.push_screen_wait(ConfirmScreen(question)) == YES:
        request(app, run.id, Pause())


async def expire(app: ConsoleApp, run: RunRow, selection: Selection) -> None:
    """Expire unfinished units for good, if the operator is sure."""
    counts = await asyncio.wrap_future(app.bridge.count_units(run.id, selection))
    consequence = of_expiry(run.id, counts)
    if not consequence.number:
        app.say("none of these units is unfinished")
        return
    title, safe = "Expire units", "Keep them"
    if await is_sure(app, title, consequence.lines, safe, consequence.number, ("x", "Expire")):
        request(app, run.id, Expire(selection=selection.as_args()))


async def extend(app: ConsoleApp, run: RunRow) -> None:
    """Give a run more units, once the operator has seen what they cost."""
    choices = [("units", "more units of each item"), ("data", "more items, from a data file")]
    way = await app.push_screen_wait(MenuScreen(f"Extend run {run.id} by", choices))
    change = None if way is None else await _extension_asked_for(app, run, way)
    if change is None:
        return
    rehearsal = Extend(change.data, change.units_per_item, is_rehearsal=True)
    outcome = await app.asking.answer_to("extend", run.id, args_of(rehearsal))
    if outcome is None:
        return
    extension = Extension.from_outcome(outcome)
    lines = of_extension(run.id, extension)
    agreed = Extend(change.data, change.units_per_item, expected_units=extension.units)
    sure = ("a", f"Add {plural(extension.units, 'unit')}")
    if not extension.is_affordable or not extension.units:
        request(app, run.id, agreed)  # the engine says why not
    elif await is_sure(app, "Extend", lines, "Leave it as it is", extension.units, sure):
        request(app, run.id, agreed)


async def _extension_asked_for(app: ConsoleApp, run: RunRow, way: str) -> Extend | None:
    title = f"Extend run {run.id}"
    if way == "data":
        remark = "data file (CSV, JSON, JSON Lines) with the task's fields"
        path = await app.push_screen_wait(PromptScreen(title, remark))
        return None if path is None else Extend(_absolute(path))
    typed = await app.push_screen_wait(PromptScreen(title, "how many units more of each item?"))
    if typed is None:
        return None
    if not typed.isdecimal() or not 0 < int(typed) <= 10_000:
        app.say(f"{typed!r} is no number of units", "warn")
        return None
    return Extend(units_per_item=int(typed))


async def set_option(app: ConsoleApp, run: RunRow, task: Mapping[str, Any]) -> None:
    """Change one of the run's limits; ``task`` is its `mephisto.task` node."""
    width = max(map(len, OPTIONS))
    choices = [(name, f"{name:<{width}}  {_shown(task, name)}") for name in OPTIONS]
    name = await app.push_screen_wait(MenuScreen(f"Change run {run.id}", choices))
    if name is None:
        return
    title = f"{name}, now {_shown(task, name)}"
    typed = await app.push_screen_wait(PromptScreen(title, OPTIONS[name]))
    if typed is not None:
        request(app, run.id, SetOptions({name: typed}))


async def disconnect(app: ConsoleApp, run: RunRow, agent_ids: Sequence[int]) -> None:
    """End agents whose page or worker misbehaves, if the operator is sure."""
    number = len(agent_ids)
    names = ", ".join(map(str, agent_ids[:10])) + (" …" if number > 10 else "")
    lines = [
        f"Disconnect {plural(number, 'agent')} of run {run.id}: {names}?",
        "",
        "  who is at work loses this work; the unit is offered again",
        with_keys("  the worker may come again; {run.block} keeps them out"),
    ]
    sure = ("d", "Disconnect")
    if await is_sure(app, "Disconnect", lines, "Leave them at work", number, sure):
        for agent_id in agent_ids:
            request(app, run.id, Disconnect(agent_id))


async def block(app: ConsoleApp, run: RunRow, worker_id: int, name: str) -> None:
    """Keep a worker out of every run, with a reason."""
    title = f"Why is {clean(name, 30)} kept out of every run?"
    remark = "a reason, kept with the worker; they may finish their unit"
    reason = await app.push_screen_wait(PromptScreen(title, remark))
    if reason is not None:
        request(app, run.id, Block(worker_id, reason))


async def guarded(app: ConsoleApp, dialog: Coroutine[Any, Any, None]) -> None:
    """Say what keeps a dialog from going on."""
    try:
        await dialog
    except MephistoError as error:
        app.say(f"{error.message} {error.hint}".rstrip(), "bad")
    except Exception as error:
        log.exception("a dialog failed")
        app.say(str(error) or type(error).__name__, "bad")


async def is_sure(
    app: ConsoleApp,
    title: str,
    lines: Sequence[str],
    safe: str,
    number: int,
    sure: tuple[str, str],
) -> bool:
    """Ask; when many are concerned, their number has to be typed, else a letter is enough."""
    text = sentence(*lines)
    if number > NUMBER_TO_TYPE:
        question = Question(title, text, safe, number=number)
    else:
        question = Question(title, text, safe, (Answer(*sure, YES),))
    return await app.push_screen_wait(ConfirmScreen(question)) is not None


def request(app: ConsoleApp, run_id: int, change: Change) -> None:
    """Send a command, and say how it went once that is known."""
    app.asking.request(change.KIND, run_id, args_of(change))


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _shown(task: Mapping[str, Any], name: str) -> str:
    value = task.get(name)
    return "none" if value is None else str(value)
