"""The tables of legal status moves, one for each thing that has a status.

Names and meanings are Mephisto's (a page or script that knows them keeps working); what is new is
that a move which a table lacks cannot be made. ``START`` stands for "the row does not exist yet".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

START: Final = ""


class RunStatus(StrEnum):
    """Where a TaskRun is in its life."""

    CREATED = "created"
    LAUNCHING = "launching"
    LIVE = "live"
    PAUSED = "paused"
    DRAINING = "draining"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


class UnitStatus(StrEnum):
    """What has become of one Unit."""

    CREATED = "created"
    LAUNCHED = "launched"
    ASSIGNED = "assigned"
    COMPLETED = "completed"
    ACCEPTED = "accepted"
    SOFT_REJECTED = "soft_rejected"
    REJECTED = "rejected"
    EXPIRED = "expired"


class AgentStatus(StrEnum):
    """Where one Worker is with one Unit; the values are what task pages are told."""

    NONE = "none"
    ACCEPTED = "accepted"
    ONBOARDING = "onboarding"
    WAITING = "waiting"
    IN_TASK = "in task"
    COMPLETED = "completed"
    DISCONNECT = "disconnect"
    TIMEOUT = "timeout"
    PARTNER_DISCONNECT = "partner disconnect"
    EXPIRED = "expired"
    RETURNED = "returned"
    APPROVED = "approved"
    SOFT_REJECTED = "soft_rejected"
    REJECTED = "rejected"


class IntentStatus(StrEnum):
    """How far a call to the outside has come."""

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class DecisionStatus(StrEnum):
    """How far an operator's decision about a Unit has come."""

    STAGED = "staged"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


class CommandStatus(StrEnum):
    """How far an operator's request to a running engine has come."""

    ISSUED = "issued"
    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"


Moves = dict[str, frozenset[str]]


def _moves(**table: str) -> Moves:
    """``a="b c"`` means that ``a`` may become ``b`` or ``c``; underscores stand for spaces."""
    return {
        source.replace("_", " "): frozenset(
            target.replace("_", " ").replace("soft rejected", "soft_rejected")
            for target in targets.split()
        )
        for source, targets in table.items()
    }


RUN_MOVES: Final[Moves] = {
    START: frozenset({"created"}),
    # `launching` follows any unfinished status because that is what resuming after a crash is.
    **_moves(
        created="launching failed stopped",
        launching="launching live failed stopped",
        live="launching paused draining completed stopped failed",
        paused="launching live draining completed stopped failed",
        draining="launching draining completed stopped failed",
        stopped="launching",
        failed="launching",
        completed="",
    ),
}

UNIT_MOVES: Final[Moves] = {
    # A compensation begins as accepted: nobody works for it, it is there once it was paid.
    START: frozenset({"created", "accepted"}),
    "created": frozenset({"launched", "expired"}),
    "launched": frozenset({"assigned", "expired"}),
    "assigned": frozenset({"launched", "completed", "expired"}),
    "completed": frozenset({"accepted", "soft_rejected", "rejected"}),
    "rejected": frozenset({"accepted"}),
    # Only `resume` makes this move: a unit that was withdrawn unfinished is offered again.
    "expired": frozenset({"created"}),
    "accepted": frozenset(),
    "soft_rejected": frozenset(),
}

_LEAVES = "disconnect timeout returned expired"

AGENT_MOVES: Final[Moves] = {
    START: frozenset({"none", "accepted", "waiting", "in task"}),
    "none": frozenset({"accepted", *_LEAVES.split()}),
    "accepted": frozenset({"waiting", "in task", *_LEAVES.split()}),
    "waiting": frozenset({"in task", "partner disconnect", *_LEAVES.split()}),
    "in task": frozenset({"completed", "partner disconnect", *_LEAVES.split()}),
    "partner disconnect": frozenset({"completed", *_LEAVES.split()}),
    "completed": frozenset({"approved", "soft_rejected", "rejected"}),
    "rejected": frozenset({"approved"}),
    "disconnect": frozenset(),
    "timeout": frozenset(),
    "returned": frozenset(),
    "expired": frozenset(),
    "approved": frozenset(),
    "soft_rejected": frozenset(),
}

ONBOARDING_MOVES: Final[Moves] = {
    START: frozenset({"none", "onboarding"}),
    "none": frozenset({"onboarding", "disconnect", "expired"}),
    "onboarding": frozenset({"waiting", "disconnect", "expired"}),
    "waiting": frozenset({"approved", "rejected", "disconnect", "expired"}),
    "approved": frozenset(),
    "rejected": frozenset(),
    "disconnect": frozenset(),
    "expired": frozenset(),
}

INTENT_MOVES: Final[Moves] = {
    START: frozenset({"planned"}),
    "planned": frozenset({"sent", "failed"}),
    # Back to planned when the provider says that it did nothing: the same key is tried again.
    "sent": frozenset({"confirmed", "failed", "unknown", "planned"}),
    "unknown": frozenset({"confirmed", "failed", "planned"}),
    "failed": frozenset({"planned"}),
    "confirmed": frozenset(),
}

DECISION_MOVES: Final[Moves] = {
    START: frozenset({"staged"}),
    "staged": frozenset({"sent", "withdrawn"}),
    "sent": frozenset(),
    "withdrawn": frozenset(),
}

COMMAND_MOVES: Final[Moves] = {
    START: frozenset({"issued"}),
    "issued": frozenset({"taken", "failed"}),
    "taken": frozenset({"done", "failed"}),
    "done": frozenset(),
    "failed": frozenset(),
}

MOVES: Final[dict[str, Moves]] = {
    "task_run": RUN_MOVES,
    "unit": UNIT_MOVES,
    "agent": AGENT_MOVES,
    "onboarding_agent": ONBOARDING_MOVES,
    "decision": DECISION_MOVES,
    "intent": INTENT_MOVES,
    "command": COMMAND_MOVES,
}
"""Table name → its moves. A table that is not named here has no status."""

LIVE_RUN: Final = frozenset({"launching", "live", "paused", "draining"})
"""A run that an engine drives, or drove when it crashed."""

RESUMABLE_RUN: Final = LIVE_RUN | {"created", "stopped", "failed"}

LIVE_AGENT: Final = frozenset({"none", "accepted", "waiting", "in task", "partner disconnect"})
"""A worker who may still submit."""

HOLDING_AGENT: Final = LIVE_AGENT | {"completed", "approved", "soft_rejected", "rejected"}
"""Holds its unit: at most one such agent a unit, at most one a worker and assignment."""

LOST_AGENT: Final = frozenset({"disconnect", "timeout", "returned", "expired"})
"""Left without submitting; nothing more is expected of it."""

OPEN_UNIT: Final = frozenset({"created", "launched", "assigned"})
"""A unit whose answer is still to come."""

DONE_UNIT: Final = frozenset({"completed", "accepted", "soft_rejected", "rejected"})
"""A unit whose answer is stored."""

RESERVING_INTENT: Final = frozenset({"planned", "sent", "unknown", "confirmed"})
"""A call whose amount was paid, or may be: what a budget has to cover."""

UNSETTLED_INTENT: Final = frozenset({"sent", "unknown"})
"""A call that may have had its effect without our knowing."""

COSTED_UNIT: Final = frozenset({"launched", "assigned", "completed", "accepted", "soft_rejected"})
"""A unit that is paid, or will be if it is done: what a budget has to cover."""


def is_allowed(table: str, source: str, target: str) -> bool:
    """Whether the table of moves has an edge from ``source`` to ``target``."""
    return target in MOVES[table].get(source, frozenset())


def assignment_status(unit_statuses: list[str]) -> str:
    """Derived status of an Assignment from those of its units (prior system's precedence)."""
    kinds = set(unit_statuses)
    if not kinds or "created" in kinds:
        return "created"
    if len(kinds) == 1:
        return kinds.pop()
    for open_status in ("launched", "assigned"):
        if open_status in kinds:
            return open_status
    return "mixed" if kinds <= {"accepted", "rejected"} else "completed"
