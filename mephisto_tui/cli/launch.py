"""Commands that bring a run on line and stay with it: `demo`, `launch`, `resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from mephisto_tui.cli.options import Detach, DryRun, Headless, Json, Overrides, ReportFd, Run
from mephisto_tui.cli.settings import Settings, settings_of

DEMO_CONFIG: Final = Path(__file__).parent / "demo" / "conf.yaml"
DEMO_WORK_SECONDS: Final = 3.0
"""Mean time that a simulated worker takes for a unit at speed 1."""


def demo(
    context: typer.Context,
    workers: Annotated[int, typer.Option(min=1, help="Simulated workers.")] = 8,
    units: Annotated[int, typer.Option(min=1, help="Units to be done.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed gives the same answers.")] = 1,
    speed: Annotated[float, typer.Option(min=0.01, help="Two is twice as fast.")] = 1.0,
    headless: Headless = False,
    as_json: Json = False,
) -> None:
    """Watch simulated workers do a small task.

    Needs no config and no browser. Ends when the units are done, or with the console.
    """
    from mephisto_tui.cli.driving import Manner, drive_here
    from mephisto_tui.cli.starting import FromConfig

    start = FromConfig.read(
        DEMO_CONFIG,
        [
            f"demo.units={units}",
            f"mephisto.provider.simulated_workers={workers}",
            f"mephisto.provider.seed={seed}",
            f"mephisto.provider.work_seconds={DEMO_WORK_SECONDS / speed}",
        ],
    )
    manner = Manner(headless, as_json, prints_events=not as_json, ends_with_console=True)
    drive_here(settings_of(context), start, manner)


def launch(
    context: typer.Context,
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Launch config (YAML).")],
    overrides: Overrides = None,
    headless: Headless = False,
    detach: Detach = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    report_fd: ReportFd = None,
) -> None:
    """Put a task on line and stay with its run.

    The config is checked first, in every part, and nothing is created if something is wrong.
    With --headless --json each event is one JSON line and the last line is the run.
    """
    if dry_run:
        from mephisto_tui.cli.dry_run import show_plan

        show_plan(settings_of(context), config, overrides or [], as_json=as_json)
        return
    from mephisto_tui.cli.driving import Manner, drive_here
    from mephisto_tui.cli.starting import FromConfig

    start = FromConfig.read(config, overrides or [])
    if detach:
        _leave(settings_of(context), "launch", [str(config), *(overrides or [])], headless)
    else:
        drive_here(settings_of(context), start, Manner(headless, as_json, report_fd=report_fd))


def resume(
    context: typer.Context,
    run_id: Run,
    headless: Headless = False,
    detach: Detach = False,
    as_json: Json = False,
    report_fd: ReportFd = None,
) -> None:
    """Go on with a run after a pause, a stop or a crash.

    Every stored answer is kept; units that were withdrawn unfinished are offered again, those that
    you have expired are not. A paused run that an engine drives goes on there.
    """
    from mephisto_tui.cli.control import goes_on
    from mephisto_tui.cli.driving import Manner, drive_here
    from mephisto_tui.cli.starting import Resumed

    if goes_on(settings_of(context), run_id):
        return
    if detach:
        _leave(settings_of(context), "resume", [str(run_id)], headless)
    else:
        manner = Manner(headless, as_json, report_fd=report_fd)
        drive_here(settings_of(context), Resumed(run_id), manner)


def _leave(settings: Settings, command: str, arguments: list[str], headless: bool) -> None:
    """Let a process of its own drive the run; here it is only watched, or named and left."""
    from mephisto_tui.cli.detach import start_detached
    from mephisto_tui.cli.output import put_json
    from mephisto_tui.cli.reading import look, run_object
    from mephisto_tui.cli.watch import show_or_follow

    run_id = start_detached(settings, command, arguments)
    with settings.database() as db:
        if headless:
            put_json(run_object(look(db, run_id)))
        else:
            show_or_follow(settings, db, run_id)
