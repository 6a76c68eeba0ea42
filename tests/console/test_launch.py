"""Launching from inside: the list of configs, the form, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_world import FakeBridge, empty_world, normal_world
from launch_world import LAUNCH_EFFECTS, TestLaunching, write_configs
from other_keys import OTHER, other, usual_keys_in
from textual.widgets import Input

from mephisto_engine.errors import MephistoError
from mephisto_tui.commands import COMMANDS
from mephisto_tui.safe_text import is_harmless
from mephisto_tui.screens.confirm import ConfirmScreen
from mephisto_tui.screens.draft import DraftScreen
from mephisto_tui.screens.help import HelpScreen
from mephisto_tui.screens.launch import LaunchScreen
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.screens.run import RunScreen
from mephisto_tui.screens.runs import RunsScreen
from mephisto_tui.widgets.cursor_list import CursorList
from mephisto_tui.widgets.field_editor import FieldEditor

SIZES = [(80, 24), (160, 50)]
IDS = ["80x24", "160x50"]


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "lab"
    write_configs(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def launching(lab) -> Iterator[TestLaunching]:
    made = TestLaunching(lab)
    yield made
    made.close()


@pytest.fixture
def bridge(launching) -> FakeBridge:
    return FakeBridge(launching=launching)


async def settle(app, pilot) -> None:
    """Wait until the checks that were asked for are shown."""
    await pilot.pause()
    screen = app.screen_stack[-1]
    for screen in app.screen_stack:
        while (
            isinstance(screen, DraftScreen)
            and screen.is_attached
            and (screen.is_checking or screen.is_launching)
        ):
            await pilot.pause(0.01)
    await pilot.pause()
    app.tick()
    await pilot.pause()


async def press(app, pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(app, pilot)


async def open_form(app, pilot, name: str) -> DraftScreen:
    """From the list of runs to the form of a config."""
    await pilot.pause()
    await press(app, pilot, "5")
    pane = app.screen.query_one(CursorList)
    pane.go_to(str(Path.cwd() / name) if name != "new" else name)
    await press(app, pilot, "enter")
    assert isinstance(app.screen, DraftScreen)
    return app.screen


async def edit(app, pilot, key: str, text: str, *, end: str = "enter") -> None:
    app.screen.options().go_to(key)
    await press(app, pilot, "enter")
    app.screen.query_one(FieldEditor).value = text
    await press(app, pilot, end)


LOOKS = [
    ("draft-new", "new", ()),
    ("draft-sound", "live.yaml", ()),
    ("draft-faulty", "faulty.yaml", ("n",)),
    ("draft-hostile", "hostile\x1b[31m[red].yaml", ("j", "j", "j")),
    ("draft-resolved", "live.yaml", ("tab",)),
    ("draft-editing", "live.yaml", ("j", "j", "j", "j", "enter")),
    ("draft-confirm", "live.yaml", ("L",)),
]


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize(("name", "config", "keys"), LOOKS, ids=[look[0] for look in LOOKS])
async def test_a_form_looks_as_stored(make_app, screen_text, golden, name, config, keys, size):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await open_form(app, pilot, config)
        await press(app, pilot, *keys)
        golden(f"{name}-{size[0]}x{size[1]}", screen_text(app))


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_the_list_of_configs_looks_as_stored(make_app, screen_text, golden, size):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await press(app, pilot, "5")
        golden(f"launch-{size[0]}x{size[1]}", screen_text(app))


async def test_the_smallest_size_is_usable(make_app, screen_text, golden):
    app = make_app()
    async with app.run_test(size=(60, 16)) as pilot:
        await open_form(app, pilot, "faulty.yaml")
        golden("draft-faulty-60x16", screen_text(app))


async def test_nothing_hostile_reaches_the_screen(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        await press(app, pilot, "5")
        assert all(map(is_harmless, screen_text(app).splitlines()))
        await open_form(app, pilot, "hostile\x1b[31m[red].yaml")
        for keys in (("n",), ("n",), ("tab",), ("v",), ("q", "s")):
            await press(app, pilot, *keys)
            assert all(map(is_harmless, screen_text(app).splitlines()))


async def test_every_problem_is_at_its_option_or_in_the_list(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await open_form(app, pilot, "faulty.yaml")
        faults = {field.name for field in screen.fields() if field.problems}
        assert faults == {"task_reward", "task_tags"}
        text = screen_text(app)
        assert "0.255 is not in whole cents" in text
        assert "blueprint.pears: unknown key" in text
        assert "data/pairs.csv:13:2: the row has 2 cells, the header 3" in text


async def test_n_goes_from_problem_to_problem(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "faulty.yaml")
        seen = []
        for key in ("n", "n", "n", "N"):
            await press(app, pilot, key)
            seen.append(screen.options().selected.rpartition(".")[2])
        assert seen == ["task_reward", "task_tags", "task_reward", "task_tags"]


async def test_an_option_that_is_mended_makes_the_plan(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "live.yaml")
        await edit(app, pilot, "mephisto.task.task_reward", "much")
        assert "'much' is not a number" in screen_text(app)
        await edit(app, pilot, "mephisto.task.task_reward", "0.50")
        text = screen_text(app)
        assert "$0.50 pay + $0.10 fee (20 %) = $0.60 a unit" in text
        assert "$480.00 at worst" in text
        assert "1 change · ✓ can be launched" in text


async def test_a_budget_is_set_against_the_cost(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "live.yaml")
        await edit(app, pilot, "mephisto.task.budget", "100")
        assert "$100.00; pays for 333 units, 467 will not be published" in screen_text(app)
        await edit(app, pilot, "mephisto.task.budget", "")
        assert "$240.00 at worst, no budget" in screen_text(app)


async def test_digits_and_letters_are_text_while_one_types(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        screen.options().go_to("mephisto.task.task_title")
        await press(app, pilot, "enter", "ctrl+u", *"1q2?jL")
        assert app.screen is screen
        assert screen.editor().value == "1q2?jL"
        await press(app, pilot, "escape")
        assert not screen.editor().display
        assert screen.draft.changes == 0
        await press(app, pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)


@pytest.mark.parametrize(("key", "following"), [("tab", "task_description"), ("up", "provider")])
async def test_tab_and_arrows_take_the_value_and_go_on(make_app, key, following):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        await edit(app, pilot, "mephisto.task.task_title", "new", end=key)
        assert screen.draft.edits == {"mephisto.task.task_title": "new"}
        assert screen.options().selected.rpartition(".")[2] == following
        assert screen.editor().display == (key == "tab")


async def test_u_takes_a_change_back(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        await press(app, pilot, "u")
        assert "nothing was changed in this option" in screen_text(app)
        await edit(app, pilot, "mephisto.task.task_title", "new")
        await press(app, pilot, "u")
        assert screen.draft.changes == 0
        assert "Do these two words" in screen_text(app)


async def test_choices_and_switches_are_picked_from_a_menu(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        for key in ("order", "shuffle"):
            screen.options().go_to(f"mephisto.blueprint.{key}")
            await press(app, pilot, "enter")
            assert isinstance(app.screen, MenuScreen)
            await press(app, pilot, *(("j",) if key == "order" else ()), "enter")
        assert screen.draft.edits == {
            "mephisto.blueprint.order": "mixed", "mephisto.blueprint.shuffle": True,
        }  # fmt: skip
        assert screen.check.can_launch


async def test_another_plugin_brings_its_own_options(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        screen.options().go_to("mephisto.provider")
        await press(app, pilot, "enter", "j", "enter")
        await settle(app, pilot)
        assert screen.check.plan.provider_type == "sand"
        assert "mephisto.provider.api_key" not in screen.options().keys


async def test_a_secret_is_not_taken_as_it_is(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        await edit(app, pilot, "mephisto.provider.api_key", "hunter2")
        assert "a secret is not kept in a config" in screen_text(app)
        assert "hunter2" not in screen_text(app)
        assert not screen.check.can_launch


async def test_the_filter_narrows_options_by_words_and_state(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "faulty.yaml")
        await press(app, pilot, "slash", *"seconds", "enter")
        names = {key.rpartition(".")[2] for key in screen.options().keys}
        assert "task_lifetime_in_seconds" in names
        assert "task_title" not in names
        await press(app, pilot, "escape", "slash", *"state:wrong", "enter")
        assert len(screen.options().keys) == 2


async def test_nothing_is_checked_on_the_thread_that_draws(make_app, launching, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        launching.may_check.clear()
        screen.options().go_to("mephisto.task.task_title")
        await pilot.press("enter", "x", "enter")
        await pilot.pause()
        assert "checking…" in screen_text(app)
        await pilot.press("L")
        await pilot.pause()
        assert "the check has not ended" in screen_text(app)
        launching.may_check.set()
        await settle(app, pilot)
        assert "can be launched" in screen_text(app)


async def test_a_sandbox_is_launched_at_once_and_its_run_is_shown(make_app, launching, lab):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "sandbox.yaml")
        await edit(app, pilot, "mephisto.task.task_title", "it's new")
        await press(app, pilot, "L")
        await settle(app, pilot)
        assert launching.launched == [
            (lab / "sandbox.yaml", [r"mephisto.task.task_title='it\'s new'"])
        ]
        assert isinstance(app.screen, RunScreen)
        await press(app, pilot, "q")
        assert isinstance(app.screen, RunsScreen)
        await press(app, pilot, "5")
        assert isinstance(app.screen, LaunchScreen)


async def test_a_live_provider_wants_the_cost_typed(make_app, launching):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "live.yaml")
        await press(app, pilot, "L", "enter", *"24", "enter")
        assert isinstance(app.screen, ConfirmScreen)
        assert launching.launched == []
        await press(app, pilot, "0", "enter")
        await settle(app, pilot)
        assert len(launching.launched) == 1
        assert isinstance(app.screen, RunScreen)


async def test_leaving_the_question_launches_nothing(make_app, launching):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "live.yaml")
        await press(app, pilot, "L", "escape")
        assert isinstance(app.screen, DraftScreen)
        assert launching.launched == []


async def test_what_changed_since_it_was_shown_is_not_launched(
    make_app, launching, lab, screen_text
):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "sandbox.yaml")
        path = lab / "sandbox.yaml"
        path.write_text(path.read_text().replace("pairs: 3", "pairs: 3000"))
        await press(app, pilot, "L")
        await settle(app, pilot)
        assert "It would no longer do what was shown" in screen_text(app)
        assert "6000 units" in screen_text(app)
        assert launching.launched == []


async def test_a_launch_that_fails_says_why_and_keeps_the_form(make_app, launching, screen_text):
    launching.failure = MephistoError("port 3000 is in use", "Choose another.")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "sandbox.yaml")
        await press(app, pilot, "L")
        await settle(app, pilot)
        assert isinstance(app.screen, DraftScreen)
        assert "not launched: port 3000 is in use Choose another." in screen_text(app)


async def test_problems_come_before_a_launch(make_app, launching, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "faulty.yaml")
        await press(app, pilot, "L")
        assert "the problems come first" in screen_text(app)
        assert launching.launched == []


async def test_a_read_only_console_shows_the_plan_and_refuses_the_rest(
    make_app, launching, screen_text
):
    app = make_app(read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "sandbox.yaml")
        for key in ("L", "s"):
            await press(app, pilot, key)
            assert "this console is read-only" in screen_text(app)
        assert launching.launched == []


async def test_what_was_put_together_is_saved_and_can_be_launched(make_app, launching, lab):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "new")
        for kind in ("blueprint", "architect", "provider"):
            screen.options().go_to(f"mephisto.{kind}")
            keys = ("j", "enter") if kind != "architect" else ("enter",)
            await press(app, pilot, "enter", *keys)
            await settle(app, pilot)
        for key, text in {
            "task.task_title": "Pairs", "task.task_description": "d", "task.task_tags": "t",
            "task.task_reward": "0.1", "blueprint.pairs": "5",
        }.items():  # fmt: skip
            await edit(app, pilot, f"mephisto.{key}", text)
        assert screen.check.can_launch, screen.check.problems
        await press(app, pilot, "s")
        assert isinstance(app.screen, PromptScreen)
        app.screen.query_one(Input).value = str(lab / "made.yaml")
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert (lab / "made.yaml").is_file()
        assert screen.draft.path == lab / "made.yaml"
        assert screen.draft.changes == 0
        await press(app, pilot, "L")
        await settle(app, pilot)
        assert launching.launched == [(lab / "made.yaml", [])]


async def test_saving_over_a_file_asks_first(make_app, lab):
    app = make_app()
    before = (lab / "live.yaml").read_text()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, "live.yaml")
        await edit(app, pilot, "mephisto.task.task_title", "new")
        await press(app, pilot, "s", "enter")
        assert isinstance(app.screen, ConfirmScreen)
        await press(app, pilot, "enter")
        assert (lab / "live.yaml").read_text() == before
        await press(app, pilot, "s", "enter", "r")
        await settle(app, pilot)
        assert "task_title: new" in (lab / "live.yaml").read_text()


async def test_leaving_a_changed_form_asks_first(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        await edit(app, pilot, "mephisto.task.task_title", "new")
        await press(app, pilot, "q")
        assert isinstance(app.screen, ConfirmScreen)
        await press(app, pilot, "enter")
        assert app.screen is screen
        await press(app, pilot, "q", "d")
        assert isinstance(app.screen, LaunchScreen)


async def test_the_form_waits_while_one_looks_elsewhere(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        await press(app, pilot, "1")
        assert isinstance(app.screen, RunsScreen)
        await press(app, pilot, "5")
        assert app.screen is screen


async def test_y_copies_the_command_that_does_the_same(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await open_form(app, pilot, "live.yaml")
        await edit(app, pilot, "mephisto.task.budget", "5")
        assert screen.text_to_copy().endswith("live.yaml mephisto.task.budget=5")
        await press(app, pilot, "q", "d")
        await open_form(app, pilot, "new")
        await press(app, pilot, "y")
        assert "a shell needs a file" in screen_text(app)


async def test_a_path_can_be_typed(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await press(app, pilot, "5", "p", *"sandbox.yaml", "enter")
        assert isinstance(app.screen, DraftScreen)
        assert "6 units of 3 items" in screen_text(app)


async def test_a_path_that_does_not_exist_is_a_problem(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await press(app, pilot, "5", "p", *"nowhere.yaml", "enter")
        assert "nowhere.yaml" in screen_text(app)
        assert "✗" in screen_text(app)


async def test_l_leads_from_an_empty_list_of_runs_to_a_launch(make_app, bridge, screen_text):
    bridge.world = empty_world()
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.pause()
        assert "launch one here" in screen_text(app)
        await press(app, pilot, "l")
        assert isinstance(app.screen, LaunchScreen)


async def test_a_console_that_cannot_launch_says_so(make_app, screen_text):
    app = make_app(bridge=FakeBridge(world=normal_world()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("5")
        await pilot.pause()
        assert "nothing can be launched from this console" in screen_text(app)


@pytest.mark.parametrize(
    ("command", "key"),
    [
        pytest.param(command, key, id=f"{command.id}-{key}")
        for command in COMMANDS
        if command.id in LAUNCH_EFFECTS
        for key in command.keys
    ],
)
async def test_each_key_does_what_its_command_says(make_app, screen_text, command, key):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        if command.scope == "draft":
            await open_form(app, pilot, "live.yaml")
        else:
            await pilot.pause()
            await press(app, pilot, "5")
        await press(app, pilot, key)
        assert LAUNCH_EFFECTS[command.id] in screen_text(app)


async def test_nobody_quits_while_a_launch_is_under_way(make_app, launching, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, "sandbox.yaml")
        launching.may_check.clear()
        await pilot.press("L")
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
        assert app.screen is screen
        assert "it is being launched" in screen_text(app)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert "a launch is under way" in screen_text(app)
        launching.may_check.set()
        await settle(app, pilot)
        assert isinstance(app.screen, RunScreen)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize(
    ("config", "keys"),
    [
        ("", ""),
        ("", "slash x x x x enter"),
        *((config, " ".join(keys)) for name, config, keys in LOOKS if "hostile" not in name),
        ("live.yaml", "slash x x x x enter"),
        ("live.yaml", "tab enter"),
        ("live.yaml", "u"),
        ("new", "y"),
        ("new", "L"),
        ("faulty.yaml", "L"),
    ],
)
async def test_a_form_names_the_keys_that_the_operator_has(
    make_app, screen_text, config, keys, size
):
    app = make_app(settings=OTHER)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await press(app, pilot, other(app.screen, "5"))
        if config:
            pane = app.screen.query_one(CursorList)
            pane.go_to(str(Path.cwd() / config) if config != "new" else config)
            await press(app, pilot, other(app.screen, "enter"))
        for key in keys.split():
            await press(app, pilot, other(app.screen, key))
        # The line in which a value is typed has keys of its own, and begins within a word.
        shown = screen_text(app).replace("⏎ takes the value · tab goes on", "")
        assert not usual_keys_in(shown.replace(" y whether ", " say whether "))
