from __future__ import annotations

import base64
import io
import os
import subprocess

import pytest
from rich.color import Color, ColorSystem
from textual.theme import BUILTIN_THEMES

from mephisto_tui import terminal


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_terminals_that_cannot_place_text_are_refused(term):
    assert terminal.refusal({"TERM": term}, Tty(), Tty())


def test_pipes_are_refused():
    assert terminal.refusal({"TERM": "xterm"}, io.StringIO(), Tty())
    assert terminal.refusal({"TERM": "xterm"}, Tty(), io.StringIO())
    assert terminal.refusal({"TERM": "xterm"}, Tty(), Tty()) == ""


@pytest.mark.parametrize(
    ("environ", "is_ascii"),
    [
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}, True),
        ({"LANG": "en_US.ISO-8859-1"}, True),
    ],
)
def test_the_locale_decides_about_ascii(environ, is_ascii):
    assert terminal.shows_only_ascii(environ) == is_ascii


def test_the_mouse_is_off_over_ssh():
    assert terminal.wants_mouse({})
    assert not terminal.wants_mouse({"SSH_CONNECTION": "a b c d"})


@pytest.mark.parametrize(
    ("environ", "has_few"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "linux"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, False),
    ],
)
def test_few_colours_are_recognised(environ, has_few):
    assert terminal.has_few_colours(environ) == has_few


def test_a_title_cannot_end_its_own_sequence():
    assert terminal.title_sequence("a\x07\x1b]2;b") == "\x1b]2;a^^]2;b\x07"


def test_the_clipboard_sequence_carries_the_text_or_refuses():
    sequence = terminal.clipboard_sequence("http://x/\x1b")
    payload = sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(payload) == b"http://x/\x1b"
    assert terminal.clipboard_sequence("x" * 80_000) is None


def test_tmux_is_given_the_text(monkeypatch):
    given = {}

    def run(command, **options):
        given.update(command=command, input=options["input"])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(terminal.shutil, "which", lambda name: "/usr/bin/tmux")
    monkeypatch.setattr(terminal.subprocess, "run", run)
    assert terminal.copy_with_tmux("a link")
    assert given == {"command": ["tmux", "load-buffer", "-w", "-"], "input": b"a link"}


def test_tmux_that_is_not_there_is_no_error(monkeypatch):
    monkeypatch.setattr(terminal.shutil, "which", lambda name: None)
    assert not terminal.copy_with_tmux("a link")


def test_a_terminal_that_went_away_swallows_what_is_written():
    reader, writer = os.pipe()
    out = terminal.TerminalOut(writer)
    os.close(reader)
    out.write("text")
    out.flush()
    assert out.is_gone
    assert out.write("more") == 4
    out.release()


@pytest.mark.parametrize("system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
@pytest.mark.parametrize(
    "tone", ["foreground", "foreground-darken-3", "success", "warning", "error", "primary"]
)
def test_every_tone_can_be_read_on_every_ground(tone, ground, system):
    colours = BUILTIN_THEMES["gruvbox"].to_color_system().generate()
    lights = [_light(Color.parse(colours[name]).downgrade(system)) for name in (tone, ground)]
    assert (max(lights) + 0.05) / (min(lights) + 0.05) >= 2.4


def _light(colour: Color) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [part / 255 for part in colour.get_truecolor()]
    linear = [part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
