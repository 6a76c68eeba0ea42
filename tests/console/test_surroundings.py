from __future__ import annotations

from pathlib import Path

import pytest
from console_world import FakeBridge, empty_world

from mephisto_tui import surroundings
from mephisto_tui.surroundings import look_around, note_for, with_plugins
from mephisto_tui.view.empty import Surroundings


@pytest.mark.parametrize(
    ("database", "shown"),
    [
        (str(Path.home() / "data.db"), "~/data.db"),
        ("sqlite:////srv/data.db", "/srv/data.db"),
        ("postgresql://anna:secret@db/mephisto", "postgresql://db/mephisto"),
    ],
)
def test_the_database_is_named_without_its_password(database, shown):
    assert look_around(database, {}).database == shown


@pytest.mark.parametrize(
    ("environ", "is_said"),
    [
        ({}, False),
        ({"SSH_CONNECTION": "a b c d"}, True),
        ({"SSH_CONNECTION": "a b c d", "TMUX": "/tmp/t,1,0"}, False),
        ({"SSH_TTY": "/dev/pts/1", "STY": "1.pts"}, False),
    ],
)
def test_over_ssh_without_a_multiplexer_one_is_told(environ, is_said):
    assert bool(note_for(look_around("x", environ), environ)) == is_said


def test_plugins_are_counted_by_kind_and_broken_ones_named(monkeypatch):
    monkeypatch.delenv("MEPHISTO_PLUGINS", raising=False)
    found = with_plugins(Surroundings())
    assert "2 architects" in found.plugins
    assert found.broken_plugins == ()


async def test_a_console_without_runs_looks_for_plugins(make_app, screen_text, monkeypatch):
    monkeypatch.setattr(
        surroundings, "with_plugins", lambda known: Surroundings(plugins="3 blueprints")
    )
    app = make_app(bridge=FakeBridge(world=empty_world()), surroundings=Surroundings(host="here"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await app.workers.wait_for_complete()
        app.screen.tick(is_forced=True)
        await pilot.pause()
        assert "(3 blueprints found)" in screen_text(app)
