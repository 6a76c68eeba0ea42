"""How soon the console answers a key, and what that costs on the wire.

Two consoles: one over a busy run with a thousand agents at work, one over a run of a hundred
thousand units that stands still.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.child import environment, in_child, new_home
from benchmarks.console_bytes import CHANGES_A_SECOND, SIZE, run_is_drawn
from benchmarks.figure import Figure, quantile
from benchmarks.publishing import publish
from benchmarks.server import Server
from benchmarks.starting import PAINT_SECONDS, PROGRAM
from benchmarks.terminal import Terminal

AGENTS = 1_000
UNITS = 100_000
PANES = ("agents", "workers", "config", "log", "units")
FILTER = "worker-0"
ROUNDS = 15
Seen = Callable[[list[str]], bool]
PAUSE_SECONDS = 0.07
"""Between two keys; a held key repeats about so fast."""
ECHO_SECONDS = 0.1
MOVE_BYTES = 1024.0
MOVES = 40
MOVE_SECONDS = 0.15
PAGES = 30
MOST_SLOWER = 1.5
"""Times a key may take longer at the far end of a long list than at its beginning."""
TIMEOUT = 120.0
PATIENCE = 20.0


def measure() -> list[Figure]:
    with new_home() as home, Server("busy", AGENTS, home) as busy:
        figures = _echoes(home, str(busy.run_id))
    with new_home() as home:
        in_child(publish, UNITS, home=home, timeout=TIMEOUT)
        return [*figures, *_long_list(home)]


def _echoes(home: Path, run_id: str) -> list[Figure]:
    with Terminal([PROGRAM, "watch", run_id], environment(home), *SIZE) as terminal:
        terminal.wait_until(run_is_drawn, PAINT_SECONDS)
        terminal.read_for(2.0)
        waits = [_next_pane(terminal, name) for name in PANES * ROUNDS]
        for _ in range(ROUNDS):
            waits += _typed(terminal)
    note = f"{AGENTS:,} agents, {CHANGES_A_SECOND[AGENTS]} changes/s; {len(waits)} keys"
    return [
        Figure("key to echo, p99", quantile(waits, 0.99), "s", ECHO_SECONDS, note=note),
        Figure("key to echo, median", statistics.median(waits), "s"),
    ]


def _next_pane(terminal: Terminal, name: str) -> float:
    """Seconds until the pane that `tab` leads to is named as the one in front."""
    return _echo(terminal, "\t", lambda lines: f"[{name}]" in lines[1])


def _typed(terminal: Terminal) -> list[float]:
    """Seconds until each letter of a filter stands in its line; the rows are asked for anew."""
    terminal.send("/")
    terminal.read_for(PAUSE_SECONDS)
    waits = []
    for length in range(1, len(FILTER) + 1):
        typed = FILTER[:length]
        waits.append(_echo(terminal, typed[-1], partial(_has_line, typed)))
    terminal.send("\x1b")
    terminal.read_for(1.0)
    return waits


def _echo(terminal: Terminal, key: str, is_seen: Seen) -> float:
    wait = terminal.echo(key, is_seen, PATIENCE)
    terminal.read_for(PAUSE_SECONDS)
    return wait


def _long_list(home: Path) -> list[Figure]:
    with Terminal([PROGRAM, "watch", "1"], environment(home), *SIZE) as terminal:
        terminal.wait_until(run_is_drawn, PAINT_SECONDS)
        terminal.read_for(2.0)
        sizes = [_bytes_of(terminal, key) for key in ("j" * 10 + "k" * 10) * (MOVES // 20)]
        at_start = _pages(terminal, "\x1b[6~")
        to_end = terminal.echo("G", lambda lines: _shows(lines, f"{UNITS} of {UNITS}"), PATIENCE)
        terminal.wait_until(_has_no_gap, PATIENCE)
        at_end = _pages(terminal, "\x1b[5~")
    first, last = statistics.median(at_start), statistics.median(at_end)
    note = f"{UNITS:,} units; {first * 1000:.0f} ms at the first, {last * 1000:.0f} ms at the last"
    return [
        Figure("a cursor move", statistics.median(sizes), "B", MOVE_BYTES, note=f"of {MOVES}"),
        Figure("a page: last over first", last / first, "×", MOST_SLOWER, note=note),
        Figure("to the last unit", to_end, "s", ECHO_SECONDS),
    ]


def _bytes_of(terminal: Terminal, key: str) -> int:
    terminal.send(key)
    return terminal.read_for(MOVE_SECONDS)


def _pages(terminal: Terminal, key: str) -> list[float]:
    """Seconds until each page is there with all of its rows."""
    terminal.send(key)  # takes the cursor to the edge; from there on a key is a page
    terminal.read_for(1.0)
    waits = []
    for _ in range(PAGES):
        is_new = partial(_is_another_page, list(terminal.screen.display))
        started = time.perf_counter()
        terminal.echo(key, is_new, PATIENCE)
        waits.append(time.perf_counter() - started)
        terminal.read_for(PAUSE_SECONDS)
    return waits


def _has_line(text: str, lines: list[str]) -> bool:
    """Whether one of the lowest lines says just this."""
    return any(line.strip() == text for line in lines[-4:])


def _is_another_page(former: list[str], lines: list[str]) -> bool:
    """Whether other rows are in sight, and all of them."""
    return _first_rows(lines) != _first_rows(former) and _has_no_gap(lines)


def _first_rows(lines: list[str]) -> list[str]:
    """The numbers of the units on the screen."""
    return [line[62:72] for line in lines[15:30]]


def _has_no_gap(lines: list[str]) -> bool:
    """Whether all rows in sight are at hand."""
    return not any(line[62:].lstrip(" │▌").startswith("…") for line in lines[15:36])


def _shows(lines: list[str], text: str) -> bool:
    return any(text in line for line in lines)
