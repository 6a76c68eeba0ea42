from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from console_world import FakeBridge, StandingClock

from mephisto_tui.app import ConsoleApp

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch):
    """Neither the developer's time zone nor their terminal changes what is drawn."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_CTYPE", "NO_COLOR", "TMUX", "SSH_CONNECTION", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def clock():
    return StandingClock()


@pytest.fixture
def bridge():
    return FakeBridge()


@pytest.fixture
def make_app(clock, bridge):
    def make(**options) -> ConsoleApp:
        return ConsoleApp(options.pop("bridge", bridge), clock=clock, **options)

    return make


def text_of(app: ConsoleApp) -> str:
    """The screen as the terminal would show it, without colours."""
    strips = app.screen._compositor.render_strips()
    return "".join(strip.text.rstrip() + "\n" for strip in strips)


@pytest.fixture
def screen_text():
    return text_of


@pytest.fixture
def golden():
    """Compare with a stored screen; UPDATE_GOLDENS=1 stores it anew."""

    def check(name: str, text: str) -> None:
        path = GOLDENS / f"{name}.txt"
        if os.environ.get("UPDATE_GOLDENS"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
