"""`config`: look at a launch config as the engine would read it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mephisto_tui.cli.options import Json, Overrides
from mephisto_tui.cli.output import put_json, put_lines

app = typer.Typer(
    help="Look at a config as the engine reads it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def group() -> None:
    """Look at a config as the engine reads it."""


@app.command()
def show(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Launch config (YAML).")],
    overrides: Overrides = None,
    as_json: Json = False,
) -> None:
    """Print a config resolved and checked.

    Secrets are left out; nothing is created.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.config import load_launch_config
    from mephisto_tui.safe_text import clean_lines

    found = load_launch_config(config, overrides or [], Registry())
    if as_json:
        put_json(found.resolved)
    else:
        import yaml

        text = yaml.safe_dump(found.resolved, sort_keys=False, allow_unicode=True)
        put_lines(clean_lines(text.rstrip()))
