"""Whoever knows `?` and ctrl+p finds everything; whoever has a poor terminal sees everything."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import mephisto_tui.screens
from mephisto_tui.commands import (
    COMMANDS,
    SCOPE_TITLES,
    Command,
    Scope,
    commands_for,
    matching,
)
from mephisto_tui.safe_text import width
from mephisto_tui.screens.base import ConsoleScreen
from mephisto_tui.screens.help import HelpScreen
from mephisto_tui.screens.menu import PaletteScreen
from mephisto_tui.view.chrome import key_bar
from mephisto_tui.view.glyphs import to_ascii
from mephisto_tui.view.keys import help_page, key_entries

SOURCE = Path(mephisto_tui.screens.__file__).parents[1]
GOLDENS = Path(__file__).parent / "goldens"


def every_screen() -> list[type[ConsoleScreen]]:
    """Each class that is opened and not only built upon, found and not listed."""
    for module in pkgutil.iter_modules(mephisto_tui.screens.__path__):
        importlib.import_module(f"mephisto_tui.screens.{module.name}")
    found: list[type[ConsoleScreen]] = []
    waiting = [ConsoleScreen]
    while waiting:
        screen = waiting.pop()
        further = [each for each in screen.__subclasses__() if "mephisto_tui" in each.__module__]
        waiting += further
        if not further:
            found.append(screen)
    return sorted(found, key=lambda screen: screen.__name__)


SCREENS = pytest.mark.parametrize("screen", every_screen(), ids=lambda screen: screen.__name__)
EACH = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)


@SCREENS
def test_a_screen_does_all_that_it_offers(screen):
    for command in commands_for(screen.SCOPES):
        assert callable(getattr(screen, command.handler, None)), command.id


@SCREENS
def test_a_key_means_one_thing(screen):
    keys = [key for command in commands_for(screen.SCOPES) for key in command.keys]
    assert len(keys) == len(set(keys))


@SCREENS
@pytest.mark.parametrize("cells", [60, 80, 160])
def test_the_key_bar_has_whole_entries_and_the_two_that_matter(screen, cells):
    bar = "".join(span.text for span in key_bar(key_entries(screen.SCOPES, screen.WAY_OUT), cells))
    assert width(bar) == cells
    assert bar.endswith(f"? Help  q {screen.WAY_OUT} ")
    assert "…" not in bar
    left = bar.removesuffix(f"? Help  q {screen.WAY_OUT} ").strip()
    offered = [f"{entry.key} {entry.label}" for entry in key_entries(screen.SCOPES, "")]
    shown = [part.strip() for part in left.split("  ") if part.strip()]
    dropped = [part for part in shown if part.startswith("+")]
    assert {*shown} - {*dropped} <= {*offered}
    if dropped:
        assert int(dropped[0]) == len(offered) - 2 - (len(shown) - 1)


def test_every_scope_has_a_title_and_a_screen():
    used = {scope for screen in every_screen() for scope in screen.SCOPES}
    assert used == set(SCOPE_TITLES) == set(get_args(Scope))


@EACH
def test_a_command_says_what_it_is(command: Command):
    assert command.title
    assert command.help
    assert command.keys
    assert command.help.strip() == command.help
    assert not command.help.endswith(".")


@EACH
def test_a_command_is_found_from_where_it_can_be_done(command: Command):
    screens = [screen for screen in every_screen() if command.scope in screen.SCOPES]
    for screen in screens:
        page = ["".join(span.text for span in line) for line in help_page(screen.SCOPES)]
        assert any(command.title in line and command.help in line for line in page)
    if command.is_listed:
        assert command in matching(command.title, COMMANDS)
        assert command in matching(" ".join(command.help.split()[-2:]), COMMANDS)


def test_words_of_the_help_find_a_command_after_those_of_its_title():
    assert matching("workers open", COMMANDS)[0].id == "run.copy_link"
    assert matching("launch", COMMANDS)[0].title == "Launch"


async def test_the_help_can_be_read_to_its_end_in_a_small_window(make_app, screen_text):
    app = make_app(run_id=142)
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        seen = screen_text(app)
        for _page in range(12):
            await pilot.press("pagedown")
            await pilot.pause()
            seen += screen_text(app)
        for command in commands_for(("everywhere", "scroll", "lists", "run")):
            assert f"{command.title} " in seen


async def test_the_palette_finds_and_does_in_a_small_window(make_app, screen_text):
    app = make_app(run_id=142)
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("ctrl+p", *"lines")
        await pilot.pause()
        assert isinstance(app.screen, PaletteScreen)
        assert "Filter" in screen_text(app)
        await pilot.press("escape", "ctrl+p", *"this pane alone", "enter")
        await pilot.pause()
        assert app.screen.is_zoomed


def texts_of_the_console() -> Iterator[str]:
    """Every piece of text in the source that is not a docstring."""
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        docs = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in docs:
                yield node.value


def test_every_glyph_of_the_console_has_an_ascii_counterpart():
    shown = "".join(texts_of_the_console())
    shown += "".join(
        path.read_text("utf-8") for path in GOLDENS.glob("*.txt") if "hostile" not in path.name
    )
    glyphs = {letter for letter in shown if not letter.isascii() and letter.isprintable()}
    foreign = set("\u034f\u115f\u1160\u2800\u3164\uffa0\ufe0e\ufe0f\u25cc")  # of safe_text alone
    missing = {glyph for glyph in glyphs - foreign if to_ascii(glyph) == "?"}
    assert missing == set()
    assert all(len(to_ascii(glyph)) == width(glyph) for glyph in glyphs - foreign)
