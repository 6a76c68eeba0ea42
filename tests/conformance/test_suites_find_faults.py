"""A suite that passes everything is worth nothing: each of these plugins breaks one promise."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest

from mephisto_architects.mock import MockArchitect
from mephisto_architects.mock import MockArgs as MockArchitectArgs
from mephisto_blueprints.mock import MockArgs as MockBlueprintArgs
from mephisto_blueprints.mock import MockBlueprint
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_engine.abstractions.architect import ArchitectContext
from mephisto_engine.abstractions.blueprint import InitializationData, ItemSource
from mephisto_engine.abstractions.crowd_provider import Arrival, Payment
from mephisto_engine.abstractions.review_view import Check, Pairs, Section, SubmittedData
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.errors import Problem
from mephisto_engine.testing.conformance import (
    ArchitectCase,
    ArchitectConformance,
    BlueprintCase,
    BlueprintConformance,
    ProviderCase,
    ProviderConformance,
)
from mephisto_engine.testing.conformance.provider import needs_node
from mephisto_engine.testing.recording import RecordingBackend
from mephisto_engine.testing.records import (
    make_provider_context,
    make_run,
    make_site,
    make_unit,
)
from mephisto_providers.mock import MockArgs as MockProviderArgs
from mephisto_providers.mock import MockProvider
from mephisto_providers.mock.actions import MockAgent, MockUnit
from mephisto_providers.mock.faults import Faults
from mephisto_providers.mock.ledger import Entry


class _CarelessArchitect(MockArchitect):
    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        return ()

    async def shutdown(self) -> None:
        if self._server is None:
            raise RuntimeError("there is no server to stop")
        await super().shutdown()


class _TwicePublishedUnit(MockUnit):
    _numbers = itertools.count()

    async def launch(self, units: Any, url: str) -> dict[int, str]:
        return {unit.id: f"ref-{next(self._numbers)}" for unit in units}


class _TwicePayingAgent(MockAgent):
    async def approve(self, unit: UnitRecord, worker: WorkerRecord, note: str, key: str) -> None:
        entry = Entry("approve", worker.name, unit.pay_cents, unit.id)
        self._ledger.record(f"{key}-{len(self._ledger.entries)}", entry)


class _CarelessProvider(MockProvider):
    def __init__(self, args: Any, context: Any) -> None:
        super().__init__(args, context)
        self.unit = _TwicePublishedUnit(self.ledger)
        self.agent = _TwicePayingAgent(self.ledger, Faults(), lambda cents: 0)

    @classmethod
    def page_script(cls) -> str:
        return 'function getWorkerName() { return "everybody" }'

    def read_registration(self, provider_data: dict[str, Any]) -> Arrival:
        return Arrival(str(provider_data.get("worker_name")), "always-the-same")


class _CarelessBlueprint(MockBlueprint):
    _numbers = itertools.count()

    def get_initialization_data(self) -> ItemSource:
        return [InitializationData({"index": next(self._numbers), "odd": {1, 2}})]


class _TrustfulBlueprint(MockBlueprint):
    @classmethod
    def review_sections(cls, data: SubmittedData) -> list[Section]:
        return [Pairs("ANSWER", tuple(data.answer.items()))]

    @classmethod
    def review_checks(cls, data: SubmittedData) -> list[Check]:
        return [Check("failed", "nobody is good enough")]


@pytest.fixture
def architects() -> ArchitectCase:
    return ArchitectCase(
        _CarelessArchitect,
        MockArchitectArgs(),
        wrong_args=[MockArchitectArgs(should_run_server=True, port="none")],
        serves=False,
    )


@pytest.fixture
def providers() -> ProviderCase:
    return ProviderCase(
        _CarelessProvider,
        MockProviderArgs(),
        paid_cents=lambda provider: provider.ledger.paid_cents(),
    )


def test_an_architect_that_finds_no_problem_is_found(architects):
    with pytest.raises(AssertionError, match="no problem found"):
        ArchitectConformance().test_wrong_options_are_problems(architects)


def test_an_architect_that_cannot_be_shut_down_twice_is_found(architects, tmp_path):
    context = ArchitectContext(make_run(), make_site(tmp_path), RecordingBackend())
    architect = _CarelessArchitect(architects.args, context)
    with pytest.raises(RuntimeError):
        ArchitectConformance().test_shutdown_may_be_repeated(architect)


@pytest.mark.parametrize(
    "test",
    [
        ProviderConformance.test_a_repeated_launch_publishes_nothing_twice,
        ProviderConformance.test_one_key_pays_once,
    ],
    ids=lambda test: test.__name__,
)
def test_a_provider_that_does_things_twice_is_found(providers, test, tmp_path):
    provider = _CarelessProvider(MockProviderArgs(), make_provider_context(home=tmp_path))
    with pytest.raises(AssertionError):
        test(ProviderConformance(), providers, provider)


class _FloatFee(MockProvider):
    @classmethod
    def fee(cls, args: Any, cents: int, payment: Payment, units_per_posting: int = 1) -> Any:
        return 0.2 * cents


class _FallingFee(MockProvider):
    @classmethod
    def fee(cls, args: Any, cents: int, payment: Payment, units_per_posting: int = 1) -> int:
        return max(0, 50 - cents)


class _VolumeDiscount(MockProvider):
    @classmethod
    def fee(cls, args: Any, cents: int, payment: Payment, units_per_posting: int = 1) -> int:
        return cents // units_per_posting


@pytest.mark.parametrize(
    ("provider", "test"),
    [
        (_FloatFee, ProviderConformance.test_a_fee_is_in_whole_cents_and_the_same_each_time),
        (_FallingFee, ProviderConformance.test_more_money_or_a_larger_posting_has_no_smaller_fee),
        (
            _VolumeDiscount,
            ProviderConformance.test_more_money_or_a_larger_posting_has_no_smaller_fee,
        ),
    ],
    ids=lambda value: value.__name__,
)
def test_a_fee_that_budgets_cannot_be_kept_by_is_found(provider, test):
    with pytest.raises(AssertionError):
        test(ProviderConformance(), ProviderCase(provider, MockProviderArgs()), Payment.PAY)


def test_a_provider_that_admits_everybody_is_found():
    provider = _CarelessProvider(MockProviderArgs(), make_provider_context())
    with pytest.raises(pytest.fail.Exception):
        ProviderConformance().test_an_empty_registration_is_refused(provider)


@needs_node
def test_a_page_script_that_lacks_a_function_is_found(providers):
    with pytest.raises(AssertionError, match="3 more items"):
        ProviderConformance().test_the_page_script_defines_what_task_pages_call(providers)


@needs_node
def test_a_page_script_that_invents_a_worker_is_found(providers):
    case = ProviderCase(_CarelessProvider, MockProviderArgs())
    with pytest.raises((AssertionError, RuntimeError)):
        ProviderConformance().test_a_page_without_a_query_is_a_preview(case)


@pytest.mark.parametrize(
    "test",
    [
        BlueprintConformance.test_its_items_come_in_the_same_order_again,
        BlueprintConformance.test_its_items_are_plain_data_with_at_least_one_unit,
    ],
    ids=lambda test: test.__name__,
)
def test_a_blueprint_with_unusable_items_is_found(test):
    state = SharedStaticTaskState()
    blueprint = _CarelessBlueprint(MockBlueprintArgs(num_assignments=1), state, make_run())
    with pytest.raises((AssertionError, TypeError)):
        test(BlueprintConformance(), blueprint)


def test_a_blueprint_that_trusts_what_was_stored_is_found():
    args, state = MockBlueprintArgs(num_assignments=1), SharedStaticTaskState()
    blueprint = _TrustfulBlueprint(args, state, make_run())
    with pytest.raises(AttributeError):
        BlueprintConformance().test_whatever_was_stored_reads_in_review(blueprint, make_unit(1))


def test_a_blueprint_whose_own_answer_fails_its_checks_is_found():
    args, state = MockBlueprintArgs(num_assignments=1), SharedStaticTaskState()
    blueprint = _TrustfulBlueprint(args, state, make_run())
    with pytest.raises(AssertionError, match="its own example answer"):
        BlueprintConformance().test_its_data_read_in_review(blueprint, make_unit(1))


def test_a_blueprint_without_its_page_is_found(tmp_path):
    args, state = MockBlueprintArgs(num_assignments=1), SharedStaticTaskState()
    case = BlueprintCase(MockBlueprint, args, shared_state=state, page_files=["missing.html"])
    blueprint = MockBlueprint(args, state, make_run())
    with pytest.raises(AssertionError, match=r"missing\.html"):
        BlueprintConformance().test_it_fills_an_empty_folder_and_writes_nowhere_else(
            case, blueprint, tmp_path, tmp_path / "outside"
        )
