"""Every error that the engine raises on purpose.

MephistoError
├── ConfigError          the launch config, or a file it names, cannot be used (all problems)
├── NotFoundError        no such run, unit, worker …
├── StateError           refused: the thing is not in a state that allows it
├── StorageError         the database or disk did not take it; nothing was acknowledged
│   ├── MigrationError   the schema could not be brought up to date; the database is as it was
│   └── LeaseLostError   another engine has taken a run over: this one may not write any more
├── LeaseHeldError       another engine drives this run
├── PluginError          a plugin is missing, broken or does not keep its contract
├── ArchitectError       the place where workers reach the task is not on line (may be retried)
└── ProviderError        the crowd provider refused; nothing has happened
    ├── ProviderBusyError    not now: nothing has happened, and the same may be asked again
    └── OutcomeUnknownError  nobody knows yet whether it has happened

Each carries ``hint``: what the person can do about it, in one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class MephistoError(Exception):
    """Base of all errors that a person can act on."""

    title = "Error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a config: where, what, and what is allowed."""

    where: str
    """Dotted key, or ``file:row:column``."""
    what: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(MephistoError):
    """A launch config cannot be used; ``problems`` lists everything that is wrong with it."""

    title = "Config"

    def __init__(self, problems: Sequence[Problem] | str, hint: str = "") -> None:
        self.problems = [Problem("", problems)] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint)


class NotFoundError(MephistoError):
    """Nothing is stored under that name or id."""

    title = "Not found"


class StateError(MephistoError):
    """The thing is not in a state that allows the request."""

    title = "Refused"


class StorageError(MephistoError):
    """The database or the disk did not take the change; nothing was acknowledged."""

    title = "Storage"


class MigrationError(StorageError):
    """The schema could not be brought up to date; the database is as it was."""

    title = "Migration"


class LeaseLostError(StorageError):
    """Another engine has taken over ``run_ids``; what this one still wanted is not stored."""

    title = "Lease lost"

    def __init__(self, run_ids: Sequence[int]) -> None:
        self.run_ids = tuple(run_ids)
        named = ", ".join(map(str, self.run_ids))
        super().__init__(f"Another engine has taken over run {named}; nothing was stored.")


class LeaseHeldError(MephistoError):
    """Another engine drives this run."""

    title = "Run is driven elsewhere"


class PluginError(MephistoError):
    """A plugin is missing, broken, or does not keep its contract."""

    title = "Plugin"


class ArchitectError(MephistoError):
    """The place where workers reach the task could not be prepared."""

    title = "Architect"


class ProviderError(MephistoError):
    """The crowd provider refused; nothing has happened."""

    title = "Provider"


class ProviderBusyError(ProviderError):
    """The crowd provider is throttling or away: nothing has happened, the same may be tried again.

    Where a call was sent and only its answer is missing, it is an `OutcomeUnknownError`.
    """


class OutcomeUnknownError(ProviderError):
    """A call was sent to the provider, and nobody knows whether it had its effect."""
