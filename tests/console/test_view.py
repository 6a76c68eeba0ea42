from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from console_world import (
    NOW,
    a_run,
    empty_world,
    hostile_world,
    normal_world,
    some_health,
)
from hypothesis import given
from hypothesis import strategies as st

from mephisto_engine.data_model.status import AgentStatus, RunStatus, UnitStatus
from mephisto_engine.database.queries import browse
from mephisto_engine.operations.watching.snapshot import Crowd, Health, LogRow, View, Window
from mephisto_tui.bell import Bell
from mephisto_tui.safe_text import is_harmless, width
from mephisto_tui.view import chrome, meters, run_panels, statuses, words
from mephisto_tui.view.changes import changes_between
from mephisto_tui.view.crowd import (
    agents_in_words,
    quality_in_words,
    refusals_in_words,
    times_in_words,
)
from mephisto_tui.view.filtering import LEVELS, Filter, log_matches, parse_filter
from mephisto_tui.view.reading import wrapped_words
from mephisto_tui.view.rows import AGENTS, RUNS, UNITS, WORKERS
from mephisto_tui.view.spans import Span, line_width
from mephisto_tui.view.statuses import RUN_STATUSES
from mephisto_tui.view.tables import layout


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-3, "0s"),
        (59, "59s"),
        (271, "4m31s"),
        (11_520, "3h12m"),
        (86_400 * 2, "2d"),
        (86_400 * 2 + 3600 * 4, "2d4h"),
        (86_400 * 31, "31d"),
    ],
)
def test_durations_are_short(seconds, shown):
    assert words.duration(seconds) == shown


@given(st.integers(0, 10**10))
def test_durations_fit_their_column(seconds):
    assert len(words.duration(seconds)) <= 7


@given(st.integers(0, 10**8 - 1))
def test_counts_fit_five_cells(number):
    assert len(words.count(number)) <= 5


@given(st.integers(0, 500), st.integers(0, 500), st.integers(2, 60))
def test_a_meter_is_full_only_when_all_is_done(part, whole, cells):
    drawn = meters.meter(part, whole, cells)
    assert width(drawn) == cells
    assert ("▁" not in drawn) == (whole > 0 and part >= whole)
    assert ("▆" in drawn) == (whole > 0 and part > 0)


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 40))
def test_a_bar_shows_the_smallest_share_and_stays_in_its_cells(part, whole, cells):
    assert 1 <= width(meters.bar(part, whole, cells)) <= cells


def test_a_sparkline_shows_the_last_values():
    assert meters.sparkline([9, 0, 4, 8], 3) == "▁▄█"
    assert meters.sparkline([0, 0], 5) == "▁▁"
    assert meters.sparkline([], 5) == ""


def test_every_status_has_a_look():
    assert set(statuses.RUN_STATUSES) == set(RunStatus)
    assert set(statuses.UNIT_STATUSES) == set(UnitStatus)
    assert set(statuses.AGENT_STATUSES) >= set(AgentStatus)


@pytest.mark.parametrize("spec", [RUNS, UNITS, AGENTS, WORKERS], ids=lambda spec: spec.name)
@pytest.mark.parametrize("cells", [58, 78, 80, 98, 120, 160, 300])
def test_columns_never_overlap_nor_leave_the_table(spec, cells):
    places = layout(spec.columns, cells)
    ends = [place.x + place.cells for place in places]
    assert all(end < after.x for end, after in zip(ends, places[1:], strict=False))
    assert ends[-1] <= cells


@pytest.mark.parametrize("spec", [RUNS, UNITS, AGENTS, WORKERS], ids=lambda spec: spec.name)
def test_cells_of_hostile_rows_are_harmless(spec):
    for row in getattr(hostile_world(), spec.name):
        cells = spec.cells(row, NOW)
        assert len(cells) == len(spec.columns)
        assert all(is_harmless(cell.text) for cell in cells)


def test_a_live_run_without_engine_is_marked():
    cells = RUNS.cells(a_run(is_driven=False), NOW)
    assert cells[3] == Span("▲ live", "warn")


def test_a_silent_agent_is_marked_more_the_longer_it_is_silent():
    agent = replace(normal_world().agents[0], last_seen_at=NOW)
    marks = [
        AGENTS.cells(agent, NOW + timedelta(seconds=seconds))[6].text for seconds in (1, 15, 40)
    ]
    assert marks == ["", "▲", "▲▲"]


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("", Filter()),
        ("foo bar", Filter("foo bar")),
        ("!foo", Filter("foo", is_inverse=True)),
        ("state:liv", Filter(status="live")),
        ("state:done", Filter(status="completed")),
        ("state:starting", Filter(status="launching")),
        ("a status:stopped b", Filter("a b", status="stopped")),
        ("status:nonsense", Filter(status="nonsense")),
        ("state:", Filter("state:")),
    ],
)
def test_filters_are_read(typed, wish):
    assert parse_filter(typed, RUN_STATUSES) == wish


def test_a_fuzzy_filter_wants_letters_in_their_order():
    assert parse_filter("!~c vt", ()) == Filter("cvt", True, "", True)
    row = LogRow(1, NOW, "info", 7, "Chat-safety pilot")
    assert log_matches(row, parse_filter("~cspt", ()))
    assert not log_matches(row, parse_filter("~tpsc", ()))
    assert not log_matches(row, parse_filter("cspt", ()))


def test_a_level_asks_for_graver_lines_too():
    lines = [LogRow(1, NOW, level, 7, "x") for level in ("info", "warn", "error")]
    shown = {
        typed: [row.level for row in lines if log_matches(row, parse_filter(typed, LEVELS))]
        for typed in ("level:info", "level:warn", "level:error", "level:odd")
    }
    assert shown["level:info"] == ["info", "warn", "error"]
    assert shown["level:warn"] == ["warn", "error"]
    assert shown["level:error"] == ["error"]
    assert shown["level:odd"] == []


def test_a_status_of_two_words_can_be_typed_as_one():
    assert parse_filter("status:in_task", statuses.AGENT_STATUSES).status == "in task"


@pytest.mark.parametrize(
    ("spec", "orders"),
    [(RUNS, browse.RUN_ORDERS), (UNITS, browse.UNIT_ORDERS), (AGENTS, browse.AGENT_ORDERS)],
    ids=["runs", "units", "agents"],
)
def test_only_orders_that_the_engine_knows_are_offered(spec, orders):
    assert {column.sort for column in spec.sortable()} <= set(orders)


def test_what_keeps_the_engine_from_its_work_is_shown():
    health = replace(some_health(), trouble="throttled \x1b[2J", next_try_at=NOW)
    (banner,) = chrome.trouble_banner(health)
    assert banner.text == " ⚠ publishing fails; next try 14:22:07: throttled ␛[2J"


@pytest.mark.parametrize(
    ("changes", "words", "tone"),
    [
        ({"disk_free_bytes": 800 * 2**20}, "only 800 MiB free where the database lies", "warn"),
        ({"disk_free_bytes": 60 * 2**20}, "only 60 MiB free where the database lies", "bad"),
        ({"is_gateway_open": False}, "the gateway is shut: pages cannot reach the engine", "bad"),
        ({"commit_ms": 2300.0}, "the database is slow: the last commit took 2s", "warn"),
    ],
)
def test_what_the_machine_lacks_is_shown(changes, words, tone):
    (banner,) = chrome.machine_banner(replace(some_health(), **changes))
    assert (banner.text, banner.tone) == (f" ⚠ {words}", tone)


def test_a_sound_machine_has_nothing_to_say():
    assert chrome.machine_banner(some_health()) == ()
    assert chrome.machine_banner(Health()) == ()


def test_sizes_read_in_few_cells():
    sizes = [words.size(number * 2**20) for number in (812, 3482, 1_258_292)]
    assert sizes == ["812 MiB", "3.4 GiB", "1.2 TiB"]
    assert [words.size(number) for number in (0, 900, 219_136)] == ["0 B", "900 B", "214 KiB"]


def test_a_paused_run_says_how_it_goes_on():
    (banner,) = chrome.pause_banner(a_run(status="paused"))
    assert banner.text == " run 142 is paused: S lets it go on"
    assert chrome.pause_banner(a_run()) == ()


def test_the_bell_rings_for_news_only():
    world = normal_world()
    idle = replace(world, runs=(a_run(),), errors=0)
    submitted = replace(idle, to_review=1)
    more = replace(idle, to_review=2)
    ended = replace(more, runs=(a_run(status="completed"),), to_review=3)
    failed = replace(ended, errors=1)
    bell = Bell()
    heard = [bell.rings_for(one) for one in (idle, idle, submitted, more, ended, ended, failed)]
    assert heard == [False, False, True, False, True, False, True]


def test_a_run_that_a_filter_hides_rings_no_bell():
    world = normal_world()
    bell = Bell()
    bell.rings_for(world)
    assert not bell.rings_for(replace(world, runs=world.runs[:1]))


def entries():
    return [
        chrome.KeyEntry("?", "Help", 0, is_at_right=True),
        chrome.KeyEntry("q", "Quit", 0, is_at_right=True),
        *(chrome.KeyEntry(key, label, 1 + index) for index, (key, label) in enumerate(
            [("⏎", "Open"), ("/", "Filter"), ("o", "Sort"), ("X", "Stop run"), ("y", "Copy")]
        )),
    ]  # fmt: skip


@given(st.integers(20, 140))
def test_the_key_bar_drops_whole_entries_but_never_help_and_the_way_out(cells):
    text = "".join(span.text for span in chrome.key_bar(entries(), cells))
    assert width(text) == cells
    assert text.endswith("? Help  q Quit ")
    shown = [entry for entry in entries() if f"{entry.key} {entry.label}" in text]
    hidden = len(entries()) - len(shown)
    assert (f"+{hidden}" in text) == (hidden > 0)


def test_the_key_bar_drops_the_least_important_first():
    text = "".join(span.text for span in chrome.key_bar(entries(), 40))
    assert "⏎ Open" in text
    assert "Copy" not in text


@given(st.integers(30, 160))
def test_the_title_keeps_the_time(cells):
    facts = chrome.facts(normal_world(), chrome.Freshness(0.1), NOW, "")
    text = chrome.title(["Runs", "142 " + "long" * 20], facts, cells)
    assert line_width(text) == cells
    assert "".join(span.text for span in text).endswith("14:22:07 ")


def test_old_data_is_said_to_be_old():
    young, old = chrome.Freshness(1.0), chrome.Freshness(12.0, "disk I/O error")
    assert not chrome.data_banner(young)
    (banner,) = chrome.data_banner(old)
    assert "data 12s old: disk I/O error" in banner.text
    assert chrome.facts(None, old, NOW, "")[-2].text == "▲ data 12s old"


def test_a_silent_engine_is_said_to_be_silent():
    run, health = a_run(), some_health()
    later = NOW + timedelta(seconds=30)
    assert not chrome.engine_banner(run, health, NOW, None)
    (banner,) = chrome.engine_banner(run, health, later, None)
    assert "engine silent 31s" in banner.text
    assert not chrome.engine_banner(replace(run, status="completed"), health, later, None)


def test_the_window_title_counts():
    assert chrome.window_title(a_run(), 2) == "mephisto 312/759 2!"
    assert chrome.window_title(None, 0) == "mephisto"


def test_the_eta_needs_a_rate_and_an_end():
    run, health = a_run(), some_health()
    assert run_panels.eta(run, health) == "1h05m"
    assert run_panels.eta(replace(run, is_total_final=False), health) == ""
    assert run_panels.eta(run, replace(health, submits_per_minute=())) == ""


@pytest.mark.parametrize("cells", [20, 40, 58, 80, 160])
def test_unit_counts_that_do_not_fit_are_counted(cells):
    line = run_panels.strip(normal_world(), a_run(), NOW, cells)[0]
    assert line_width(line) <= cells + 2


def test_changes_are_counted_by_row():
    old = normal_world()
    unit = replace(old.units[3], status="accepted")
    new = replace(old, units=(*old.units[:3], unit, *old.units[4:]), log=old.log[1:])
    assert changes_between(old, new) == 1
    assert changes_between(old, old) == 0
    assert changes_between(empty_world(), old) > 50


def test_agents_that_a_filter_hides_are_not_left_out_of_the_count():
    world = normal_world()
    filtered = replace(world, agents=(), view=View(agents=Window(text="nobody")))
    for seen in (world, filtered):
        words = run_panels.agents_summary(seen, seen.run, NOW)
        assert words == "6 in task · 2 waiting 41s · 2 onboarding · 2 lost"


def test_figures_that_there_are_none_of_are_not_shown():
    empty = Crowd()
    assert times_in_words(empty) == ""
    assert list(quality_in_words(empty)) == []
    assert agents_in_words(empty, NOW) == "0 in task · 0 lost"
    assert refusals_in_words({}, 40) == ""


def test_quality_control_is_counted_with_its_share_of_failures():
    crowd = Crowd(onboarding={"approved": 88, "rejected": 12}, golds=(41, 3), screenings=(0, 2))
    assert list(quality_in_words(crowd)) == [
        ("onboarding", "88 ✓  12 ✗  (12 %)"),
        ("screening", "0 ✓  2 ✗  (100 %)"),
        ("gold", "41 ✓  3 ✗  (6 %)"),
    ]


def test_refusals_come_with_the_most_frequent_reason_first():
    words = refusals_in_words({"closed": 1, "not_qualified": 12, "\x1b[2J": 3}, 40)
    assert words == "12 not qualified · 3 ␛[2J · 1 closed"


@pytest.mark.parametrize("text", ["日本語 " * 300, "é" * 1000, "a\u0301\u0301" * 500])
def test_long_text_is_wrapped_without_losing_a_letter(text):
    lines = list(wrapped_words(text, 60))
    assert all(width(one) <= 60 for one in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_text_that_is_too_long_to_read_says_so():
    assert list(wrapped_words("x" * 20_005, 60))[-1] == "… 5 more characters: v shows it raw"


@given(st.text(alphabet="ab é日\n", max_size=60), st.integers(min_value=4, max_value=20))
def test_wrapped_words_fit_and_lose_nothing_but_spaces(text: str, cells: int):
    lines = list(wrapped_words(text, cells))
    assert all(width(part) <= cells for part in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_words_are_kept_whole_where_they_fit():
    assert list(wrapped_words("or you can burn it", 15)) == ["or you can burn", "it"]
    assert list(wrapped_words("or you can burning", 15)) == ["or you can", "burning"]
