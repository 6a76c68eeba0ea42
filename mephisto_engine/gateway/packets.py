"""Building and reading the packets of the worker protocol.

Times in packets are float seconds since the epoch, except ``last_mephisto_ping``, which is whole
milliseconds.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from mephisto_engine.abstractions.channel import AgentDetails
from mephisto_engine.tokens import new_token

CLIENT_VERSION: Final = "2.0.4"
"""The version of the page library that this server speaks to."""

ALIVE: Final = "alive"
HEARTBEAT: Final = "heartbeat"
FROM_PAGE: Final = "mephisto_bound_live_update"
TO_PAGE: Final = "client_bound_live_update"
BROWSER_PACKETS: Final = frozenset({ALIVE, HEARTBEAT, FROM_PAGE})
"""All that a page may send; everything else on a socket is refused."""

MAX_ID_LENGTH: Final = 200
_LATEST_PLAUSIBLE_SECONDS: Final = 1e11
_SURELY_SHALLOW: Final = 200


class BadPacketError(ValueError):
    """A page sent something that is not one of its packets; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class BrowserPacket:
    """What a page sent over its socket, checked."""

    kind: str
    subject_id: str | None
    data: dict[str, Any]
    client_at: float | None
    """The browser's clock in seconds since the epoch."""
    update_id: str | None


class Outgoing(NamedTuple):
    """A packet on its way to a page."""

    frame: bytes
    update_id: str | None = None
    """Set on live updates only: these wait for the next socket if this one closes."""


def dumps(value: Any) -> bytes:
    """JSON as UTF-8 bytes; takes everything that the standard library takes, NaN as null."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # Integers over 64 bits, keys that are not strings, lone surrogates: rare, and still JSON.
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def loads(text: str | bytes) -> Any:
    """Parse JSON strictly: no NaN, no lone surrogates, nothing that could not be written again.

    Raises:
        ValueError: it is not such JSON; the message says why.
    """
    value = orjson.loads(text)
    # Reading allows deeper nesting than writing does; few openings mean that it is not deep.
    openings = text.count("{") + text.count("[") if isinstance(text, str) else _openings(text)
    if openings > _SURELY_SHALLOW:
        try:
            orjson.dumps(value)
        except TypeError:
            raise ValueError("it is nested too deeply") from None
    return value


def _openings(text: bytes) -> int:
    return text.count(b"{") + text.count(b"[")


def agent_details(details: AgentDetails, received_at: float) -> bytes:
    """The answer to ``/request_agent`` and ``/submit_onboarding``."""
    data = details.init_task_data
    if details.agent_id is not None and not data and not isinstance(data, dict):
        data = {}  # a page takes any other empty value for "still loading", for ever
    return dumps(
        {
            "packet_type": "agent_details",
            "subject_id": "gateway",
            "data": {
                "request_id": new_token(),
                "worker_id": details.worker_id,
                "agent_id": details.agent_id,
                "init_task_data": data,
                "failure_reason": details.failure_reason,
            },
            "client_timestamp": None,
            "router_incoming_timestamp": received_at,
            "router_outgoing_timestamp": None,
            "server_timestamp": time.time(),
        }
    )


def update_status(token: str, status: str) -> Outgoing:
    """Tells a page its agent's status."""
    now = time.time()
    return Outgoing(
        orjson.dumps(
            {
                "packet_type": "update_status",
                "subject_id": token,
                "data": {"status": str(status)},
                "router_outgoing_timestamp": now,
                "server_timestamp": now,
            }
        )
    )


def live_update(token: str, data: dict[str, Any]) -> Outgoing:
    """A live update for a page; it gets an ``update_id`` if it has none."""
    update_id = data.get("update_id")
    if update_id is None:
        # Pages drop every update after the first that comes without an id of its own.
        update_id = new_token()
        data = {**data, "update_id": update_id}
    now = time.time()
    return Outgoing(
        dumps(
            {
                "packet_type": TO_PAGE,
                "subject_id": token,
                "data": data,
                "client_timestamp": None,
                "router_incoming_timestamp": now,
                "router_outgoing_timestamp": now,
                "server_timestamp": now,
            }
        ),
        str(update_id),
    )


def heartbeat_answer(token: str, status: str, client_at: float | None) -> bytes:
    """The answer to a heartbeat.

    A page compares ``last_mephisto_ping`` with its own clock and gives up when it lags by 20 s, so
    the value is never behind the clock that the page itself reports.
    """
    now = time.time()
    latest = now if client_at is None else max(now, client_at)
    return orjson.dumps(
        {
            "packet_type": HEARTBEAT,
            "subject_id": token,
            "client_timestamp": client_at,
            "router_incoming_timestamp": now,
            "data": {"last_mephisto_ping": int(latest * 1000), "status": str(status)},
            "router_outgoing_timestamp": now,
        }
    )


def read_browser_packet(text: str | bytes) -> BrowserPacket:
    """Check what a page sent; a missing ``subject_id`` or ``data`` is no fault.

    Raises:
        BadPacketError: it is not a packet that a page may send.
    """
    try:
        packet = loads(text)
    except ValueError:
        raise BadPacketError("a packet that is not JSON") from None
    if not isinstance(packet, dict):
        raise BadPacketError("a packet that is not a JSON object")
    kind = packet.get("packet_type")
    if not isinstance(kind, str) or kind not in BROWSER_PACKETS:
        raise BadPacketError(f"a packet of a type that pages may not send: {kind!r:.60}")
    data = packet.get("data")
    if data is None:
        data = {}
    elif not isinstance(data, dict):
        raise BadPacketError(f"a {kind} packet whose data is not an object")
    return BrowserPacket(
        kind,
        _read_id(packet.get("subject_id"), "subject_id"),
        data,
        seconds(packet.get("client_timestamp")),
        _read_id(data.get("update_id"), "update_id"),
    )


def seconds(value: Any) -> float | None:
    """A browser's time stamp, which a form sends as text; None if it is missing or absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    plausible = math.isfinite(number) and 0 <= number < _LATEST_PLAUSIBLE_SECONDS
    return number if plausible else None


def _read_id(value: Any, name: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_ID_LENGTH:
        raise BadPacketError(f"a packet whose {name} is not a short text")
    return value
