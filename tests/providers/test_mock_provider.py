from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from page_server import PageServer, until

from mephisto_engine.errors import ProviderBusyError, ProviderError
from mephisto_engine.testing.conformance.page_script import ScriptedPage
from mephisto_engine.testing.records import make_provider_context, make_unit, make_worker
from mephisto_providers.mock import MockArgs, MockProvider
from mephisto_providers.mock.ledger import BALANCE_CENTS


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., MockProvider]:
    return lambda **args: MockProvider(MockArgs(**args), make_provider_context(home=tmp_path))


def test_an_existing_config_is_accepted():
    config = OmegaConf.merge(
        OmegaConf.structured(MockArgs),
        {"_provider_type": "mock", "requester_name": "MOCK_REQUESTER"},
    )
    assert list(MockProvider.assert_task_args(config)) == []


def test_an_unknown_requester_is_a_problem_that_names_the_known_one():
    (problem,) = MockProvider.assert_task_args(MockArgs(requester_name="nobody"))
    assert problem.where == "mephisto.provider.requester_name"
    assert "nobody" in problem.what
    assert "MOCK_REQUESTER" in problem.hint


def test_every_wrong_option_is_named():
    args = MockArgs(simulated_workers=-1, work_seconds=-1, dropout=2, junk=-1)
    found = {problem.where.rsplit(".", 1)[1] for problem in MockProvider.assert_task_args(args)}
    assert found == {"simulated_workers", "work_seconds", "dropout", "junk"}


async def test_a_key_pays_once_and_stands_for_one_payment(make):
    provider, worker = make(), make_worker()
    await provider.worker.bonus(worker, 10, "thanks", "key")
    await provider.worker.bonus(worker, 10, "thanks", "key")
    with pytest.raises(ProviderError, match="something else"):
        await provider.worker.bonus(worker, 11, "thanks", "key")
    assert provider.ledger.paid_cents() == 10
    assert await provider.requester.available_cents("MOCK_REQUESTER") == BALANCE_CENTS - 10


async def test_a_bonus_of_nothing_is_refused(make):
    with pytest.raises(ProviderError):
        await make().worker.bonus(make_worker(), 0, "thanks", "key")


async def test_what_was_done_can_be_read_in_the_ledger(make):
    provider = make()
    await provider.unit.launch([make_unit(5)], "http://pages.test")
    await provider.unit.expire([make_unit(5)])
    await provider.worker.block(make_worker("mallory"), "spam")
    await provider.agent.reject(make_unit(5), make_worker(), "empty", "key")
    assert provider.ledger.published == {5: "mock-5"}
    assert provider.ledger.expired == {5}
    assert provider.ledger.blocked == {"mallory"}
    assert provider.ledger.entries["key"].reason == "empty"


async def test_the_ledger_is_the_same_for_every_process(make):
    await make().worker.bonus(make_worker(), 10, "thanks", "key")
    with pytest.raises(ProviderError, match="something else"):
        await make().worker.bonus(make_worker(), 11, "thanks", "key")
    assert make().ledger.paid_cents() == 10


async def test_half_a_line_of_a_process_that_died_is_no_payment(make):
    ledger = make().ledger
    await make().worker.bonus(make_worker(), 10, "thanks", "key")
    with ledger.path.open("ab") as file:
        file.write(b'{"key": "oth')
    assert make().ledger.paid_cents() == 10
    await make().worker.bonus(make_worker(), 5, "thanks", "other")
    assert ledger.paid_cents() == make().ledger.paid_cents() == 15


@pytest.mark.parametrize(
    ("fault", "error"),
    [("throttle", ProviderBusyError), ("refuse", ProviderError), ("drop", ConnectionResetError)],
)
async def test_faults_are_what_was_ordered(make, fault, error):
    with pytest.raises(error):
        await make(**{fault: 1.0}).worker.bonus(make_worker(), 10, "thanks", "key")


async def test_a_lost_connection_may_come_before_the_effect_or_after_it(make):
    provider = make(drop=1.0)
    for number in range(20):
        with pytest.raises(ConnectionResetError):
            await provider.worker.bonus(make_worker(), 1, "thanks", f"key-{number}")
    assert 0 < provider.ledger.paid_cents() < 20


async def test_a_call_that_hangs_does_not_return(make):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(make(hang=1.0).worker.bonus(make_worker(), 1, "x", "key"), 0.01)


def test_the_page_tells_the_worker_from_the_query():
    page = ScriptedPage(MockProvider.page_script(), "worker_id=x&assignment_id=7")
    (data,) = page.evaluate("getAgentRegistration()")
    assert data == {
        "worker_name": "x",
        "agent_registration_id": "7-x",
        "assignment_id": "7",
        "provider_type": "mock",
    }


def test_the_page_takes_data_of_a_form_as_text():
    page = ScriptedPage(MockProvider.page_script(), "worker_id=x&assignment_id=7")
    page.evaluate("handleSubmitToProvider('{\"a\": 1}')", "handleSubmitToProvider({a: 1})")


async def test_simulated_workers_do_the_run_and_leave_with_it(make):
    provider = make(simulated_workers=4, work_seconds=0)
    provider.example_answer = lambda init_data, rng: {"item": init_data["item"]}
    async with PageServer(units=12).running() as server:
        await provider.setup_resources_for_task_run(server.url)
        await provider.setup_resources_for_task_run(server.url)
        await until(lambda: len(server.answers) == 12)
        await provider.cleanup_resources_from_task_run()
    assert sorted(answer["item"] for answer in server.answers.values()) == list(range(12))
    assert {data["worker_name"] for data in server.registrations} == {
        f"simulated-{place}" for place in range(4)
    }


async def test_without_simulated_workers_nobody_comes(make):
    provider = make()
    before = asyncio.all_tasks()
    await provider.setup_resources_for_task_run("http://127.0.0.1:1")
    assert asyncio.all_tasks() == before
