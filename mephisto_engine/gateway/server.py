"""Putting a gateway on a port of this machine."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
from typing import Final

from aiohttp import web
from aiohttp.http import HttpProcessingError

from mephisto_engine.errors import ArchitectError
from mephisto_engine.gateway.app import Gateway

IDLE_SECONDS: Final = 75.0
LINGER_SECONDS: Final = 2.0
SHUTDOWN_SECONDS: Final = 0.25
"""For what is still in progress after the deadline of a stop."""
BACKLOG: Final = 1024


class GatewayServer:
    """Serves a gateway from the running event loop.

    Args:
        gateway: what to serve.
        host: name or address to listen on.
        port: 0 takes any free one.
        ssl_context: for serving TLS here.
        idle_seconds: a connection that has not sent a whole request head by then is closed.
    """

    def __init__(
        self,
        gateway: Gateway,
        host: str,
        port: int,
        ssl_context: ssl.SSLContext | None = None,
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._gateway = gateway
        self._host = host
        self._port = port
        self._ssl_context = ssl_context
        self._idle_seconds = idle_seconds
        self._runner: web.ServerRunner | None = None

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            ArchitectError: the port is in use, or the host cannot be listened on.
        """
        server = web.Server(
            self._gateway.handle,
            request_factory=self._gateway.make_request,
            access_log=None,
            logger=_quiet_logger(),
            keepalive_timeout=self._idle_seconds,
            lingering_time=LINGER_SECONDS,
        )
        runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            port = await self._listen(runner, self._port)
        except OSError as error:
            await runner.cleanup()
            raise self._explain(error) from error
        self._runner = runner
        self._gateway.channel.open()
        return port

    async def stop(self, deadline: float = 5.0) -> None:
        """Take no new requests, let those in progress finish for ``deadline`` seconds, close."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        await self._gateway.drain(deadline)
        await self._gateway.channel.close()
        await runner.cleanup()

    async def _listen(self, runner: web.ServerRunner, port: int) -> int:
        site = web.TCPSite(runner, self._host, port, ssl_context=self._ssl_context, backlog=BACKLOG)
        await site.start()
        ports: set[int] = {address[1] for address in runner.addresses}
        if len(ports) == 1:
            return ports.pop()
        # A name with several addresses got a free port on each; they have to be the same one.
        await site.stop()
        return await self._listen(runner, min(ports))

    def _explain(self, error: OSError) -> ArchitectError:
        place = f"{self._host}:{self._port}"
        if error.errno == errno.EADDRINUSE:
            return ArchitectError(
                f"Port {self._port} on {self._host} is already in use.",
                "Stop the program that uses it, or choose another port; port 0 takes any free one.",
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return ArchitectError(
                f"This user may not listen on {place}.",
                "Choose a port above 1023, and put a reverse proxy before it if need be.",
            )
        if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            return ArchitectError(
                f"{self._host} is not an address of this machine.",
                "Choose 127.0.0.1 for this machine alone, or 0.0.0.0 for all its networks.",
            )
        return ArchitectError(
            f"Cannot listen on {place}: {error.strerror or error}.",
            "Check the architect's host and port.",
        )


def _quiet_logger() -> logging.Logger:
    """Malformed requests are every public server's daily rain, and not worth a traceback each."""
    logger = logging.getLogger(f"{__name__}.http")
    logger.addFilter(_is_no_malformed_request)
    return logger


def _is_no_malformed_request(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)
