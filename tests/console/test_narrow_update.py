"""Only cells that changed reach the terminal, and they look as if all had been sent."""

from __future__ import annotations

import pyte
import pytest
from console_pty import PtyConsole
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from mephisto_tui.widgets.narrow_update import NarrowUpdate

RED, GREEN = Style.parse("red on black"), Style.parse("green on black")
BOLD = Style.parse("bold red on black")


def sent(spans, *strips: Strip) -> str:
    chops = [{0: strip} for strip in strips]
    update = ChopsUpdate(chops, spans, [[strip.cell_length] for strip in strips])
    return NarrowUpdate(update).render_segments(Console(color_system="256"))


def test_a_span_is_cropped_at_both_ends():
    line = Strip([Segment("abcdef", RED), Segment("ghij", RED)])
    assert sent([(0, 4, 8)], line) == "\x1b[1;5H\x1b[0;31;40mefgh\x1b[0m"


def test_a_style_is_told_once_and_then_only_what_changes():
    line = Strip([Segment("ab", RED), Segment("cd", GREEN), Segment("ef", BOLD), Segment("g")])
    assert sent([(0, 0, 7)], line) == (
        "\x1b[1;1H\x1b[0;31;40mab\x1b[32mcd\x1b[0;1;31;40mef\x1b[0mg\x1b[0m"
    )


def test_a_style_goes_on_into_the_next_span():
    line = Strip([Segment("abcdef", RED)])
    assert sent([(0, 0, 1), (1, 4, 6)], line, line) == ("\x1b[1;1H\x1b[0;31;40ma\x1b[2;5Hef\x1b[0m")


def test_wide_characters_stand_where_they_stood():
    screen = pyte.Screen(10, 1)
    stream = pyte.Stream(screen)
    line = Strip([Segment("日本", RED), Segment("語abcd", GREEN)])
    stream.feed(sent([(0, 0, 10)], line))
    whole = screen.display[0]
    stream.feed(sent([(0, 4, 7)], line))
    assert screen.display[0] == whole


@pytest.mark.pty
def test_after_many_small_changes_the_screen_is_what_a_whole_one_would_be():
    console = PtyConsole("--run", "142", "--busy", "40", "--churn", columns=160, lines=50)
    try:
        console.wait_for("─ Units 359 ─")
        for key in "jjjGkk gjV*\tjz":
            console.send(key)
            console.read(0.3)
        console.send("z")
        console.wait_for("─ Units 359 ─")
        console.send("f")  # from here on nothing moves
        console.wait_for("frozen")
        console.read(2.5)
        before = console.text.splitlines()[2:-2]
        console.resize(150, 50)
        console.read(0.5)
        console.resize(160, 50)
        console.read(1.5)
        assert console.text.splitlines()[2:-2] == before
    finally:
        console.close()
