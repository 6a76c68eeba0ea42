"""The keys of a screen as it shows them: in its key bar, its modes and its help."""

from __future__ import annotations

from collections.abc import Sequence

from mephisto_tui.commands import (
    COMMANDS,
    NEVER_DROPPED,
    SCOPE_TITLES,
    Command,
    Scope,
    commands_for,
)
from mephisto_tui.keymap import in_use
from mephisto_tui.view.chrome import KeyEntry
from mephisto_tui.view.spans import BLANK, Line, Span, line


def key_entries(scopes: Sequence[Scope], way_out: str) -> list[KeyEntry]:
    """What the key bar shows: a screen's own commands first, help and ``way_out`` at the right."""
    shown = [command for command in commands_for(scopes) if command.bar is not None]
    shown.sort(key=lambda command: command.bar or NEVER_DROPPED)
    return [
        KeyEntry(
            in_use().first(command),
            way_out if command.id == "back" else command.title,
            command.bar or NEVER_DROPPED,
            is_at_right=command.bar == NEVER_DROPPED,
        )
        for command in shown
    ]


def mode_keys() -> dict[str, str]:
    """Title of a mode → the key that leads there."""
    return {
        command.title: in_use().first(command)
        for command in COMMANDS
        if command.id.startswith("mode.")
    }


def help_page(scopes: Sequence[Scope]) -> list[Line]:
    """Every command of a screen, its keys, and what it does."""
    lines: list[Line] = []
    for scope in [scope for scope in SCOPE_TITLES if scope in scopes][::-1]:
        lines += [BLANK] if lines else []
        lines.append(line(f" {SCOPE_TITLES[scope]}", "accent"))
        lines += [_help_line(command) for command in COMMANDS if command.scope == scope]
    return lines


def _help_line(command: Command) -> Line:
    asks = Span("  asks first", "warn") if command.is_dangerous else Span("")
    return (
        Span(f"  {in_use().all(command):<12}", "strong"),
        Span(f"{command.title:<14}"),
        Span(command.help, "dim"),
        asks,
    )
