"""The two ways out of a command: data on stdout, words on stderr. Nothing else writes there.

What makes text safe is imported where it is used, because `--help` needs none of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mephisto_engine.operations.watching.snapshot import LogRow


def put_lines(lines: Iterable[str]) -> None:
    """Lines of `mephisto_tui.plain`, which has made them safe; all of them in one write."""
    text = "\n".join(lines)
    if text:
        typer.echo(text)


def put_json(value: Any, *, is_line: bool = False) -> None:
    """Any value of rows, dicts and lists; on one line where each line is a document of its own.

    Control characters and everything beyond ASCII leave as JSON escapes (DEL is the one that the
    encoder lets through), so no terminal can be steered by what a worker typed.
    """
    import json

    text = json.dumps(value, default=_jsonable, indent=None if is_line else 2)
    typer.echo(text.replace("\x7f", "\\u007f"))


def put_events(events: Iterable[LogRow], *, as_json: bool) -> None:
    """One line an event, as words or as a JSON document."""
    from mephisto_tui import plain

    for event in events:
        if as_json:
            put_json(event, is_line=True)
        else:
            put_lines([plain.log_line(event)])


def say(text: str) -> None:
    """Words for the person at the keyboard."""
    from mephisto_tui.safe_text import clean

    for line in text.splitlines():
        typer.echo(clean(line), err=True)


def prompt(text: str) -> None:
    """A question to the person at the keyboard, who answers on the same line."""
    from mephisto_tui.safe_text import clean

    typer.echo(clean(text), err=True, nl=False)


def _jsonable(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
