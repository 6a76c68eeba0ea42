from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
import pytest

from mephisto_engine.abstractions.channel import AgentDetails
from mephisto_engine.abstractions.site import Limits
from mephisto_engine.errors import StorageError
from mephisto_engine.gateway import sockets as sockets_module
from mephisto_engine.gateway.mailboxes import MAX_WAITING

from .conftest import AGENT, ONBOARDING, OTHER_AGENT, World, until


async def read(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return await socket.receive_json(timeout=5)


async def read_updates(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[Any]:
    return [(await read(socket))["data"] for _ in range(count)]


async def close_code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    while (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
        pass
    return socket.close_code


def alive(token: str | None = AGENT) -> dict[str, Any]:
    return {"packet_type": "alive", "subject_id": token, "data": {"update_id": "u"}}


def update(data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"packet_type": "mephisto_bound_live_update", "data": data, **fields}


@pytest.mark.parametrize("path", ["/", "/socket", "/any/path", "/is_alive", "/?x=1"])
async def test_any_path_becomes_a_socket(world: World, path: str) -> None:
    async with world.client.ws_connect(world.url + path) as socket:
        await socket.send_json(alive())
        packet = await read(socket)
        assert packet["packet_type"] == "update_status"
        assert packet["subject_id"] == AGENT
        assert packet["data"] == {"status": "in task"}


async def test_alive_gets_the_newest_status_first_and_then_the_queue_in_order(
    world: World,
) -> None:
    channel = world.gateway.channel
    channel.send_status(AGENT, "waiting")
    for number in range(3):
        channel.send_live_update(AGENT, {"number": number})
    channel.send_status(AGENT, "partner disconnect")
    channel.send_live_update(AGENT, {"number": 3})
    socket = await world.connect(AGENT)
    assert (await read(socket))["data"] == {"status": "partner disconnect"}
    updates = await read_updates(socket, 4)
    assert [data["number"] for data in updates] == [0, 1, 2, 3]


async def test_what_waits_is_bounded_and_the_newest_is_kept(world: World) -> None:
    for number in range(MAX_WAITING + 50):
        world.gateway.channel.send_live_update(AGENT, {"number": number})
    socket = await world.connect(AGENT)
    await read(socket)
    updates = await read_updates(socket, MAX_WAITING)
    assert updates[0]["number"] == 50
    assert updates[-1]["number"] == MAX_WAITING + 49


async def test_every_update_has_an_id_of_its_own(world: World) -> None:
    channel = world.gateway.channel
    socket = await world.connect(AGENT)
    await read(socket)
    data = {"text": "hi"}
    channel.send_live_update(AGENT, data)
    channel.send_live_update(AGENT, data)
    channel.send_live_update(AGENT, {"text": "mine", "update_id": "given"})
    first, second, third = await read_updates(socket, 3)
    assert data == {"text": "hi"}
    assert first["update_id"] != second["update_id"]
    assert third == {"text": "mine", "update_id": "given"}


async def test_a_live_update_reaches_the_backend_and_is_not_echoed(world: World) -> None:
    socket = await world.connect(AGENT)
    await read(socket)
    await socket.send_json(update({"text": "hi", "update_id": "u1"}, subject_id=AGENT))
    await until(lambda: bool(world.backend.updates))
    assert world.backend.updates == [(AGENT, {"text": "hi", "update_id": "u1"})]
    await socket.send_json({"packet_type": "heartbeat"})
    assert (await read(socket))["packet_type"] == "heartbeat"


async def test_a_repeated_update_id_is_dropped_also_over_another_socket(world: World) -> None:
    first = await world.connect(AGENT)
    for _ in range(2):
        await first.send_json(update({"update_id": "u1"}))
    await first.close()
    second = await world.connect(AGENT)
    await second.send_json(update({"update_id": "u1"}))
    await second.send_json(update({"update_id": "u2"}))
    await until(lambda: len(world.backend.updates) > 1)
    assert [data["update_id"] for _, data in world.backend.updates] == ["u1", "u2"]


async def test_packets_without_subject_or_data_belong_to_the_socket_s_agent(
    world: World,
) -> None:
    socket = await world.connect(AGENT)
    await socket.send_json({"packet_type": "mephisto_bound_live_update"})
    await until(lambda: bool(world.backend.updates))
    assert world.backend.updates == [(AGENT, {})]


async def test_a_subject_id_is_not_trusted_over_the_socket_s_agent(world: World) -> None:
    socket = await world.connect(AGENT)
    await socket.send_json(update({"text": "x"}, subject_id=OTHER_AGENT))
    await until(lambda: bool(world.backend.updates))
    assert world.backend.updates == [(AGENT, {"text": "x"})]


@pytest.mark.parametrize("token", ["forged", "mephisto"])
async def test_a_forged_agent_id_closes_the_socket_and_is_journalled(
    world: World, token: str
) -> None:
    socket = await world.connect()
    await socket.send_json(alive(token))
    assert await close_code(socket) == 4401
    assert len(world.backend.refusals) == 1
    assert ("connected", token) not in world.backend.life


@pytest.mark.parametrize("skew", [-3600.0, 0.0, 60.0, 3600.0])
async def test_a_heartbeat_answer_is_never_behind_the_page_s_clock(
    world: World, skew: float
) -> None:
    socket = await world.connect(AGENT)
    await read(socket)
    stamp = time.time() + skew
    await socket.send_json(
        {"packet_type": "heartbeat", "subject_id": AGENT, "client_timestamp": stamp}
    )
    packet = await read(socket)
    assert packet["packet_type"] == "heartbeat"
    assert packet["client_timestamp"] == stamp
    ping = packet["data"]["last_mephisto_ping"]
    assert isinstance(ping, int)
    assert ping >= int(max(stamp, time.time() - 5) * 1000)
    assert packet["data"]["status"] == "in task"
    assert ("seen", AGENT) in world.backend.life


@pytest.mark.parametrize("stamp", [None, "x", 1e308, -5, [], True])
async def test_a_heartbeat_with_an_absurd_clock_is_answered(world: World, stamp: Any) -> None:
    socket = await world.connect(AGENT)
    await read(socket)
    await socket.send_json({"packet_type": "heartbeat", "client_timestamp": stamp})
    ping = (await read(socket))["data"]["last_mephisto_ping"]
    assert abs(ping - time.time() * 1000) < 5000


async def test_heartbeats_of_agents_that_have_submitted_are_answered(world: World) -> None:
    world.backend.statuses[AGENT] = "completed"
    socket = await world.connect(AGENT)
    await read(socket)
    await world.submit(final_data={})
    await socket.send_json({"packet_type": "heartbeat", "subject_id": AGENT})
    assert (await read(socket))["packet_type"] == "heartbeat"


async def test_the_newest_socket_of_an_agent_gets_the_updates(world: World) -> None:
    old = await world.connect(AGENT)
    await read(old)
    new = await world.connect()
    await new.send_json(alive())
    await read(new)
    world.gateway.channel.send_live_update(AGENT, {"n": 1})
    assert (await read(new))["data"]["n"] == 1
    await old.send_json({"packet_type": "heartbeat"})
    assert (await read(old))["packet_type"] == "heartbeat"
    world.gateway.channel.send_live_update(AGENT, {"n": 2})
    assert (await read(old))["data"]["n"] == 2


async def test_the_late_close_of_an_old_socket_is_no_disconnect(world: World) -> None:
    old = await world.connect(AGENT)
    new = await world.connect()
    await new.send_json(alive())
    await read(new)
    await old.close()
    await until(lambda: world.gateway.channel.connection_count() == 1)
    assert ("disconnected", AGENT) not in world.backend.life
    world.gateway.channel.send_live_update(AGENT, {"n": 1})
    assert (await read(new))["data"]["n"] == 1
    await new.close()
    await until(lambda: ("disconnected", AGENT) in world.backend.life)


async def test_updates_sent_while_there_is_no_socket_come_with_the_next_one(
    world: World,
) -> None:
    first = await world.connect(AGENT)
    await first.close()
    await until(lambda: ("disconnected", AGENT) in world.backend.life)
    world.gateway.channel.send_live_update(AGENT, {"n": 1})
    world.gateway.channel.send_status(AGENT, "disconnect")
    second = await world.connect()
    await second.send_json(alive())
    assert (await read(second))["data"] == {"status": "disconnect"}


async def test_updates_that_are_in_the_history_are_not_sent_again(world: World) -> None:
    channel = world.gateway.channel
    for number in range(3):
        channel.send_live_update(AGENT, {"n": number, "update_id": f"u{number}"})
    history = {"past_live_updates": [{"n": 0, "update_id": "u0"}, {"n": 1, "update_id": "u1"}]}
    world.backend.details = AgentDetails("w", AGENT, history)
    await world.post("/request_agent", {"provider_data": {}})
    socket = await world.connect(AGENT)
    await read(socket)
    assert (await read(socket))["data"]["n"] == 2


async def test_the_onboarding_s_socket_is_silent_after_the_onboarding(world: World) -> None:
    channel = world.gateway.channel
    socket = await world.connect(ONBOARDING)
    assert (await read(socket))["data"] == {"status": "onboarding"}
    body = {"provider_data": {"USED_AGENT_ID": ONBOARDING, "onboarding_data": {}}}
    await world.post("/submit_onboarding", body)
    channel.send_status(ONBOARDING, "waiting")
    channel.send_live_update(ONBOARDING, {"text": "too late"})
    await socket.send_json(alive(ONBOARDING))
    await socket.send_json({"packet_type": "heartbeat"})
    assert (await read(socket))["packet_type"] == "heartbeat"


async def test_an_onboarding_that_could_not_be_stored_goes_on(world: World) -> None:
    socket = await world.connect(ONBOARDING)
    await read(socket)
    world.backend.failure = StorageError("disk full")
    body = {"provider_data": {"USED_AGENT_ID": ONBOARDING, "onboarding_data": {}}}
    assert (await world.post("/submit_onboarding", body))[0] == 503
    world.gateway.channel.send_status(ONBOARDING, "waiting")
    assert (await read(socket))["data"] == {"status": "waiting"}


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "7",
        "{}",
        '{"packet_type": "update_status", "data": {"status": "completed"}}',
        '{"packet_type": "agent_details"}',
        '{"packet_type": ["alive"]}',
        '{"packet_type": "alive", "data": []}',
        '{"packet_type": "alive", "subject_id": {}}',
        '{"packet_type": "mephisto_bound_live_update", "data": {"update_id": 7}}',
        '{"packet_type": "mephisto_bound_live_update", "data": {"x": NaN}}',
        '{"packet_type": "mephisto_bound_live_update", "data": {"x": %s}}'
        % ("[" * 300 + "]" * 300),
        "[" * 5000,
        json.dumps(update({"update_id": "u" * 10_000})),
    ],
)
async def test_bad_packets_are_dropped_and_journalled_once_a_socket(
    world: World, text: str
) -> None:
    socket = await world.connect(AGENT)
    await read(socket)
    for _ in range(3):
        await socket.send_str(text)
    await socket.send_bytes(b"binary")
    await socket.send_json({"packet_type": "heartbeat"})
    assert (await read(socket))["packet_type"] == "heartbeat"
    assert len(world.backend.refusals) == 1
    assert not world.backend.updates


async def test_an_error_in_the_backend_costs_one_packet(world: World) -> None:
    socket = await world.connect(AGENT)
    await read(socket)

    def fail(token: str, data: dict[str, Any]) -> None:
        raise RuntimeError("a bug")

    world.backend.live_update = fail  # type: ignore[method-assign]
    await socket.send_json(update({}))
    await socket.send_json({"packet_type": "heartbeat"})
    assert (await read(socket))["packet_type"] == "heartbeat"


async def test_a_socket_that_cannot_be_looked_up_is_told_to_come_again(world: World) -> None:
    world.backend.failure = StorageError("locked")
    socket = await world.connect()
    await socket.send_json(alive())
    assert await close_code(socket) == 1013


async def test_a_socket_that_announces_nobody_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets_module, "SECONDS_TO_ANNOUNCE", 0.05)
    socket = await world.connect()
    assert await close_code(socket) == 1008
    await until(lambda: world.gateway.channel.connection_count() == 0)


async def test_a_slow_reader_loses_its_socket_but_no_update_and_costs_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets_module, "MAX_OUTGOING_PACKETS", 60)
    slow = await world.connect(AGENT)
    await read(slow)
    other = await world.connect(OTHER_AGENT)
    await read(other)
    transport = slow._response.connection.transport  # type: ignore[union-attr]
    transport.pause_reading()
    filler = "x" * 200_000
    channel = world.gateway.channel
    sent = 0
    while ("disconnected", AGENT) not in world.backend.life:
        channel.send_live_update(AGENT, {"n": sent, "filler": filler})
        channel.send_live_update(OTHER_AGENT, {"n": sent})
        assert (await read(other))["data"]["n"] == sent
        sent += 1
        assert sent < 500
    again = await world.connect()
    await again.send_json(alive())
    assert (await read(again))["packet_type"] == "update_status"
    first = (await read(again))["data"]["n"]
    rest = [(await read(again))["data"]["n"] for _ in range(sent - first - 1)]
    assert rest == list(range(first + 1, sent))
    transport.abort()


class TestSmallLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(max_message_bytes=1000, messages_per_second=2.0)

    async def test_an_oversized_message_closes_the_socket_and_is_journalled(
        self, world: World
    ) -> None:
        socket = await world.connect(AGENT)
        await read(socket)
        await socket.send_str("x" * 5000)
        assert await close_code(socket) == 1009
        await until(lambda: len(world.backend.refusals) == 1)

    async def test_too_many_messages_close_the_socket_and_are_journalled(
        self, world: World
    ) -> None:
        socket = await world.connect(AGENT)
        for _ in range(30):
            await socket.send_json(update({}))
        assert await close_code(socket) == 1008
        assert len(world.backend.updates) <= 20
        assert len(world.backend.refusals) == 1


async def test_the_channel_counts_open_sockets_and_knows_whether_it_is_open(
    world: World,
) -> None:
    channel = world.gateway.channel
    assert channel.is_open()
    await world.connect(AGENT)
    await world.connect(OTHER_AGENT)
    assert channel.connection_count() == 2
    await world.server.stop(1.0)
    assert not channel.is_open()
    await until(lambda: channel.connection_count() == 0)


async def test_mailboxes_of_agents_that_are_done_are_given_up(world: World) -> None:
    socket = await world.connect(AGENT)
    world.gateway.channel.send_status(AGENT, "completed")
    await socket.close()
    await until(lambda: ("disconnected", AGENT) in world.backend.life)
    assert AGENT not in world.gateway.channel._mailboxes
