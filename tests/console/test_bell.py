"""A bell for operators who look elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from console_world import FakeBridge, StandingClock, a_run

import mephisto_tui
from mephisto_tui.app import ConsoleApp
from mephisto_tui.console_settings import ConsoleSettings, load_settings


class HeardApp(ConsoleApp):
    CSS_PATH = str(Path(mephisto_tui.__file__).parent / "styles" / "console.tcss")
    rung = 0

    def bell(self) -> None:
        self.rung += 1


@pytest.mark.parametrize(
    ("options", "is_heard"),
    [({}, False), ({"rings": True}, True), ({"settings": ConsoleSettings(rings=True)}, True)],
)
async def test_the_bell_rings_only_where_it_is_asked_for(bridge: FakeBridge, options, is_heard):
    app = HeardApp(bridge, clock=StandingClock(), **options)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        assert app.rung == 0
        ended = a_run(status="completed")
        bridge.world = replace(bridge.world, runs=(ended, *bridge.world.runs[1:]))
        app.tick()
        app.tick()
        assert app.rung == (1 if is_heard else 0)


@pytest.mark.parametrize(("text", "rings"), [("true", True), ("false", False), ("loud", False)])
def test_the_bell_is_a_setting(tmp_path, text, rings):
    path = tmp_path / "console.yaml"
    path.write_text(f"bell: {text}\n")
    found = load_settings(path)
    assert found.rings is rings
    assert ("bell is" in found.complaint) is (text == "loud")
