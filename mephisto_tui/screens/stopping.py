"""What is asked before a run is stopped, or a console left that runs depend on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mephisto_engine.operations.watching.snapshot import RunRow
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.confirm import Answer, Question, sentence
from mephisto_tui.view.words import plural

DRAIN: Final = "drain"
NOW: Final = "now"
DETACH: Final = "detach"
TYPED_ABOVE: Final = 10
"""More workers than this lose their work only after their number was typed."""


def how_to_stop(run: RunRow) -> Question:
    """Stop one run: how?"""
    at_work = run.units.get("assigned", 0)
    waiting = run.units.get("launched", 0) + run.units.get("created", 0)
    return Question(
        f"Stop run {run.id}",
        sentence(
            f"Stop {clean(run.task_name, 40)}? No new worker will be taken.",
            "",
            f"{waiting:>6} not begun  → expired, nobody can take them any more",
            f"{at_work:>6} assigned   → {plural(at_work, 'worker')} at work now",
            f"{run.done:>6} done       → kept, nothing submitted is touched",
        ),
        "Keep it running",
        (
            Answer("d", "Stop; let those at work finish", DRAIN),
            Answer("n", "Stop now; those at work lose what they did", NOW),
        ),
    )


def type_the_number(run: RunRow) -> Question:
    """Stop a run at which many are at work: sure?"""
    at_work = run.units.get("assigned", 0)
    return Question(
        f"Stop run {run.id} now",
        sentence(
            f"{plural(at_work, 'worker')} are at work and will lose what they did.",
            "This cannot be undone.",
        ),
        "Keep it running",
        number=at_work,
    )


def how_to_leave(running: Sequence[int], can_detach: bool) -> Question:
    """Quit a console whose process drives runs: what becomes of them?"""
    names = ", ".join(map(str, running))
    noun = "Run" if len(running) == 1 else "Runs"
    verb = "lives" if len(running) == 1 else "live"
    detach = (Answer("l", "Leave them running without a console", DETACH),) if can_detach else ()
    return Question(
        "Quit",
        sentence(f"{noun} {names} {verb} in this process and would end with it."),
        "Keep the console",
        (*detach, Answer("d", "Stop; let those at work finish, then quit", DRAIN)),
    )
