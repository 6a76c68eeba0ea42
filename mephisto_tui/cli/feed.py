"""The journal as it grows: every event once, in order, none left out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import activity
from mephisto_engine.operations.watching.snapshot import LogRow
from mephisto_engine.operations.watching.words import in_words, level_of

BATCH: Final = 2000
"""Events read at a time, so that a feed far behind does not hold a whole journal."""
POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Event(LogRow):
    """A line of the log with what `--json` gives beside the words."""

    kind: str
    actor: str
    subject: str
    subject_id: int
    before: str | None
    after: str | None
    data: Any


class EventFeed:
    """Follows the journal of one run, or of everything.

    Begins at its end, with ``last`` events before that, or behind the event ``after``.
    """

    def __init__(
        self, db: MephistoDB, run_id: int | None, *, last: int = 0, after: int | None = None
    ) -> None:
        self._db = db
        self._run_id = run_id
        self._waiting: list[Event] = []
        if after is None:
            self._waiting, self._last_id = db.read(self._begin, last)
        else:
            self._last_id = after

    def new(self) -> list[Event]:
        """What has happened since the last call; at most a batch, the rest comes next time."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            return waiting
        while rows := self._db.read(activity.events_after, self._last_id, BATCH):
            self._last_id = rows[-1][0]
            events = [_event(row) for row in rows if self._run_id in (None, row[4])]
            if events:
                return events
        return []

    def await_new(self, timeout: float | None = None) -> list[Event]:
        """Block until something has happened, or for ``timeout`` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while not (events := self.new()):
            if until is not None and time.monotonic() >= until:
                break
            time.sleep(POLL_SECONDS)
        return events

    def _begin(self, last: int) -> tuple[list[Event], int]:
        events = activity.last_events(self._run_id, last) if last else []
        return [_event(row) for row in events], activity.last_event_id()


def _event(row: tuple[Any, ...]) -> Event:
    number, at, kind, actor, run_id, subject, subject_id, before, after, data = row
    text = in_words(kind, actor, subject, subject_id, after, data)
    return Event(
        number,
        at,
        level_of(kind),
        run_id,
        text,
        kind,
        actor,
        subject,
        subject_id,
        before,
        after,
        data,
    )
