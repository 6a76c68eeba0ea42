"""The worker-facing server in the engine's own loop, on this machine."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mephisto_architects.address import (
    base_url,
    bind_host,
    certificate_problems,
    listen_problems,
    port_number,
    public_url_problems,
    tls_context,
)
from mephisto_engine.abstractions.architect import Architect, ArchitectArgs, ArchitectContext
from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.channel import Channel
from mephisto_engine.errors import ArchitectError, Problem
from mephisto_engine.gateway.app import build_app
from mephisto_engine.gateway.server import GatewayServer

_SHUTDOWN_SECONDS = 10.0


@dataclass
class LocalArgs(ArchitectArgs):
    """Options of the local architect."""

    _architect_type: str = "local"
    hostname: str = arg(
        "localhost", "address to listen on: localhost for this machine alone, 0.0.0.0 for all"
    )
    port: str = arg("3000", "port to listen on; 0 takes any free one")
    tls_cert: str | None = arg(None, "certificate chain, a PEM file; makes the server speak HTTPS")
    tls_key: str | None = arg(None, "private key of the certificate, a PEM file without password")
    public_url: str | None = arg(
        None, "address that workers open, where a proxy or tunnel stands in front of this machine"
    )


class LocalArchitect(Architect):
    """Serves from where the engine runs."""

    ARCHITECT_TYPE = "local"
    ArgsClass = LocalArgs

    def __init__(self, args: Any, context: ArchitectContext) -> None:
        super().__init__(args, context)
        self._gateway = build_app(context.site, context.backend)
        self._tls: ssl.SSLContext | None = None
        self._server: GatewayServer | None = None

    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        yield from listen_problems(args.hostname, args.port)
        yield from certificate_problems(args.tls_cert, args.tls_key)
        yield from public_url_problems(args.public_url)

    async def prepare(self) -> None:
        if not self.args.tls_cert:
            return
        try:
            self._tls = tls_context(self.args.tls_cert, self.args.tls_key)
        except OSError as error:  # an SSLError is one
            raise ArchitectError(f"The TLS certificate cannot be used: {error}") from error

    async def deploy(self) -> str:
        host, port = self.args.hostname, port_number(self.args.port) or 0
        server = GatewayServer(self._gateway, bind_host(host), port, ssl_context=self._tls)
        port = await server.start()
        self._server = server
        if self.args.public_url:
            return str(self.args.public_url).rstrip("/")
        return base_url("https" if self._tls else "http", host, port)

    async def shutdown(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop(_SHUTDOWN_SECONDS)

    def get_channel(self) -> Channel:
        return self._gateway.channel
