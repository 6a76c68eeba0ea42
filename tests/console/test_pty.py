"""The console on a real terminal: what it writes, and how it leaves things behind."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest
from console_pty import PtyConsole

pytestmark = pytest.mark.pty

ESCAPE_SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b\](?:2;[ -~]*|22;default)\x07"  # title, pointer; any other OSC would be an attack
)
SWITCHES = {1000: "mouse", 1003: "mouse", 1006: "mouse", 1049: "alternate screen", 2004: "paste"}


@pytest.fixture
def start(tmp_path: Path):
    consoles: list[PtyConsole] = []

    def make(*arguments: str, **options) -> PtyConsole:
        paths = ("--log", str(tmp_path / "log"), "--exit-to", str(tmp_path / "exit"))
        console = PtyConsole(*paths, *arguments, **options)
        consoles.append(console)
        return console

    yield make
    for console in consoles:
        console.close()


def switched_on(received: bytes) -> set[str]:
    """Terminal modes that were switched on and not off again."""
    state: dict[str, bool] = {}
    for number, letter in re.findall(rb"\x1b\[\?(\d+)([hl])", received):
        if int(number) in SWITCHES:
            state[SWITCHES[int(number)]] = letter == b"h"
    return {name for name, is_on in state.items() if is_on}


def is_cursor_shown(received: bytes) -> bool:
    return received.rfind(b"\x1b[?25h") > received.rfind(b"\x1b[?25l")


def test_q_leaves_a_clean_terminal(start, tmp_path):
    console = start()
    console.wait_for("? Help  q Quit")
    assert switched_on(console.received) >= {"alternate screen"}
    console.send("q")
    assert console.wait_for_end() == 0
    assert switched_on(console.received) == set()
    assert is_cursor_shown(console.received)
    assert (tmp_path / "exit").read_text() == "quit "


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGTERM, "terminated"), (signal.SIGHUP, "hangup")]
)
def test_a_signal_leaves_a_clean_terminal_and_a_reason(start, tmp_path, number, reason):
    console = start("--run", "142")
    console.wait_for("─ Units 359 ─")
    console.kill(number)
    assert console.wait_for_end() == 0
    assert switched_on(console.received) == set()
    assert is_cursor_shown(console.received)
    assert (tmp_path / "exit").read_text() == f"{reason} "


def test_a_terminal_that_goes_away_ends_the_console_not_the_process(start, tmp_path):
    console = start("--run", "142", "--busy", "20")
    console.wait_for("─ Units 359 ─")
    os.close(console.descriptor)
    console.descriptor = os.open(os.devnull, os.O_RDWR)
    wait_until(lambda: (tmp_path / "exit").exists() and (tmp_path / "exit").read_text())
    assert (tmp_path / "exit").read_text().startswith("hangup")
    wait_until(lambda: os.waitpid(console.pid, os.WNOHANG)[0])
    console.status = 0


def wait_until(is_so) -> None:
    deadline = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_an_exception_leaves_a_clean_terminal_and_a_log(start, tmp_path):
    console = start("--fail")
    assert console.wait_for_end() == 0
    assert switched_on(console.received) == set()
    assert is_cursor_shown(console.received)
    assert b"Traceback" not in console.received
    assert (tmp_path / "exit").read_text().startswith("error RuntimeError: made to fail ␛]52")
    logged = (tmp_path / "log").read_text()
    assert "Traceback" in logged
    assert "\x1b" not in logged


def test_nothing_that_data_says_reaches_the_terminal_as_a_command(start):
    console = start("--world", "hostile_world", "--run", "142", columns=160, lines=50)
    console.wait_for("␛]52;c;aGFjaw==")
    for key in ("\t", "\t", "\t", "\t", "\r", "q", "4", "?", "q", "q"):
        console.send(key)
        console.read(0.2)
    console.send("q")
    console.wait_for_end()
    rest = ESCAPE_SEQUENCE.sub(b"", console.received)
    assert b"\x1b" not in rest
    assert b"\x9b" not in rest.decode().encode("latin-1", "ignore")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", rest.decode())
    assert not set(rest) & (set(range(32)) - {10, 13})


def test_other_output_does_not_land_on_the_screen(start, tmp_path):
    console = start()
    console.wait_for("? Help  q Quit")
    console.send("q")
    console.wait_for_end()
    assert b"noise before" in console.received
    assert b"noise meanwhile" not in console.received
    assert "noise meanwhile" in (tmp_path / "log").read_text()


def test_a_dumb_terminal_is_refused(start):
    console = start(TERM="dumb")
    assert console.wait_for_end() == 0
    assert b"plain instead" in console.received
    assert b"\x1b[?1049h" not in console.received


def test_no_color_means_no_colour(start):
    console = start(NO_COLOR="1")
    console.wait_for("? Help  q Quit")
    colours = re.findall(rb"38;[25];([\d;]+)m", console.received)
    reds = [part.split(b";") for part in colours]
    # Greys only: red, green and blue alike, or a grey of the palette.
    assert all(len(set(parts)) == 1 if len(parts) == 3 else is_grey(int(parts[0]))
               for parts in reds)  # fmt: skip


def is_grey(number: int) -> bool:
    if number >= 232 or number in (0, 7, 8, 15):
        return True
    cube = number - 16
    return cube // 36 == cube // 6 % 6 == cube % 6


@pytest.mark.parametrize("term", ["xterm", "linux", "screen"])
def test_sixteen_colours_are_enough(start, term):
    console = start("--run", "142", TERM=term)
    console.wait_for("─ Units 359 ─")
    assert b"38;2;" not in console.received
    assert b"38;5;" not in console.received
    assert re.search(rb"\x1b\[(?:\d+;)*7[;m]", console.received)  # the cursor's row, reversed


@pytest.mark.parametrize("term", ["xterm-256color", "screen-256color", "tmux-256color"])
def test_256_colours_are_used_where_they_are_and_no_more(start, term):
    console = start("--run", "142", TERM=term)
    console.wait_for("─ Units 359 ─")
    console.read(0.3)
    assert b"38;2;" not in console.received
    assert b"38;5;" in console.received


@pytest.mark.parametrize(("environ", "is_on"), [({}, True), ({"SSH_CONNECTION": "a b"}, False)])
def test_the_mouse_is_listened_to_where_it_costs_nothing(start, environ, is_on):
    console = start(**environ)
    console.wait_for("? Help  q Quit")
    assert ("mouse" in switched_on(console.received)) == is_on


def test_a_c_locale_gets_ascii(start):
    console = start(LANG="C")
    console.wait_for("? Help  q Quit")
    assert console.received.isascii()
    assert "* live" in console.text


def test_the_title_tells_how_far_the_run_is_and_is_given_back(start):
    console = start("--run", "142")
    console.wait_for(lambda: b"\x1b]2;mephisto 312/759 1!\x07" in console.received)
    console.send("q")
    console.send("q")
    console.wait_for_end()
    assert console.received.count(b"\x1b[22;2t") == console.received.count(b"\x1b[23;2t") == 1


def test_resizing_while_running_redraws(start):
    console = start("--run", "142")
    console.wait_for("─ Units 359 ─")
    console.resize(160, 50)
    console.wait_for("─ Rate and money ─")
    for columns, lines in ((40, 10), (200, 60), (61, 17), (80, 24)):
        console.resize(columns, lines)
    console.wait_for("1 of 359 · sort latest · spc mark ─┘")


def test_a_resize_that_no_signal_tells_of_is_found_out(start):
    console = start("--run", "142", "--deaf")
    console.wait_for("─ Units 359 ─")
    console.resize(160, 50)
    console.wait_for("─ Rate and money ─")


def test_a_cursor_move_costs_little(start):
    console = start("--run", "142")
    console.wait_for("─ Units 359 ─")
    console.read(3.5)  # until nothing is new and highlighted
    sizes = []
    for _ in range(5):
        console.send("j")
        sizes.append(console.read(0.2))
    # A second's change of ages may fall into one of them; the smallest is the move alone.
    assert 0 < min(sizes) <= 1024


def test_a_busy_run_costs_little(start):
    console = start(
        "--run", "142", "--agents", "1000", "--busy", "20", columns=120, lines=40
    )  # fmt: skip
    console.wait_for("─ Agents 1000 ─")
    console.read(2.0)
    started = time.monotonic()
    received = console.read(4.0)
    assert received / (time.monotonic() - started) < 10 * 1024


def test_a_stalled_terminal_is_survived(start):
    console = start("--run", "142", "--agents", "1000", "--busy", "400", columns=160, lines=50)
    console.wait_for("─ Agents 1000 ─")
    # Nobody reads for a while: the pty's buffer fills and the console's writes wait.
    stalled_until = time.monotonic() + 3
    wait_until(lambda: time.monotonic() > stalled_until)
    console.read(1.0)
    console.send("qq")
    assert console.wait_for_end() == 0
