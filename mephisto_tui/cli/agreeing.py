"""Asking before something that cannot be undone, where a person can answer."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.output import prompt, say


def agree(lines: Sequence[str], number: int, is_agreed: bool) -> None:
    """Go on only if whoever reads the lines agrees; enter alone never does.

    Args:
        lines: what will happen, to how many.
        number: how many; above ten it has to be typed, else `yes`.
        is_agreed: `--yes` was given: the lines are printed, and nothing is asked.
    """
    from mephisto_tui.view.consequences import NUMBER_TO_TYPE

    say("\n".join(lines))
    if is_agreed:
        return
    if not sys.stdin.isatty():
        say("Nobody can be asked here: give --yes to go on.")
        raise typer.Exit(ExitCode.USAGE)
    wanted = str(number) if number > NUMBER_TO_TYPE else "yes"
    prompt(f"Type {wanted} to go on: ")
    if sys.stdin.readline().strip().lower() != wanted:
        say("Nothing was changed.")
        raise typer.Exit(ExitCode.REFUSED)
