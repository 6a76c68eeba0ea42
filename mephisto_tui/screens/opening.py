"""Opening a file that came with a unit: first it is said what would run, then it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual.app import SuspendNotSupported

from mephisto_tui import opener, terminal
from mephisto_tui.daemon_worker import DaemonWorker
from mephisto_tui.opener import Opening, ReviewFile
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.confirm import Answer, ConfirmScreen, Question, sentence
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.view.raw import wrapped
from mephisto_tui.view.reading import wrapped_words
from mephisto_tui.view.spans import line
from mephisto_tui.view.words import size

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp

OPEN: Final = "open"
COPY: Final = "copy"
QUICK_SECONDS: Final = 2.0
"""What a desktop has to say about a file it cannot open, it says within this time."""
TEXT_CELLS: Final = 58


async def open_file(app: ConsoleApp, files: Sequence[ReviewFile]) -> None:
    """Show one of the files, if the operator agrees to what would run."""
    file = await _chosen(app, files)
    if file is None:
        return
    try:
        opening = await asyncio.to_thread(opener.opening_of, file.path, app.settings.opener)
    except OSError as error:
        app.say(f"{clean(file.name, 40)}: {error.strerror}: {file.path}", "warn")
        return
    if not opening.command:
        outcome = await app.copy(str(file.path))
        app.say(f"{opening.kind}: nothing here shows it; {outcome}: {file.path}")
        return
    answer = await app.push_screen_wait(ConfirmScreen(_question(file, opening)))
    if answer == COPY:
        app.say(f"{await app.copy(str(file.path))}: {file.path}")
    elif answer == OPEN and opening.needs_terminal:
        app.say(_shown_alone(app, opening) or f"{clean(file.name, 40)} was shown")
    elif answer == OPEN:
        app.say(await _shown_beside(opening))


async def _chosen(app: ConsoleApp, files: Sequence[ReviewFile]) -> ReviewFile | None:
    if len(files) == 1:
        return files[0]
    choices = [
        (str(place), f"{clean(file.name, 44)}  {size(file.size)}")
        for place, file in enumerate(files)
    ]
    chosen = await app.push_screen_wait(MenuScreen("Open which file?", choices))
    return None if chosen is None else files[int(chosen)]


def _question(file: ReviewFile, opening: Opening) -> Question:
    return Question(
        "Open a file that a worker sent",
        (
            *sentence(f"{clean(file.name, 40)}, {size(file.size)}"),
            *map(line, wrapped_words(opening.kind, TEXT_CELLS)),
            *sentence("", "This runs"),
            *wrapped(opening.words, TEXT_CELLS),
        ),
        "Leave it closed",
        (Answer("o", "Open it", OPEN), Answer("y", "Copy its path", COPY)),
    )


def _shown_alone(app: ConsoleApp, opening: Opening) -> str:
    try:
        with app.suspend():
            return opener.show(opening, terminal.descriptor())
    except SuspendNotSupported:
        return "this terminal cannot be handed to another program"


async def _shown_beside(opening: Opening) -> str:
    worker = DaemonWorker("console-open")
    ended = asyncio.wrap_future(worker.submit(opener.run_beside, opening))
    try:
        status = await asyncio.wait_for(asyncio.shield(ended), QUICK_SECONDS)
    except TimeoutError:
        status = 0
    except OSError as error:
        return f"{opening.command[0]} could not be started: {error.strerror}"
    finally:
        worker.close()
    name = opening.command[0]
    return f"{name} ended with status {status}" if status else f"opened with {name}"
