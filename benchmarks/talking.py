"""Pages that talk: the round trip through task code, many conversations, a stampede.

A bare aiohttp server that sends each packet back says what the machine itself takes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.child import in_child, new_home
from benchmarks.figure import Figure, quantile
from benchmarks.server import Server
from benchmarks.talk_client import Talk, measure_echo, measure_pairs

AGENTS = 500
ECHO_SECONDS = 10
PAIRS = 1_000
MESSAGES = 5
GAP = 2.0
STAMPEDE_PAIRS = 100
TIMEOUT = 150.0


def measure() -> list[Figure]:
    with new_home() as home, Server("echo", 0, home) as server:
        bare = Talk(**in_child(echo_load, server.url, home=home, timeout=TIMEOUT))
    with new_home() as home, Server("talk", AGENTS, home) as server:
        talk = Talk(**in_child(echo_load, server.url, home=home, timeout=TIMEOUT))
    with new_home() as home, Server("pairs", PAIRS, home) as server:
        pairs = Talk(**in_child(pairs_load, server.url, home=home, timeout=TIMEOUT))
        memory = server.memory_mebibytes()
    with new_home() as home, Server("pairs", STAMPEDE_PAIRS, home) as server:
        stampede = Talk(**in_child(stampede_load, server.url, home=home, timeout=TIMEOUT))
    return [*_round_trip(talk, bare), *_conversations(pairs, memory), *_stampede(stampede)]


def echo_load(url: str) -> dict[str, Any]:
    """The client's process: pages that call."""
    return asdict(measure_echo(url, AGENTS, ECHO_SECONDS))


def pairs_load(url: str) -> dict[str, Any]:
    """The client's process: pairs that chat."""
    return asdict(measure_pairs(url, PAIRS, MESSAGES, GAP))


def stampede_load(url: str) -> dict[str, Any]:
    """The client's process: everybody comes at once."""
    return asdict(measure_pairs(url, STAMPEDE_PAIRS, 1, 0.1))


def _round_trip(talk: Talk, bare: Talk) -> list[Figure]:
    p50, p99 = (1000 * quantile(talk.waits, share) for share in (0.5, 0.99))
    bare_p50 = 1000 * quantile(bare.waits, 0.5)
    note = f"{AGENTS} agents, one call a second each"
    return [
        Figure("round trip through task code, p50", p50, "ms", 5.0, note=note),
        Figure("round trip through task code, p99", p99, "ms", 50.0),
        Figure("bare echo, p50", bare_p50, "ms"),
        Figure("p50 over the bare echo's", p50 / bare_p50, "×", 3.0),
        Figure("calls without an answer", talk.sent - talk.heard, "calls", 0),
    ]


def _conversations(talk: Talk, memory: float) -> list[Figure]:
    p99 = 1000 * quantile(talk.waits, 0.99)
    note = f"{PAIRS:,} conversations, {2 * PAIRS:,} sockets"
    return [
        Figure("from one page to the partner's, p99", p99, "ms", 250.0, note=note),
        Figure("messages lost or doubled", abs(talk.sent - talk.heard), "messages", 0),
        Figure("messages out of order", talk.disordered, "messages", 0),
        Figure("engine memory", memory, "MiB", 300.0),
        Figure("all conversations begun", talk.starting, "s"),
    ]


def _stampede(talk: Talk) -> list[Figure]:
    note = f"{2 * STAMPEDE_PAIRS} workers at once, {STAMPEDE_PAIRS} assignments for two"
    return [Figure("everybody has a partner", talk.starting, "s", 2.0, note=note)]
