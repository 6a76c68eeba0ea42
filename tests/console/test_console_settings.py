from __future__ import annotations

import pytest
from console_world import FakeBridge

from mephisto_tui.commands import BY_ID, COMMANDS
from mephisto_tui.console_settings import (
    ConsoleSettings,
    load_settings,
    read_keys,
    settings_path,
    theme_for,
)
from mephisto_tui.keymap import OWN_KEYS, with_keys
from mephisto_tui.safe_text import is_harmless
from mephisto_tui.screens.confirm import ConfirmScreen
from mephisto_tui.screens.help import HelpScreen
from mephisto_tui.screens.log import LogScreen


@pytest.fixture
def load(tmp_path):
    def from_text(text: str) -> ConsoleSettings:
        path = tmp_path / "console.yaml"
        path.write_text(text)
        return load_settings(path)

    return from_text


def test_without_a_file_everything_is_as_it_comes(tmp_path):
    assert load_settings(tmp_path / "missing.yaml") == ConsoleSettings()


def test_a_file_that_was_named_has_to_be_there(tmp_path):
    settings = load_settings(tmp_path / "missing.yaml", has_to_exist=True)
    assert "missing.yaml cannot be read" in settings.complaint


def test_the_file_lies_among_the_users_configuration(tmp_path, monkeypatch):
    assert settings_path({"XDG_CONFIG_HOME": "/etc/x"}).as_posix() == "/etc/x/mephisto/console.yaml"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings_path({}) == tmp_path / ".config" / "mephisto" / "console.yaml"


def test_keys_are_written_as_they_are_shown(load):
    settings = load(
        "keys:\n  list.filter: [';', ctrl+f]\n  copy: y\n  live.set: n\n  list.mark: spc\n"
        "  back: [esc, Q]\n  runs.open: [enter, right]\n"
    )
    assert settings.complaint == ""
    assert settings.keymap.changed == {
        "list.filter": ("semicolon", "ctrl+f"), "copy": ("y",), "live.set": ("n",),
        "list.mark": ("space",), "back": ("escape", "Q"), "runs.open": ("enter", "right"),
    }  # fmt: skip
    command = next(command for command in COMMANDS if command.id == "list.filter")
    assert settings.keymap.all(command) == "; ctrl+f"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keys: {run.stopp: x}", "unknown command 'run.stopp' (did you mean 'run.stop'?)"),
        ("keys: {run.stop: []}", "run.stop has no key"),
        ("keys: {run.stop: nokey}", "run.stop has no key, or one that there is not"),
        ("keys: {run.stop: y}", "y is of both copy and run.stop"),
        ("keys: {copy: '5'}", "5 is of both mode.launch and copy"),
        ("keys: {copy: ctrl+q}", "ctrl+q always quits, copy cannot have it"),
        ("keys: [x]", "keys is not a mapping"),
        ("theme: nord", "there is no theme 'nord'"),
        ("colour: red", "unknown setting 'colour'"),
        ("keys: {", "cannot be read"),
        ("- x", "is not a mapping"),
    ],
)
def test_what_cannot_be_used_is_said_and_left_aside(load, text, said):
    settings = load(text)
    assert said in settings.complaint
    assert settings.keymap == OWN_KEYS
    assert settings.theme == ""


def test_all_faults_are_in_one_message_and_a_sound_part_is_used(load):
    settings = load("keys: {nothing: x, run.stop: y}\ntheme: tokyo-night")
    assert settings.complaint.count("console.yaml") == 1
    assert "unknown command 'nothing'" in settings.complaint
    assert "all keys are as they come" in settings.complaint
    assert settings.theme == "tokyo-night"


def test_the_keys_that_come_with_the_console_do_not_clash():
    assert read_keys({"help": "question_mark"})[1] == []


def test_keys_can_change_places():
    keymap, faults = read_keys({"freeze": "y", "copy": "f"})
    assert faults == []
    assert keymap.changed == {"freeze": ("y",), "copy": ("f",)}


def test_a_key_may_mean_something_else_where_the_command_does_not_hold():
    assert read_keys({"draft.save": "o"})[1] == []


@pytest.mark.parametrize(
    ("wished", "has_few", "theme"),
    [("", False, "gruvbox"), ("", True, "ansi-dark"), ("tokyo-night", True, "ansi-dark"),
     ("ansi-light", True, "ansi-light"), ("tokyo-night", False, "tokyo-night")],
)  # fmt: skip
def test_sixteen_colours_are_the_terminals_own(wished, has_few, theme):
    assert theme_for(wished, has_few) == theme


@pytest.fixture
def remapped():
    keys = {
        "run.stop": "ctrl+x",
        "runs.stop": "ctrl+x",
        "mode.log": "F",
        "help": "H",
        "freeze": "y",
        "copy": "f",
    }
    keymap, faults = read_keys(keys)
    assert faults == []
    return ConsoleSettings(keymap)


async def test_other_keys_do_what_the_former_did(make_app, remapped):
    app = make_app(settings=remapped)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("X")
        await pilot.pause()
        assert not isinstance(app.screen, ConfirmScreen)
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("escape", "F")
        await pilot.pause()
        assert isinstance(app.screen, LogScreen)
        await pilot.press("H")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_swapped_keys_do_each_others_work(make_app, remapped, screen_text):
    app = make_app(settings=remapped)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("y")
        await pilot.pause()
        assert "frozen" in screen_text(app)
        await pilot.press("y", "f")
        await pilot.pause()
        assert "copied" in screen_text(app)


async def test_bar_modes_help_and_palette_show_the_keys_in_force(make_app, remapped, screen_text):
    app = make_app(settings=remapped, run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.pause()
        text = screen_text(app)
        assert "F Log" in text
        assert "ctrl+x Stop run" in text
        assert "H Help" in text
        await pilot.press("H")
        await pilot.pause()
        assert "ctrl+x" in screen_text(app)
        await pilot.press("q", "colon", *"stop")
        await pilot.pause()
        assert "Stop run      ctrl+x" in screen_text(app)


async def test_a_complaint_stays_on_the_screen_and_is_harmless(make_app, load, screen_text):
    settings = load('keys: {"\\e[31mx": y}')
    app = make_app(settings=settings, bridge=FakeBridge())
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("1")
        await pilot.pause()
        app.clock.seconds += 60
        app.bridge.world = app.bridge.world.__class__(
            2, app.bridge.world.taken_at, app.bridge.world.view
        )
        app.tick()
        await pilot.pause()
        text = screen_text(app)
        assert "unknown command" in text
        assert all(map(is_harmless, text.splitlines()))


def test_esc_leads_back_whatever_else_does():
    keymap, faults = read_keys({"back": "Q"})
    assert not faults
    assert keymap.for_textual() == {"back": "Q,escape"}
    assert keymap.first(BY_ID["back"]) == "Q"
    _keymap, faults = read_keys({"freeze": "esc"})
    assert "escape always leads back, freeze cannot have it" in faults


def test_sentences_name_no_command_that_there_is_not():
    with pytest.raises(KeyError):
        with_keys("{list.fliter} filters")
    assert with_keys("{list.filter} filters, {back} leaves") == "/ filters, q leaves"
