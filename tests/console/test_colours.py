"""Colours as they reach the terminal: everything can be read, whatever it can show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_pty import PtyConsole

from mephisto_tui.console_settings import THEMES

pytestmark = pytest.mark.pty

LEAST_CONTRAST = 3.0
"""WCAG 2.1 asks for 3 where text is large or bold; quiet tones are meant to stand back."""
SGR = re.compile(rb"\x1b\[([\d;:]*)m")
ATTRIBUTES = {0, 1, 2, 3, 4, 5, 7, 9, 21, 22, 23, 24, 25, 27, 29}
SIXTEEN = {*range(30, 38), 39, *range(40, 48), 49, *range(90, 98), *range(100, 108)}


@pytest.fixture
def console(tmp_path: Path) -> Iterator:
    started: list[PtyConsole] = []

    def start(*arguments: str, **environ: str) -> PtyConsole:
        made = PtyConsole("--run", "142", *arguments, columns=100, lines=40, **environ)
        started.append(made)
        made.wait_for("? Help  q Back")
        made.wait_for("ApproveAssignment")
        return made

    yield start
    for made in started:
        made.close()


def codes(received: bytes) -> set[int]:
    return {int(code or 0) for found in SGR.findall(received) for code in re.split(b"[;:]", found)}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def unreadable(console: PtyConsole) -> list[str]:
    """Text whose colour is too near to its background."""
    found = []
    for row in console.screen.buffer.values():
        for cell in row.values():
            if cell.data.strip() and cell.data not in "─│┌┐└┘▁▏":
                front, back = (cell.bg, cell.fg) if cell.reverse else (cell.fg, cell.bg)
                if contrast(front, back) < LEAST_CONTRAST:
                    found.append(f"{cell.data!r}: {front} on {back}")
    return sorted(set(found))


@pytest.mark.parametrize("theme", [theme for theme in THEMES if not theme.startswith("ansi")])
@pytest.mark.parametrize("depth", ["256", "truecolor"])
def test_every_theme_can_be_read(console, theme, depth):
    environ = {"COLORTERM": "truecolor"} if depth == "truecolor" else {}
    assert unreadable(console("--theme", theme, **environ)) == []


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
def test_with_sixteen_colours_only_the_terminals_own_are_used(console, theme):
    sent = codes(console("--theme", theme, TERM="xterm").received)
    assert sent <= ATTRIBUTES | SIXTEEN
    assert sent & {31, 33, 91, 93}


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
def test_no_color_sends_no_colour_and_still_shows_the_cursor(console, term):
    sent = codes(console(TERM=term, NO_COLOR="1").received)
    assert sent <= ATTRIBUTES
    assert 7 in sent
