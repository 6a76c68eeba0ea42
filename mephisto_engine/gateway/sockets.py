"""One WebSocket of one page."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from aiohttp import WebSocketError, WSMsgType, web

from mephisto_engine.abstractions.site import Limits
from mephisto_engine.errors import StorageError
from mephisto_engine.gateway.packets import (
    ALIVE,
    FROM_PAGE,
    HEARTBEAT,
    BadPacketError,
    BrowserPacket,
    Outgoing,
    heartbeat_answer,
    read_browser_packet,
)
from mephisto_engine.gateway.refusals import Refusals
from mephisto_engine.gateway.token_bucket import TokenBucket

if TYPE_CHECKING:
    from mephisto_engine.gateway.hub import Hub

logger = logging.getLogger(__name__)

CLOSE_FORGED: Final = 4401
CLOSE_POLICY: Final = 1008
CLOSE_TRY_LATER: Final = 1013
MAX_OUTGOING_PACKETS: Final = 1024
MAX_OUTGOING_BYTES: Final = 8 * 2**20
BURST_SECONDS: Final = 10.0
SECONDS_TO_ANNOUNCE: Final = 30.0
PING_SECONDS: Final = 30.0
"""Protocol-level pings find half-open connections even when a hidden tab's timers stand still."""
CLOSE_SECONDS: Final = 2.0

_ENDED: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class Socket:
    """A page's socket: reads its packets, and sends what is pushed without ever waiting for it.

    A task for sending exists only while there is something to send, so an idle socket costs no
    more than its connection.
    """

    __slots__ = (
        "_bucket",
        "_complained",
        "_hub",
        "_outgoing",
        "_outgoing_bytes",
        "_refusals",
        "_remote",
        "_sender",
        "_transport",
        "_ws",
        "token",
    )

    def __init__(self, hub: Hub, refusals: Refusals, limits: Limits) -> None:
        rate = limits.messages_per_second
        self._bucket = TokenBucket(rate, max(1.0, rate * BURST_SECONDS))
        self._hub = hub
        self._refusals = refusals
        # Compression would cost each connection some hundred KiB.
        self._ws = web.WebSocketResponse(
            compress=False,
            heartbeat=PING_SECONDS,
            max_msg_size=limits.max_message_bytes,
            timeout=CLOSE_SECONDS,
        )
        self._outgoing: deque[Outgoing] = deque()
        self._outgoing_bytes = 0
        self._sender: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._remote: str | None = None
        self._complained = False
        self.token: str | None = None
        """Whose it is; None until the page has announced itself."""

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the socket until either side closes it."""
        await self._ws.prepare(request)
        self._transport = request.transport
        self._remote = request.remote
        self._hub.opened(self)
        try:
            await self._read()
        finally:
            if self._sender is not None:
                self._sender.cancel()
            self._hub.closed(self, self.token, self._outgoing)
        return self._ws

    def push(self, packet: Outgoing) -> None:
        """Queue a packet; a page that reads too slowly for its queue loses its socket.

        Its live updates are not lost with it: they wait for the page's next socket.
        """
        self._outgoing.append(packet)
        self._outgoing_bytes += len(packet.frame)
        if len(self._outgoing) > MAX_OUTGOING_PACKETS or self._outgoing_bytes > MAX_OUTGOING_BYTES:
            self._abort()
        elif self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send())

    async def close(self, code: int, reason: str) -> None:
        """Close from this side; does nothing if it is closed already."""
        try:
            await self._ws.close(code=code, message=reason.encode())
        except (ConnectionError, RuntimeError):
            self._abort()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _send(self) -> None:
        try:
            while self._outgoing:
                packet = self._outgoing[0]
                await self._ws.send_frame(packet.frame, WSMsgType.TEXT)
                self._outgoing.popleft()
                self._outgoing_bytes -= len(packet.frame)
        except (ConnectionError, RuntimeError):
            self._abort()
        finally:
            self._sender = None

    async def _read(self) -> None:
        while True:
            try:
                message = await self._ws.receive(None if self.token else SECONDS_TO_ANNOUNCE)
            except TimeoutError:
                return await self.close(CLOSE_POLICY, "no agent announced itself")
            if message.type in _ENDED:
                if isinstance(message.data, WebSocketError):
                    await self._complain(f"a broken or oversized message: {message.data}")
                return None
            if not self._bucket.take():
                await self._complain("too many messages")
                return await self.close(CLOSE_POLICY, "too many messages")
            if message.type is WSMsgType.TEXT:
                await self._take(message.data)
            else:
                await self._complain("a binary message")

    async def _take(self, text: str) -> None:
        try:
            packet = read_browser_packet(text)
        except BadPacketError as error:
            return await self._complain(str(error))
        try:
            await self._handle(packet)
        except StorageError:
            await self.close(CLOSE_TRY_LATER, "try again later")
        except ConnectionError:
            self._abort()
        except Exception:
            # Whatever went wrong with one packet, the page's other packets are still good.
            logger.exception("A packet of %s could not be handled", self._remote)
        return None

    async def _handle(self, packet: BrowserPacket) -> None:
        announced = packet.kind == ALIVE or self.token is None
        if announced and not await self._announce(packet.subject_id):
            return
        token = self.token
        if token is None:
            return
        if not announced:
            self._hub.sign_of_life(self, token)
        if packet.kind == HEARTBEAT:
            answer = heartbeat_answer(token, self._hub.status(token), packet.client_at)
            await self._ws.send_frame(answer, WSMsgType.TEXT)
        elif packet.kind == FROM_PAGE:
            self._hub.received(token, packet)

    async def _announce(self, token: str | None) -> bool:
        """Make the socket the agent's; an agent's id is a secret, so whoever has it is its page.

        A packet without an id belongs to the agent that the socket has, if it has one.
        """
        token = token or self.token
        if token is None:
            await self._complain("a packet that names no agent, on a socket of none")
            return False
        status = await self._hub.find_status(token)
        if status is None:
            await self._complain("an agent id that was never given out")
            await self.close(CLOSE_FORGED, "unknown agent")
            return False
        if self.token is not None and self.token != token:
            self._hub.leave(self, self.token)
        self.token = token
        self._hub.announce(self, token, status)
        return True

    async def _complain(self, reason: str) -> None:
        """Journal a fault; only the first one of each socket, as they come in floods."""
        if not self._complained:
            self._complained = True
            await self._refusals.journal(reason, f"WebSocket from {self._remote}")
