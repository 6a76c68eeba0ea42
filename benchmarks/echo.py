"""The least that a server of the worker protocol can do; the yardstick for the real one."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable

import orjson
import uvloop
from aiohttp import web


def serve(announce: Callable[[str], None]) -> None:
    """Listen on a free port of the loopback until standard input ends."""
    uvloop.run(_serve(announce))


async def _serve(announce: Callable[[str], None]) -> None:
    runner = web.AppRunner(_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    announce(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


def _app() -> web.Application:
    numbers = itertools.count(1)

    async def request_agent(request: web.Request) -> web.Response:
        orjson.loads(await request.read())
        data = {"agent_id": str(next(numbers)), "init_task_data": {"task_data": {}}}
        return web.Response(
            body=orjson.dumps({"packet_type": "agent_details", "data": data}),
            content_type="application/json",
        )

    async def submit_task(request: web.Request) -> web.Response:
        orjson.loads(await request.read())
        return web.Response(body=b'{"status":"Submitted!"}', content_type="application/json")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        answers = web.WebSocketResponse()
        await answers.prepare(request)
        async for message in answers:
            packet = orjson.loads(message.data)
            if packet["packet_type"] == "mephisto_bound_live_update":
                said = packet["data"]
                data = {"handles": said["request_id"], "response": said["args"]}
                answer = {"packet_type": "client_bound_live_update", "data": data}
                await answers.send_str(orjson.dumps(answer).decode())
        return answers

    app = web.Application()
    app.router.add_get("/", socket)
    app.router.add_post("/request_agent", request_agent)
    app.router.add_post("/submit_task", submit_task)
    return app
