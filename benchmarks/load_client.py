"""Many workers at once: each client is a new worker for each unit, registers, answers, goes on.

A closed loop without time to think. The HTTP is the least that works, so that the client's own
cost, which the server's figures suffer from on a machine of two cores, is small.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

_ANSWER = {"rating": "good", "comment": "x" * 200}
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True)
class Load:
    """What to do to a server."""

    url: str
    clients: int
    units: int
    timeout: float
    """Seconds after which the clients give up, whatever is left."""


@dataclass
class Report:
    """What the workers met with."""

    acknowledged: list[str] = field(default_factory=list)
    """Agent ids whose answer was acknowledged."""
    registering: list[float] = field(default_factory=list)
    """Seconds from registering to having the unit's data, one a unit."""
    submitting: list[float] = field(default_factory=list)
    """Seconds from submitting to the acknowledgement, one a unit."""
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu: float = 0.0
    """Processor time that the clients took, seconds."""


class PageConnection(asyncio.Protocol):
    """One kept-alive connection, one request at a time."""

    def __init__(self, host: str) -> None:
        self._head = f" HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n".encode()
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: Any = None

    async def post(self, path: str, body: Any) -> tuple[int, bytes]:
        """Status and body of the answer. Raises `ConnectionError`."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the server has closed the connection")
        content = orjson.dumps(body)
        self._answer = asyncio.get_running_loop().create_future()
        head = b"POST %b%bContent-Length: %d\r\n\r\n" % (path.encode(), self._head, len(content))
        self._transport.write(head + content)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_HEAD_END)
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        length = int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])
        begin = end + len(_HEAD_END)
        if len(self._received) < begin + length:
            return
        body = bytes(self._received[begin : begin + length])
        del self._received[: begin + length]
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head.split(b" ", 2)[1]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the connection was lost"))


class Crowd:
    """The clients of one process."""

    def __init__(self, load: Load, on_acknowledged: Callable[[int], None] | None = None) -> None:
        self.report = Report()
        self._load = load
        self._left = load.units
        self._tag = uuid.uuid4().hex[:8]
        self._on_acknowledged = on_acknowledged
        address = urlsplit(load.url)
        self._host, self._port = str(address.hostname), address.port or 80

    async def run(self) -> Report:
        started, cpu = time.perf_counter(), time.process_time()
        clients = [asyncio.ensure_future(self._client()) for _ in range(self._load.clients)]
        _, late = await asyncio.wait(clients, timeout=self._load.timeout)
        for client in late:
            client.cancel()
        self.report.failures["client out of time"] += len(late)
        await asyncio.gather(*clients, return_exceptions=True)
        self.report.seconds = time.perf_counter() - started
        self.report.cpu = time.process_time() - cpu
        return self.report

    async def _client(self) -> None:
        """One place in the crowd; ends when no unit is left, or when the server is gone."""
        connection: PageConnection | None = None
        try:
            loop = asyncio.get_running_loop()
            make = partial(PageConnection, self._host)
            _, connection = await loop.create_connection(make, self._host, self._port)
            while self._left > 0:
                self._left -= 1
                await self._one_unit(connection, f"{self._tag}-{self._left}")
        except OSError as error:
            self.report.failures[type(error).__name__] += 1
        finally:
            if connection is not None:
                connection.close()

    async def _one_unit(self, connection: PageConnection, worker_name: str) -> None:
        assignment = uuid.uuid4().hex
        arrival = {
            "worker_name": worker_name,
            "agent_registration_id": f"{assignment}-{worker_name}",
            "assignment_id": assignment,
            "provider_type": "mock",
        }
        started = time.perf_counter()
        status, body = await connection.post("/request_agent", _stamped(provider_data=arrival))
        waited = time.perf_counter() - started
        details = orjson.loads(body)["data"] if status == 200 else {}
        token = details.get("agent_id")
        if token is None or details.get("init_task_data") is None:
            reason = details.get("failure_reason") or f"HTTP {status}"
            self.report.failures[f"registering: {reason}"] += 1
            return
        self.report.registering.append(waited)
        await self._submit(connection, token)

    async def _submit(self, connection: PageConnection, token: str) -> None:
        started = time.perf_counter()
        answer = _stamped(USED_AGENT_ID=token, final_data=_ANSWER)
        status, _ = await connection.post("/submit_task", answer)
        if status != 200:
            self.report.failures[f"submitting: HTTP {status}"] += 1
            return
        self.report.submitting.append(time.perf_counter() - started)
        self.report.acknowledged.append(token)
        if self._on_acknowledged is not None:
            self._on_acknowledged(len(self.report.acknowledged))


def work(load: Load, on_acknowledged: Callable[[int], None] | None = None) -> Report:
    """Have the workers of a load do it, in this process.

    Args:
        load: what to do.
        on_acknowledged: called after each acknowledgement with the number of them so far.
    """
    return uvloop.run(Crowd(load, on_acknowledged).run())


def work_apart(load: Load, processes: int = 1) -> Report:
    """The same in one or several other processes."""
    shares = [_share(load, processes, number) for number in range(processes)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        return _joined(list(pool.map(work, shares)))


def _share(load: Load, processes: int, number: int) -> Load:
    clients, units = (
        total // processes + (number < total % processes) for total in (load.clients, load.units)
    )
    return replace(load, clients=clients, units=units)


def _joined(reports: list[Report]) -> Report:
    whole = Report(seconds=max(report.seconds for report in reports))
    for report in reports:
        whole.acknowledged += report.acknowledged
        whole.registering += report.registering
        whole.submitting += report.submitting
        whole.failures += report.failures
        whole.cpu += report.cpu
    return whole


def _stamped(**fields: Any) -> dict[str, Any]:
    return {**fields, "client_timestamp": time.time()}
