"""The mock provider, whose workers are simulated ones or anybody with the link."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.crowd_provider import (
    Arrival,
    CrowdProvider,
    Outcome,
    Payment,
    ProviderCall,
    ProviderContext,
)
from mephisto_engine.errors import Problem
from mephisto_engine.testing.simulator import AnswerFunction, Simulator, generic_answer
from mephisto_providers.arrivals import read_id, read_worker_name, require_name, with_query
from mephisto_providers.mock.actions import (
    MockAgent,
    MockRequester,
    MockUnit,
    MockWorker,
    outcome_in,
)
from mephisto_providers.mock.faults import Faults
from mephisto_providers.mock.fees import FeeArgs, fee, fee_problems
from mephisto_providers.mock.ledger import LEDGER, Ledger

_PAGE_SCRIPT = Path(__file__).with_name("page.js")
_MAX_WORKERS = 10_000
_LOWEST_RATES = ("work_seconds", "arrivals_per_second")
_FAULTS = ("refuse", "throttle", "drop", "hang")
_CHANCES = ("dropout", "junk", *_FAULTS)


@dataclass
class MockArgs(FeeArgs):
    """Options of the mock provider: simulated workers, fees, faults that payments may meet."""

    _provider_type: str = "mock"
    simulated_workers: int = arg(0, "how many simulated workers are there at one time; 0 for none")
    work_seconds: float = arg(2.0, "mean time that a simulated worker takes for a unit")
    dropout: float = arg(0.0, "chance, 0 to 1, that a simulated worker abandons a unit")
    junk: float = arg(0.0, "chance, 0 to 1, that a unit comes with a request that must not count")
    seed: int = arg(0, "simulated workers with the same seed decide alike")
    arrivals_per_second: float = arg(
        0.0, "mean rate at which simulated workers arrive; 0 for all at once"
    )
    refuse: float = arg(0.0, "chance, 0 to 1, that a payment or rejection is refused")
    throttle: float = arg(0.0, "chance, 0 to 1, that one is put off before it has any effect")
    drop: float = arg(0.0, "chance, 0 to 1, that the connection is lost before or after its effect")
    hang: float = arg(0.0, "chance, 0 to 1, that it never answers, before or after its effect")


class MockProvider(CrowdProvider):
    """Pays nobody; workers come by link, or are simulated."""

    PROVIDER_TYPE = "mock"
    ArgsClass = MockArgs
    DEFAULT_REQUESTER = "MOCK_REQUESTER"
    IS_SANDBOX = True

    example_answer: AnswerFunction | None = None
    """Makes the simulated workers' answers; the engine sets the blueprint's."""

    _simulator: Simulator | None = None

    def __init__(self, args: Any, context: ProviderContext) -> None:
        super().__init__(args, context)
        self.ledger = Ledger(self.DEFAULT_REQUESTER, context.home / LEDGER)
        faults = Faults(**{name: getattr(args, name) for name in (*_FAULTS, "seed")})
        self.unit = MockUnit(self.ledger)
        self.worker = MockWorker(self.ledger, faults, self._fee_of_bonus)
        self.requester = MockRequester(self.ledger)
        self.agent = MockAgent(self.ledger, faults, self._fee_of_pay)

    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        yield from _crowd_problems(args)
        yield from fee_problems(args)
        name = args.requester_name
        if name not in (None, cls.DEFAULT_REQUESTER):
            yield Problem(
                "mephisto.provider.requester_name",
                f"the mock provider knows no requester {name!r}",
                f"leave it out, or give {cls.DEFAULT_REQUESTER}",
            )

    @classmethod
    def units_per_posting(cls, args: Any) -> int:
        return int(args.units_per_posting)

    @classmethod
    def fee(cls, args: Any, cents: int, payment: Payment, units_per_posting: int = 1) -> int:
        return fee(args, cents, payment, units_per_posting)

    def _fee_of_pay(self, cents: int) -> int:
        return fee(self.args, cents, Payment.PAY, self.args.units_per_posting)

    def _fee_of_bonus(self, cents: int) -> int:
        return fee(self.args, cents, Payment.BONUS, 1)

    async def outcome(self, call: ProviderCall) -> Outcome:
        return outcome_in(self.ledger, call)

    @classmethod
    def page_script(cls) -> str:
        return _PAGE_SCRIPT.read_text(encoding="utf-8")

    def read_registration(self, provider_data: dict[str, Any]) -> Arrival:
        worker_name = read_worker_name(provider_data)
        return Arrival(worker_name, read_id(provider_data, "agent_registration_id"))

    def worker_link(self, url: str, worker_name: str | None = None) -> str:
        # Without a name the link is that of a visitor, who is a new worker with each link.
        name = f"visitor-{secrets.token_hex(4)}" if worker_name is None else worker_name
        require_name(name)
        return with_query(url, worker_id=name, assignment_id=secrets.token_hex(8))

    async def setup_resources_for_task_run(self, url: str) -> None:
        if self._simulator is not None or self.args.simulated_workers == 0:
            return
        self._simulator = Simulator(
            url,
            workers=self.args.simulated_workers,
            work_seconds=self.args.work_seconds,
            dropout=self.args.dropout,
            junk=self.args.junk,
            seed=self.args.seed,
            arrivals_per_second=self.args.arrivals_per_second,
            answer=self.example_answer or generic_answer,
            provider_type=self.PROVIDER_TYPE,
        )
        self._simulator.start()

    async def cleanup_resources_from_task_run(self) -> None:
        simulator, self._simulator = self._simulator, None
        if simulator is not None:
            await simulator.stop()


def _crowd_problems(args: Any) -> Iterator[Problem]:
    count = args.simulated_workers
    if not 0 <= count <= _MAX_WORKERS:
        what = f"has to be from 0 to {_MAX_WORKERS}, not {count}"
        yield Problem("mephisto.provider.simulated_workers", what)
    for name in _LOWEST_RATES:
        value = getattr(args, name)
        if not 0 <= value < float("inf"):
            yield Problem(f"mephisto.provider.{name}", f"has to be 0 or more, not {value}")
    for name in _CHANCES:
        value = getattr(args, name)
        if not 0 <= value <= 1:
            yield Problem(f"mephisto.provider.{name}", f"is a chance: from 0 to 1, not {value}")
