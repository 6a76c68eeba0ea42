"""`doctor`: what is wrong with this installation or its data, and what to do about it."""

from __future__ import annotations

import typer

from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines
from mephisto_tui.cli.settings import settings_of


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check the installation and the data.

    Says what to do about what it finds; exit code 1 if anything is an error.
    """
    from mephisto_engine.operations.checks.doctor import check_health
    from mephisto_tui import plain

    settings = settings_of(context)
    findings = check_health(settings.home, settings.db)
    if as_json:
        put_json(findings)
    else:
        put_lines(plain.finding_lines(findings))
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(ExitCode.REFUSED)
