from __future__ import annotations

import pytest

from mephisto_engine.testing.conformance import ProviderCase, ProviderConformance
from mephisto_providers.inhouse import InhouseArgs, InhouseProvider
from mephisto_providers.mock import MockArgs, MockProvider


class TestMockProvider(ProviderConformance):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(
            MockProvider,
            MockArgs(),
            wrong_args=[
                MockArgs(simulated_workers=-1),
                MockArgs(simulated_workers=1_000_000),
                MockArgs(work_seconds=-0.5),
                MockArgs(work_seconds=float("nan")),
                MockArgs(arrivals_per_second=float("inf")),
                MockArgs(dropout=1.01),
                MockArgs(junk=-0.01),
                MockArgs(requester_name="nobody-knows-me"),
                MockArgs(fee_percent=-1),
                MockArgs(fee_percent_of_many=-1),
                MockArgs(fee_vat_percent=-1),
                MockArgs(fee_at_least=-1),
                MockArgs(units_per_posting=0),
            ],
            paid_cents=lambda provider: provider.ledger.paid_cents(),
            published=lambda provider: len(provider.ledger.published),
        )


class TestMockProviderWithSimulatedWorkers(TestMockProvider):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(MockProvider, MockArgs(simulated_workers=3))


class TestMockProviderWithFeesOfPostings(TestMockProvider):
    @pytest.fixture
    def case(self) -> ProviderCase:
        fees = {"fee_percent": 20, "fee_percent_of_many": 40, "fee_at_least": 1}
        return ProviderCase(MockProvider, MockArgs(**fees, units_per_posting=12))


class TestMockProviderWithTaxedFees(TestMockProvider):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(MockProvider, MockArgs(fee_percent=33, fee_vat_percent=20))


class TestInhouseProvider(ProviderConformance):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(
            InhouseProvider,
            InhouseArgs(),
            wrong_args=[
                InhouseArgs(ui_base_url="localhost:3000"),
                InhouseArgs(ui_base_url="ftp://pages.test"),
                InhouseArgs(allow_list="/nowhere/names.txt"),
                InhouseArgs(allow_list=[]),
                InhouseArgs(allow_list=["alice", ""]),
                InhouseArgs(allow_list=17),
            ],
        )


class TestInhouseProviderWithAList(TestInhouseProvider):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(InhouseProvider, InhouseArgs(allow_list=["alice", "bob"]))


class TestInhouseProviderWithLinkTokens(TestInhouseProvider):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(InhouseProvider, InhouseArgs(link_tokens=True))
