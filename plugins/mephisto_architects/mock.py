"""An architect without a server: tests speak to its backend and read what the engine sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mephisto_architects.address import bind_host, listen_problems, port_number
from mephisto_engine.abstractions.architect import Architect, ArchitectArgs, ArchitectContext
from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.channel import Channel
from mephisto_engine.errors import Problem
from mephisto_engine.gateway.app import build_app
from mephisto_engine.gateway.server import GatewayServer
from mephisto_engine.testing.recording import RecordingChannel

_HOST = "localhost"
_SHUTDOWN_SECONDS = 1.0


@dataclass
class MockArgs(ArchitectArgs):
    """Options of the mock architect."""

    _architect_type: str = "mock"
    should_run_server: bool = arg(False, "listen on localhost, as the local architect does")
    port: str = arg("3000", "port to listen on, if it does; 0 takes any free one")


class MockArchitect(Architect):
    """Records the packets for pages, unless it is told to serve them."""

    ARCHITECT_TYPE = "mock"
    ArgsClass = MockArgs

    def __init__(self, args: Any, context: ArchitectContext) -> None:
        super().__init__(args, context)
        self.recorded = RecordingChannel()
        """What the engine sent, while no server runs."""
        self._server: GatewayServer | None = None
        self._channel: Channel = self.recorded

    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        return listen_problems(_HOST, args.port) if args.should_run_server else ()

    async def deploy(self) -> str:
        port = port_number(self.args.port) or 0
        if not self.args.should_run_server:
            self.recorded.open = True
            return f"http://{_HOST}:{port}"
        gateway = build_app(self.context.site, self.context.backend)
        server = GatewayServer(gateway, bind_host(_HOST), port)
        port = await server.start()
        self._server, self._channel = server, gateway.channel
        return f"http://{_HOST}:{port}"

    async def shutdown(self) -> None:
        self.recorded.open = False
        server, self._server = self._server, None
        if server is not None:
            await server.stop(_SHUTDOWN_SECONDS)

    def get_channel(self) -> Channel:
        return self._channel
