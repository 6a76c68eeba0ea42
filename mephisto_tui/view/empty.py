"""What a console shows that has nothing to show yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean
from mephisto_tui.view.glyphs import WARNING
from mephisto_tui.view.spans import BLANK, Line, Span
from mephisto_tui.view.words import plural


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the console was started with, for the screen that has no run to show."""

    database: str = "the database"
    host: str = ""
    multiplexer: str = ""
    """``tmux`` or ``screen``; empty: nothing keeps the console when a connection drops."""
    plugins: str = ""
    """What was found: ``3 blueprints, 2 providers, 1 architect``."""
    broken_plugins: tuple[tuple[str, str], ...] = ()
    """Name and error of each plug-in that did not load."""
    plugin_report: str = ""
    """Every plug-in with where it comes from; why it cannot be used, with the traceback."""
    home: str = ""
    """The folder that runs keep their files in; empty where it is not known."""
    log_file: str = ""
    """Where the console and the engine in its process write what is too long for the screen."""

    @property
    def facts(self) -> tuple[str, ...]:
        """What the title says of them where there is room, the least important first."""
        database = f"db {self.database}" if self.host else ""
        return tuple(fact for fact in (database, self.multiplexer, self.host) if fact)


def no_runs(surroundings: Surroundings) -> list[Line]:
    """Three ways to get a run, and which plug-ins are broken."""
    found = f"({clean(surroundings.plugins, 60)} found)" if surroundings.plugins else ""
    ways: Sequence[tuple[str, str]] = (
        ("mephisto-tui demo", "a mock run with simulated workers"),
        (with_keys("{runs.launch}"), "launch one here"),
        ("mephisto-tui launch conf.yaml", "the same from a shell"),
        ("mephisto-tui watch RUN", "one that another process drives"),
    )
    lines: list[Line] = [
        (Span(f"No task runs in {clean(surroundings.database, 50)} yet.", "strong"),),
        BLANK,
        *((Span(f"  {command:<31}", "accent"), Span(what)) for command, what in ways),
        BLANK,
        (Span(f"  {found}", "dim"),) if found else BLANK,
    ]
    for name, error in surroundings.broken_plugins:
        lines.append((Span(f"  {WARNING} plugin ‘{clean(name, 30)}’ did not load:", "warn"),))
        lines.append((Span(f"    {clean(error, 200)}"),))
    return lines


def filtered_out(hidden: int, noun: str, typed: str = "") -> Line:
    """That the filter leaves nothing to see of so many, and how they are seen again.

    Where nobody knows how many there are, ``hidden`` is 0.
    """
    named = f" {clean(typed, 20)}" if typed else ""
    what = f"the filter{named} hides {plural(hidden, noun)}"
    return (Span(what if hidden else f"nothing matches{named}", "dim"), Span("   esc shows all"))


def no_agents(link: str) -> list[Line]:
    """That nobody has come yet, and where they should."""
    shown = clean(link, 200)
    where = (Span("link: "), Span(shown, "accent"), Span(with_keys("  ({copy} copies it)"), "dim"))
    return [(Span("no agents yet", "dim"),), *([where] if shown else [])]
