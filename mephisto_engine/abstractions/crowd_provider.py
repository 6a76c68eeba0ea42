"""Where workers come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.qualifications import Requirement
from mephisto_engine.data_model.records import RunRecord, UnitRecord, WorkerRecord
from mephisto_engine.errors import Problem


@dataclass
class ProviderArgs:
    """Options that every provider has; plugins add theirs in a subclass."""

    _provider_type: str = "provider"
    requester_name: str | None = arg(
        None, "requester account to launch with; the provider's default if not given"
    )


@dataclass(frozen=True)
class ProviderContext:
    """What a provider works with for one run."""

    run: RunRecord
    home: Path
    """Data folder of the installation; a provider keeps what it must in a folder of its own."""
    title: str
    description: str
    keywords: tuple[str, ...]
    assignment_duration_seconds: int
    lifetime_seconds: int
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True)
class Arrival:
    """Who a page says its worker is, read from the page's registration."""

    worker_name: str
    registration_id: str


class RegistrationRefusedError(Exception):
    """The page's registration is not one that this provider sends out."""


class Payment(StrEnum):
    """What a provider takes a fee for."""

    PAY = "pay"
    """A unit's own pay, when it is approved."""
    BONUS = "bonus"
    """What is paid beside the units: bonuses and compensations."""


class Outcome(StrEnum):
    """What a provider knows of a call that was made to it."""

    DONE = "done"
    NOT_DONE = "not done"
    """It has had no effect, and will have none unless it is made again."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call whose effect must happen once; everything that tells it from all others."""

    kind: str
    """`approve`, `reject`, `bonus`, `compensate` (a bonus without a unit) or `block`."""
    key: str
    """The idempotency key that it was, or will be, made with."""
    worker: WorkerRecord
    unit: UnitRecord | None
    cents: int
    reason: str


class ProviderUnit(ABC):
    """What a provider does with one Unit."""

    @abstractmethod
    async def launch(self, units: Sequence[UnitRecord], url: str) -> dict[int, str]:
        """Publish units; unit id → the provider's reference. A repeat publishes nothing twice."""

    @abstractmethod
    async def expire(self, units: Sequence[UnitRecord]) -> None:
        """Withdraw units that nobody has finished."""


class ProviderWorker(ABC):
    """What a provider does with one Worker. ``key`` is an idempotency key: one key, one effect.

    A method that returns has had its effect. One that raises `ProviderError` has had none, and
    `ProviderBusyError` says that it may be tried again; anything else that it raises, and a call
    that does not return in time, leaves the outcome unknown: see `CrowdProvider.outcome`.
    """

    @abstractmethod
    async def bonus(self, worker: WorkerRecord, cents: int, reason: str, key: str) -> None:
        """Pay a worker beside the unit's pay."""

    @abstractmethod
    async def block(self, worker: WorkerRecord, reason: str) -> None:
        """Keep a worker from this requester's tasks on the provider's side."""

    @abstractmethod
    async def unblock(self, worker: WorkerRecord, reason: str) -> None:
        """Let a blocked worker come again."""


class ProviderRequester(ABC):
    """The account that launches."""

    @abstractmethod
    async def is_registered(self, name: str) -> bool:
        """Whether there are usable credentials for the account."""

    @abstractmethod
    async def available_cents(self, name: str) -> int | None:
        """The account's balance, or None where the provider has no such thing."""


class ProviderAgent(ABC):
    """What a provider does with finished work; keys and errors as in `ProviderWorker`."""

    @abstractmethod
    async def approve(self, unit: UnitRecord, worker: WorkerRecord, note: str, key: str) -> None:
        """Pay for the unit, also one that was rejected before; tell the worker ``note`` if any."""

    @abstractmethod
    async def reject(self, unit: UnitRecord, worker: WorkerRecord, reason: str, key: str) -> None:
        """Refuse to pay for the unit."""


class CrowdProvider(ABC):
    """A crowd, for one run.

    Class-level methods need no run; an instance is made for each launched or resumed run.
    """

    PROVIDER_TYPE: ClassVar[str]
    ArgsClass: ClassVar[type[ProviderArgs]] = ProviderArgs
    DEFAULT_REQUESTER: ClassVar[str]
    IS_SANDBOX: ClassVar[bool] = False
    unit: ProviderUnit
    worker: ProviderWorker
    requester: ProviderRequester
    agent: ProviderAgent

    def __init__(self, args: Any, context: ProviderContext) -> None:
        self.args = args
        self.context = context

    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        """Everything that is wrong with the options; creates and changes nothing."""
        return ()

    @classmethod
    def is_requester_registered(cls, name: str) -> bool:
        """Whether an account can launch here; asked before anything is created."""
        return name == cls.DEFAULT_REQUESTER

    @classmethod
    def units_per_posting(cls, args: Any) -> int:
        """The most units that become one posting on the provider, where its fee depends on that."""
        return 1

    @classmethod
    def fee(cls, args: Any, cents: int, payment: Payment, units_per_posting: int = 1) -> int:
        """What the provider takes on top of one payment, in whole cents; 0 by default.

        Budgets are kept by it, so it must never say less than the provider will charge: where the
        provider's own rounding is not known, a part of a cent is a whole one. It is pure, and is
        called before there is a run. It does not fall when ``cents`` or ``units_per_posting`` rise.

        Args:
            args: the provider's options.
            cents: what the worker gets, 0 or more.
            payment: what for.
            units_per_posting: how many units the posting has at most; 1 for a bonus.
        """
        return 0

    @classmethod
    @abstractmethod
    def page_script(cls) -> str:
        """JavaScript that tells a task page who its worker is.

        Defines the globals ``getWorkerName()``, ``getAssignmentId()``, ``getAgentRegistration()``
        and ``handleSubmitToProvider(data)``; a missing query parameter gives ``null``. The gateway
        puts it into `wrap_crowd_source.js`, before the task's bundle.
        """

    @abstractmethod
    def read_registration(self, provider_data: dict[str, Any]) -> Arrival:
        """Who has arrived, from what ``getAgentRegistration()`` returned.

        Raises:
            RegistrationRefusedError: the data is malformed, or not of a link that was sent out.
        """

    @abstractmethod
    def worker_link(self, url: str, worker_name: str | None = None) -> str:
        """The address that one worker, or (without a name) any worker opens."""

    async def outcome(self, call: ProviderCall) -> Outcome:
        """What has come of a call whose answer never arrived; changes nothing.

        A provider that cannot tell answers `UNKNOWN`: then the call is not repeated, and operators
        see it until they settle it themselves. A provider that keeps one key to one effect on its
        own side may answer `NOT_DONE` for a call that it has no record of.
        """
        return Outcome.UNKNOWN

    async def setup_resources_for_task_run(self, url: str) -> None:  # noqa: B027
        """Make what the run needs on the provider's side. A repeat makes nothing twice."""

    async def cleanup_resources_from_task_run(self) -> None:  # noqa: B027
        """Take down what ``setup_resources_for_task_run`` made; called after any failure too."""
