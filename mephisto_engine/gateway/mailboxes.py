"""What waits for each agent's page, and which socket it goes to."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from typing import Final, Protocol

from mephisto_engine.gateway.packets import Outgoing

MAX_WAITING: Final = 1000
MAX_REMEMBERED: Final = 256


class Line(Protocol):
    """A socket, as far as a mailbox knows it."""

    def push(self, packet: Outgoing) -> None:
        """Queue a packet for sending."""
        ...


class Mailbox:
    """One agent's side of the hub: its sockets, updates that wait, updates already received."""

    __slots__ = ("_seen", "_sockets", "_waiting", "current")

    def __init__(self) -> None:
        self.current: Line | None = None
        """The socket that the page used last; the only one that is sent anything."""
        self._sockets: tuple[Line, ...] = ()
        self._waiting: deque[Outgoing] | None = None
        self._seen: dict[str, None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether any socket of the agent is open."""
        return bool(self._sockets)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits for the agent."""
        return not self._waiting

    def bind(self, line: Line) -> None:
        """The page uses this socket from now on."""
        if line not in self._sockets:
            self._sockets = (*self._sockets, line)
        self.current = line

    def unbind(self, line: Line, unsent: Iterable[Outgoing]) -> None:
        """A socket closed; updates that it did not send wait for the next one.

        An older socket that is still open is not used again by itself: the page may long have
        left it. It becomes current with the next sign of life on it.
        """
        self._sockets = tuple(other for other in self._sockets if other is not line)
        if self.current is line:
            self.current = None
        updates = [packet for packet in unsent if packet.update_id is not None]
        if updates:
            # What already waits is newer than what was under way.
            self._waiting = deque((*updates, *(self._waiting or ())), maxlen=MAX_WAITING)

    def deliver(self, packet: Outgoing) -> None:
        """Send a live update, or let it wait; beyond the limit the oldest is given up."""
        if self.current is not None:
            self.current.push(packet)
            return
        if self._waiting is None:
            self._waiting = deque(maxlen=MAX_WAITING)
        self._waiting.append(packet)

    def flush(self) -> None:
        """Send everything that waits, in order."""
        waiting, self._waiting = self._waiting, None
        for packet in waiting or ():
            self.deliver(packet)

    def drop(self, update_ids: Collection[str]) -> None:
        """Give up waiting updates that the page has got in another way."""
        if self._waiting:
            kept = [packet for packet in self._waiting if packet.update_id not in update_ids]
            self._waiting = deque(kept, maxlen=MAX_WAITING)

    def is_repeat(self, update_id: str) -> bool:
        """Whether the page has sent this update before; remembers it."""
        if self._seen is None:
            self._seen = {}
        if update_id in self._seen:
            return True
        self._seen[update_id] = None
        if len(self._seen) > MAX_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return False
