"""The engine's way to the pages, over whatever sockets they have open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from mephisto_engine.abstractions.channel import Backend
from mephisto_engine.data_model.status import LOST_AGENT
from mephisto_engine.gateway.mailboxes import Mailbox
from mephisto_engine.gateway.packets import BrowserPacket, Outgoing, live_update, update_status
from mephisto_engine.gateway.sockets import Socket

_NOTHING_FOLLOWS: Final = LOST_AGENT | {"completed", "approved", "soft_rejected", "rejected"}
"""Statuses after which an agent whose page has gone needs no mailbox."""


class Hub:
    """Implements `Channel`; all of it runs in the event loop of the server.

    `send_status` to `connection_count` are for the engine; what follows them is for the server and
    for the sockets.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._mailboxes: dict[str, Mailbox] = {}
        self._statuses: dict[str, str] = {}
        self._forgotten: set[str] = set()
        self._sockets: set[Socket] = set()
        self._open = False

    def send_status(self, token: str, status: str) -> None:
        """Tell the agent's page its status; a page that connects later is told the newest one."""
        self._statuses[token] = status
        mailbox = self._mailboxes.get(token)
        if mailbox is None or token in self._forgotten:
            return
        if mailbox.current is not None:
            mailbox.current.push(update_status(token, status))
        self._tidy(token, mailbox)

    def send_live_update(self, token: str, data: dict[str, Any]) -> None:
        """Send a live update, or queue it until a page of the agent is connected."""
        if token in self._forgotten:
            return
        self._mailbox(token).deliver(live_update(token, data))

    def forget(self, token: str) -> None:
        """Send this agent's sockets nothing more but answers to heartbeats."""
        self._forgotten.add(token)
        mailbox = self._mailboxes.get(token)
        if mailbox is not None and not mailbox.is_connected:
            del self._mailboxes[token]

    def is_open(self) -> bool:
        """Whether the server takes connections."""
        return self._open

    def connection_count(self) -> int:
        """How many sockets are open, agents' or not."""
        return len(self._sockets)

    def open(self) -> None:
        """The server is on line."""
        self._open = True

    async def close(self) -> None:
        """Close all sockets; pages open new ones by themselves when there is a server again."""
        self._open = False
        await asyncio.gather(*(socket.close(1001, "going away") for socket in self._sockets))

    def recall(self, token: str) -> None:
        """Undo `forget`: the agent's onboarding did not end after all."""
        self._forgotten.discard(token)

    def drop_known(self, token: str, update_ids: Iterable[str]) -> None:
        """The page was just given these updates as history: they need not be sent again."""
        mailbox = self._mailboxes.get(token)
        if mailbox is not None and not mailbox.is_empty:
            mailbox.drop(frozenset(update_ids))

    def opened(self, socket: Socket) -> None:
        """A browser opened a socket; whose it is is not known yet."""
        self._sockets.add(socket)

    async def find_status(self, token: str) -> str | None:
        """The agent's status, or None if there never was such an agent.

        Raises:
            StorageError: it cannot be looked up at the moment.
        """
        status = self._statuses.get(token)
        if status is None:
            status = await self._backend.status_of(token)
        return status

    def status(self, token: str) -> str:
        """The newest status that is known here."""
        return self._statuses.get(token, "none")

    def announce(self, socket: Socket, token: str, status: str) -> None:
        """A socket turned out to be this agent's: tell the status, then all that has waited."""
        # While the status was looked up, the engine may have set a newer one.
        status = self._statuses.setdefault(token, status)
        mailbox = self._mailbox(token)
        mailbox.bind(socket)
        if token not in self._forgotten:
            socket.push(update_status(token, status))
            mailbox.flush()
        self._backend.connected(token)
        self._backend.seen(token)

    def sign_of_life(self, socket: Socket, token: str) -> None:
        """Something came over a socket of the agent: it is the one that the page uses."""
        mailbox = self._mailbox(token)
        if mailbox.current is not socket:
            mailbox.bind(socket)
            if token not in self._forgotten:
                mailbox.flush()
        self._backend.seen(token)

    def received(self, token: str, packet: BrowserPacket) -> None:
        """A live update came; a repeated one is dropped."""
        if token in self._forgotten:
            return
        if packet.update_id is not None and self._mailbox(token).is_repeat(packet.update_id):
            return
        self._backend.live_update(token, packet.data)

    def closed(self, socket: Socket, token: str | None, unsent: Iterable[Outgoing]) -> None:
        """A socket closed; only when it was the agent's last one is the agent disconnected."""
        self._sockets.discard(socket)
        if token is not None:
            self.leave(socket, token, unsent)

    def leave(self, socket: Socket, token: str, unsent: Iterable[Outgoing] = ()) -> None:
        """The socket is no longer this agent's."""
        mailbox = self._mailboxes.get(token)
        if mailbox is None:
            return
        mailbox.unbind(socket, () if token in self._forgotten else unsent)
        if not mailbox.is_connected:
            self._tidy(token, mailbox)
            self._backend.disconnected(token)

    def _mailbox(self, token: str) -> Mailbox:
        mailbox = self._mailboxes.get(token)
        if mailbox is None:
            mailbox = self._mailboxes[token] = Mailbox()
        return mailbox

    def _tidy(self, token: str, mailbox: Mailbox) -> None:
        if mailbox.is_connected:
            return
        if token in self._forgotten or self._statuses.get(token) in _NOTHING_FOLLOWS:
            self._mailboxes.pop(token, None)
