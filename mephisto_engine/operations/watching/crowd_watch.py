"""Figures about a run's workers for consoles; what is costly to count is counted less often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from mephisto_engine.clock import Clock, from_ms
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database.queries import browse, crowd
from mephisto_engine.operations.watching.snapshot import Crowd
from mephisto_engine.operations.watching.waiting import (
    Waiting,
    concurrent_args,
    outcome_without_partner,
)

LOOK_SECONDS: Final = 2.0
"""Times, qualifying tasks and gold units are counted at most this often."""


class CrowdWatch:
    """Remembers the figures of the run that is looked at; used inside `MephistoDB.read`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._run_id: int | None = None
        self._looked_at = 0.0
        self._slow = Crowd()
        self._blueprint: Mapping[str, object] = {}
        self.is_late = False
        """Whether the last look gave figures that may have changed since they were counted."""

    def look(self, run_id: int, agents: Mapping[str, int], is_live: bool) -> Crowd:
        """The figures now; ``agents`` are the numbers of agents by status."""
        now = self._clock.monotonic()
        if run_id != self._run_id:
            config = browse.run_config(run_id)
            self._blueprint = config.get("mephisto", {}).get("blueprint", {})
        is_due = run_id != self._run_id or not is_live or now - self._looked_at >= LOOK_SECONDS
        self.is_late = not is_due
        if is_due:
            self._run_id, self._looked_at = run_id, now
            self._slow = self._count(run_id)
        waits = agents.get(AgentStatus.WAITING, 0)
        since = crowd.waiting_since_ms(run_id) if waits else None
        return replace(
            self._slow,
            agents={status: number for status, number in agents.items() if number},
            waiting_since=None if since is None else from_ms(since),
            rooms=tuple(self._rooms(run_id)) if waits else (),
        )

    def _rooms(self, run_id: int) -> Iterator[Waiting]:
        args = concurrent_args(self._blueprint)
        for size, present, until in crowd.rooms(run_id):
            first = None if until is None else from_ms(until)
            yield Waiting(size, present, first, outcome_without_partner(args, present))

    def _count(self, run_id: int) -> Crowd:
        times = crowd.latest_times_ms(run_id)
        asks = self._blueprint.get
        golds = crowd.judged(run_id, GOLD_INDEX) if asks("use_golds") else (0, 0)
        is_screened = asks("use_screening_task")
        return Crowd(
            median_seconds=times[(len(times) - 1) // 2] / 1000 if times else None,
            p90_seconds=times[(9 * len(times) - 1) // 10] / 1000 if times else None,
            onboarding=crowd.onboarding_counts(run_id),
            golds=golds,
            screenings=crowd.judged(run_id, SCREENING_INDEX) if is_screened else (0, 0),
        )
