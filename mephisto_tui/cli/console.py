"""Opens the live console over a database, with the engine behind it if that lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import Settings

if TYPE_CHECKING:
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.engine import Engine


def can_draw() -> bool:
    """Whether there is a terminal that a console can be drawn on; says why if not."""
    from mephisto_tui.terminal import refusal

    reason = refusal()
    if reason:
        say(f"No console here: {reason}. Lines instead.")
    return not reason


def show_console(
    settings: Settings,
    db: MephistoDB,
    run_id: int | None,
    *,
    engine: Engine | None = None,
    refusal: str = "",
) -> None:
    """Blocks until the person leaves the console."""
    from mephisto_tui.app import ConsoleApp
    from mephisto_tui.bridge import MonitorBridge

    with MonitorBridge(db, engine, home=settings.home, refusal=refusal) as bridge:
        ConsoleApp(bridge, run_id=run_id).run()
