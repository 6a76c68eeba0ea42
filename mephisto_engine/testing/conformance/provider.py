"""Whether a CrowdProvider keeps its contract."""

# ruff: noqa: D102 - the name of a test says what is true

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mephisto_engine.abstractions.crowd_provider import (
    CrowdProvider,
    Outcome,
    Payment,
    ProviderCall,
    ProviderContext,
    RegistrationRefusedError,
)
from mephisto_engine.errors import Problem
from mephisto_engine.testing.conformance.options import OptionsConformance
from mephisto_engine.testing.conformance.page_script import ScriptedPage, find_node
from mephisto_engine.testing.records import make_provider_context, make_unit, make_worker

_URL = "http://pages.test:3000"
_BAD_NAMES: tuple[Any, ...] = (
    "",
    "   ",
    "n" * 201,
    "al\x00ice",
    "al\x1b[2Jice",
    17,
    None,
    ["alice"],
)

_SUMS = (*range(120), 199, 999, 1000, 12_345, 1_000_000)
"""Payments of which the fee is looked at, in cents."""
_POSTINGS = (1, 2, 9, 10, 11, 100)

needs_node = pytest.mark.skipif(find_node() is None, reason="node is not installed")


@dataclass
class ProviderCase:
    """A provider to test, with options that reach no real crowd."""

    provider_class: type[CrowdProvider]
    args: Any
    wrong_args: Sequence[Any] = ()
    """Options that are each wrong in some way."""
    context: ProviderContext = field(default_factory=make_provider_context)
    page_query: Callable[[str], str] = lambda link: urlsplit(link).query
    """The query that a worker's page has, from the worker's link."""
    paid_cents: Callable[[Any], int] | None = None
    """What a provider has paid so far, where that can be asked."""
    published: Callable[[Any], int] | None = None
    """How many units a provider has on offer, where that can be asked."""


class ProviderConformance(OptionsConformance):
    """Subclass it and override the fixture `case`."""

    type_field = "_provider_type"

    def plugin(self, case: ProviderCase) -> tuple[type[CrowdProvider], str]:
        """The provider's class and type."""
        return case.provider_class, case.provider_class.PROVIDER_TYPE

    def problems(self, case: ProviderCase, args: Any) -> Iterable[Problem]:
        """What the provider finds wrong with options."""
        return case.provider_class.assert_task_args(args)

    @pytest.fixture
    def provider(self, case: ProviderCase, tmp_path: Path) -> CrowdProvider:
        """A new provider for one run, in a data folder of its own."""
        return case.provider_class(case.args, replace(case.context, home=tmp_path))

    @pytest.fixture
    def registration(self, case: ProviderCase, provider: CrowdProvider) -> dict[str, Any]:
        """What the page of a worker named alice sends."""
        page = _page(case, provider, "alice")
        (data,) = page.evaluate("getAgentRegistration()")
        assert isinstance(data, dict)
        return data

    def test_it_has_a_requester(self, case: ProviderCase) -> None:
        assert case.provider_class.DEFAULT_REQUESTER

    def test_its_postings_have_a_unit_at_least(self, case: ProviderCase) -> None:
        number = case.provider_class.units_per_posting(case.args)
        assert type(number) is int
        assert number >= 1

    @pytest.mark.parametrize("payment", Payment)
    def test_a_fee_is_in_whole_cents_and_the_same_each_time(
        self, case: ProviderCase, payment: Payment
    ) -> None:
        fee = case.provider_class.fee
        for cents in _SUMS:
            for number in _POSTINGS:
                fees = [fee(case.args, cents, payment, number) for _ in range(2)]
                assert type(fees[0]) is int
                assert fees[0] == fees[1] >= 0

    @pytest.mark.parametrize("payment", Payment)
    def test_more_money_or_a_larger_posting_has_no_smaller_fee(
        self, case: ProviderCase, payment: Payment
    ) -> None:
        fee = case.provider_class.fee
        for number in _POSTINGS:
            assert _rises([fee(case.args, cents, payment, number) for cents in _SUMS])
        for cents in _SUMS:
            assert _rises([fee(case.args, cents, payment, number) for number in _POSTINGS])

    def test_its_requester_can_be_asked(self, provider: CrowdProvider) -> None:
        name = provider.DEFAULT_REQUESTER
        assert asyncio.run(provider.requester.is_registered(name)) in (True, False)
        cents = asyncio.run(provider.requester.available_cents(name))
        assert cents is None or isinstance(cents, int)

    @needs_node
    def test_the_page_script_defines_what_task_pages_call(self, case: ProviderCase) -> None:
        assert ScriptedPage(case.provider_class.page_script()).missing_globals() == []

    @needs_node
    def test_a_page_without_a_query_is_a_preview(self, case: ProviderCase) -> None:
        page = ScriptedPage(case.provider_class.page_script())
        assert page.evaluate("getWorkerName()", "getAssignmentId()") == [None, None]

    @needs_node
    def test_a_workers_link_leads_back_to_the_worker(
        self, case: ProviderCase, provider: CrowdProvider, registration: dict[str, Any]
    ) -> None:
        assert registration["worker_name"] == "alice"
        assert registration["provider_type"] == case.provider_class.PROVIDER_TYPE
        assignment_id = registration["assignment_id"]
        assert registration["agent_registration_id"] == f"{assignment_id}-alice"
        assert provider.read_registration(registration).worker_name == "alice"

    @needs_node
    def test_a_reload_is_the_same_arrival(
        self, provider: CrowdProvider, registration: dict[str, Any]
    ) -> None:
        first = provider.read_registration(registration)
        assert provider.read_registration(dict(registration)) == first

    @needs_node
    def test_two_workers_are_two_arrivals(
        self, case: ProviderCase, provider: CrowdProvider
    ) -> None:
        arrivals = set()
        for name in ("alice", "bob"):
            (data,) = _page(case, provider, name).evaluate("getAgentRegistration()")
            arrivals.add(provider.read_registration(data).registration_id)
        assert len(arrivals) == 2

    @needs_node
    @pytest.mark.parametrize("name", _BAD_NAMES, ids=repr)
    def test_a_bad_name_is_refused(
        self, provider: CrowdProvider, registration: dict[str, Any], name: Any
    ) -> None:
        with pytest.raises(RegistrationRefusedError):
            provider.read_registration({**registration, "worker_name": name})

    def test_an_empty_registration_is_refused(self, provider: CrowdProvider) -> None:
        with pytest.raises(RegistrationRefusedError):
            provider.read_registration({})

    @needs_node
    @pytest.mark.parametrize("key", ["assignment_id", "agent_registration_id"])
    @pytest.mark.parametrize(
        "value", [7, {}, [], True, "\x00", "i" * 5000], ids=lambda v: repr(v)[:9]
    )
    def test_no_odd_value_does_more_than_being_refused(
        self, provider: CrowdProvider, registration: dict[str, Any], key: str, value: Any
    ) -> None:
        try:
            arrival = provider.read_registration({**registration, key: value})
        except RegistrationRefusedError:
            return
        assert isinstance(arrival.registration_id, str)
        assert len(arrival.registration_id) < 5000

    def test_a_link_without_a_name_stays_on_the_site(self, provider: CrowdProvider) -> None:
        assert urlsplit(provider.worker_link(_URL)).scheme in ("http", "https")

    def test_a_repeated_launch_publishes_nothing_twice(
        self, case: ProviderCase, provider: CrowdProvider
    ) -> None:
        units = [make_unit(1), make_unit(2)]
        first = asyncio.run(provider.unit.launch(units, _URL))
        assert asyncio.run(provider.unit.launch(units, _URL)) == first
        assert set(first) == {1, 2}
        assert len(set(first.values())) == 2
        if case.published:
            assert case.published(provider) == 2

    def test_units_may_be_expired_twice_and_before_they_are_launched(
        self, provider: CrowdProvider
    ) -> None:
        for _ in range(2):
            asyncio.run(provider.unit.expire([make_unit(1)]))

    def test_one_key_pays_once(self, case: ProviderCase, provider: CrowdProvider) -> None:
        unit, worker = make_unit(1, pay_cents=25), make_worker()
        for _ in range(2):
            asyncio.run(provider.agent.approve(unit, worker, "", "approve-1"))
            asyncio.run(provider.worker.bonus(worker, 40, "good work", "bonus-1"))
        if case.paid_cents:
            assert case.paid_cents(provider) == 65
        asyncio.run(provider.worker.bonus(worker, 40, "good work", "bonus-2"))
        if case.paid_cents:
            assert case.paid_cents(provider) == 105

    def test_what_was_never_asked_for_has_not_been_done(self, provider: CrowdProvider) -> None:
        for kind in ("approve", "reject", "bonus", "compensate", "block"):
            call = ProviderCall(kind, f"{kind}-9", make_worker(), make_unit(9), 25, "reason")
            assert asyncio.run(provider.outcome(call)) is not Outcome.DONE

    def test_what_was_done_is_not_denied(self, case: ProviderCase, provider: CrowdProvider) -> None:
        unit, worker = make_unit(1, pay_cents=25), make_worker()
        asyncio.run(provider.agent.approve(unit, worker, "well done", "approve-1"))
        asyncio.run(provider.worker.bonus(worker, 40, "good work", "bonus-1"))
        if case.paid_cents:
            for kind, key, cents in (("approve", "approve-1", 25), ("bonus", "bonus-1", 40)):
                call = ProviderCall(kind, key, worker, unit, cents, "")
                assert asyncio.run(provider.outcome(call)) is not Outcome.NOT_DONE

    def test_a_rejection_pays_nothing(self, case: ProviderCase, provider: CrowdProvider) -> None:
        for _ in range(2):
            unit = make_unit(1)
            asyncio.run(provider.agent.reject(unit, make_worker(), "empty answer", "reject-1"))
        if case.paid_cents:
            assert case.paid_cents(provider) == 0

    def test_a_worker_may_be_blocked_and_unblocked_repeatedly(
        self, provider: CrowdProvider
    ) -> None:
        for _ in range(2):
            asyncio.run(provider.worker.block(make_worker(), "spam"))
        for _ in range(2):
            asyncio.run(provider.worker.unblock(make_worker(), "a mistake"))

    def test_resources_may_be_set_up_and_taken_down_twice(self, provider: CrowdProvider) -> None:
        async def life() -> set[asyncio.Task[Any]]:
            for _ in range(2):
                await provider.setup_resources_for_task_run(_URL)
            for _ in range(2):
                await provider.cleanup_resources_from_task_run()
            return asyncio.all_tasks() - {asyncio.current_task()}

        assert asyncio.run(life()) == set()

    def test_clean_up_without_set_up_does_no_harm(self, provider: CrowdProvider) -> None:
        asyncio.run(provider.cleanup_resources_from_task_run())


def _rises(numbers: Sequence[int]) -> bool:
    return all(first <= second for first, second in pairwise(numbers))


def _page(case: ProviderCase, provider: CrowdProvider, worker_name: str) -> ScriptedPage:
    link = provider.worker_link(_URL, worker_name)
    return ScriptedPage(provider.page_script(), case.page_query(link))
