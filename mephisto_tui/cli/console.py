"""Opens the live console over a database, with the engine behind it if that lives here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import Settings

if TYPE_CHECKING:
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.engine import Engine
    from mephisto_tui.ending import ConsoleExit
    from mephisto_tui.launching import Launching


def can_draw() -> bool:
    """Whether there is a terminal that a console can be drawn on; says why if not."""
    from mephisto_tui.terminal import refusal

    reason = refusal()
    if reason:
        say(f"No console: {reason}. Printing lines instead.")
    return not reason


def show_console(
    settings: Settings,
    db: MephistoDB,
    run_id: int | None,
    *,
    engine: Engine | None = None,
    is_read_only: bool = False,
    exit_when_done: bool = False,
    note: str = "",
) -> ConsoleExit:
    """Block until the console has ended, for whatever reason.

    Args:
        settings: where the log of what would else hit the screen is kept.
        db: what is shown.
        run_id: the run to begin with; None for the list of runs.
        engine: given if leaving the console has to ask what becomes of the engine's runs.
        is_read_only: refuse every key that would change something.
        exit_when_done: leave when the run has ended.
        note: stands on the screen all the time.
    """
    from mephisto_tui.terminal import short_escape

    with short_escape():
        from mephisto_tui.app import ConsoleApp, run_console
    from mephisto_tui.bridge import MonitorBridge
    from mephisto_tui.console_settings import load_settings, settings_path
    from mephisto_tui.session import session_path
    from mephisto_tui.state import shown_path
    from mephisto_tui.surroundings import look_around, note_for

    log_path, no_log = _console_log(settings.logs / "console.log")
    around = replace(
        look_around(settings.database_url),
        home=str(settings.home.absolute()),
        log_file=shown_path(log_path) if log_path else "",
    )
    launching = _launching(settings, db, engine)
    with MonitorBridge(
        db, engine, home=settings.home, can_detach=True, launching=launching
    ) as bridge:
        app = ConsoleApp(
            bridge,
            run_id=run_id,
            read_only=is_read_only,
            ascii=settings.is_ascii or None,
            exit_when_done=exit_when_done,
            surroundings=around,
            kept_in=session_path(),
            settings=load_settings(
                settings.keys or settings_path(), has_to_exist=bool(settings.keys)
            ),
            standing_note=note or no_log or note_for(around),
            rings=settings.rings,
        )
        ended = run_console(app, log_path=log_path, mouse=settings.mouse)
    if ended.message:
        say(f"The console ended: {ended.message}")
    return replace(ended, is_held_up=bridge.is_held_up)


def _console_log(path: Path) -> tuple[Path | None, str]:
    """Where the console's log goes; None, and why, if it cannot be written."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:
        return None, f"no log of the console: {path}: {error.strerror}"
    return path, ""


def _launching(settings: Settings, db: MephistoDB, engine: Engine | None) -> Launching:
    from mephisto_tui.launching import Launching

    start_detached = partial(_start_detached, settings)
    return Launching(db, settings.home, engine=engine, start_detached=start_detached)


def _start_detached(settings: Settings, config: Path, overrides: Sequence[str]) -> int:
    """Let a process of its own drive a new run; the console only follows it."""
    from mephisto_tui.cli.detach import spawn_engine

    return spawn_engine(settings, "launch", [str(config), *overrides]).run_id
