"""The worker-facing HTTP and WebSocket server; speaks the protocol of Mephisto's task pages."""

from __future__ import annotations

import logging

from mephisto_engine.gateway.app import Gateway, build_app
from mephisto_engine.gateway.server import GatewayServer

# Without a handler of the program's own, Python would print warnings into the operator's terminal.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = ["Gateway", "GatewayServer", "build_app"]
