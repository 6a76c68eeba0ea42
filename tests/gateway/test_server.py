from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import aiohttp
import pytest
import uvloop

from mephisto_engine.abstractions.site import Site
from mephisto_engine.errors import ArchitectError
from mephisto_engine.gateway import GatewayServer, build_app
from mephisto_engine.gateway.refusals import JOURNALLED_AT_ONCE

from .conftest import AGENT, FakeBackend, World, until


async def test_port_zero_takes_a_free_port(world: World) -> None:
    assert world.port > 0
    async with world.client.get(world.url + "/is_alive") as response:
        assert await response.json() == {"status": "Alive!"}


async def test_a_name_with_several_addresses_gets_one_port(
    site: Site, backend: FakeBackend
) -> None:
    server = GatewayServer(build_app(site, backend), "localhost", 0)
    port = await server.start()
    try:
        for *_, address in await asyncio.get_running_loop().getaddrinfo(
            "localhost", port, type=socket.SOCK_STREAM
        ):
            _, writer = await asyncio.open_connection(*address[:2])
            writer.close()
    finally:
        await server.stop(0.1)


async def test_a_port_in_use_is_an_error_with_a_hint(
    world: World, site: Site, backend: FakeBackend
) -> None:
    with pytest.raises(ArchitectError, match=f"Port {world.port} .* in use") as caught:
        await GatewayServer(build_app(site, backend), "127.0.0.1", world.port).start()
    assert "another port" in caught.value.hint


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_a_host_that_is_not_here_is_an_error_with_a_hint(
    site: Site, backend: FakeBackend, host: str
) -> None:
    with pytest.raises(ArchitectError, match=host) as caught:
        await GatewayServer(build_app(site, backend), host, 0).start()
    assert "127.0.0.1" in caught.value.hint


async def test_stopping_lets_requests_in_progress_finish(world: World) -> None:
    world.backend.gate = asyncio.Event()
    call = asyncio.create_task(world.submit(final_data={}))
    await until(lambda: world.gateway._in_progress == 1)
    stopping = asyncio.create_task(world.server.stop(5.0))
    await until(lambda: world.gateway._draining is not None)
    world.backend.gate.set()
    assert await call == (200, {"status": "Submitted!"})
    await stopping
    assert len(world.backend.submissions) == 1


async def test_what_is_posted_while_stopping_is_told_to_come_again(world: World) -> None:
    await world.submit(final_data={})  # opens a connection that stays
    await world.gateway.drain(0.1)
    status, answer = await world.submit(final_data={})
    assert status == 503
    assert "keep your answer" in answer["error"].lower()


async def test_stopping_ends_at_its_deadline(world: World) -> None:
    world.backend.gate = asyncio.Event()
    call = asyncio.create_task(world.submit(final_data={}))
    await until(lambda: world.gateway._in_progress == 1)
    stopping = asyncio.create_task(world.server.stop(0.05))
    await until(lambda: world.gateway._draining is not None)
    with pytest.raises(aiohttp.ClientError):
        await call
    await stopping


async def test_stopping_closes_sockets_as_going_away(world: World) -> None:
    page = await world.connect(AGENT)
    await page.receive(timeout=5)
    stopping = asyncio.create_task(world.server.stop(1.0))
    assert (await page.receive(timeout=5)).data == 1001
    await stopping
    assert ("disconnected", AGENT) in world.backend.life


async def test_stopping_twice_or_before_starting_does_no_harm(
    site: Site, backend: FakeBackend
) -> None:
    server = GatewayServer(build_app(site, backend), "127.0.0.1", 0)
    await server.stop(0.1)
    await server.start()
    await server.stop(0.1)
    await server.stop(0.1)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /submit_task HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /submit_task HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST /submit_task HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    ],
)
async def test_malformed_http_is_400_and_the_server_serves_on(
    world: World, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await world.raw(request_bytes)
    assert answer.startswith(b"HTTP/1.")
    assert b" 400 " in answer.splitlines()[0]
    assert await world.submit(final_data={}) == (200, {"status": "Submitted!"})
    assert not caplog.records


async def test_an_upgrade_that_is_none_is_400(world: World) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    async with world.client.get(world.url + "/", headers=headers) as response:
        assert response.status == 400


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_client_that_never_finishes_its_request_is_hung_up_on(
    site: Site, backend: FakeBackend, start: bytes
) -> None:
    server = GatewayServer(build_app(site, backend), "127.0.0.1", 0, idle_seconds=0.1)
    port = await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    try:
        assert await asyncio.wait_for(reader.read(), 5) == b""
    finally:
        writer.close()
        await server.stop(0.1)


async def test_silent_clients_cost_nobody_else_anything(world: World) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", world.port) for _ in range(50)]
    for _, writer in silent:
        writer.write(b"POST /submit_task HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n")
    assert await world.submit(final_data={}) == (200, {"status": "Submitted!"})
    for _, writer in silent:
        writer.close()


async def test_a_client_that_leaves_in_mid_upload_leaves_no_file(world: World) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", world.port)
    writer.write(
        b"POST /submit_task HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n"
        b"Content-Type: multipart/form-data; boundary=frontier\r\n\r\n--frontier\r\n"
        b'Content-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b"x" * 600_000
    )
    await until(lambda: bool(world.stored_files()))
    writer.transport.abort()
    await until(lambda: not world.stored_files())
    assert not world.backend.refusals


async def test_a_flood_of_refusals_is_counted_and_not_journalled_one_by_one(
    world: World,
) -> None:
    for _ in range(int(JOURNALLED_AT_ONCE) + 50):
        await world.post_raw("/submit_task", b"{")
    assert len(world.backend.refusals) < JOURNALLED_AT_ONCE + 20


async def test_a_journal_that_fails_does_not_keep_a_refusal_from_its_answer(
    world: World,
) -> None:
    async def fail(reason: str, where: str) -> None:
        raise RuntimeError("no journal")

    world.backend.refused = fail  # type: ignore[method-assign]
    assert (await world.post_raw("/submit_task", b"{"))[0] == 400


def test_it_runs_in_uvloop(site: Site, backend: FakeBackend) -> None:
    async def session() -> list[Any]:
        gateway = build_app(site, backend)
        server = GatewayServer(gateway, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{await server.start()}"
        async with aiohttp.ClientSession() as client:
            async with client.get(url + "/bundle.js") as response:
                seen: list[Any] = [await response.text()]
            body = {"USED_AGENT_ID": AGENT, "final_data": {}}
            async with client.post(url + "/submit_task", json=body) as response:
                seen.append(await response.json())
            async with client.ws_connect(url) as page:
                await page.send_json({"packet_type": "alive", "subject_id": AGENT})
                seen.append(json.loads((await page.receive(timeout=5)).data)["packet_type"])
        with pytest.raises(ArchitectError, match="in use"):
            await GatewayServer(build_app(site, backend), "127.0.0.1", int(url[17:])).start()
        with pytest.raises(ArchitectError, match="not an address"):
            await GatewayServer(build_app(site, backend), "no-such-host.invalid", 0).start()
        await server.stop(1.0)
        return seen

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(session())
    assert seen == ["console.log('bundle')", {"status": "Submitted!"}, "update_status"]
