from __future__ import annotations

import asyncio

import pytest
from omegaconf import OmegaConf
from page_server import PageServer, until

from mephisto_engine.errors import ProviderError
from mephisto_engine.testing.conformance.page_script import ScriptedPage
from mephisto_engine.testing.records import make_provider_context, make_unit, make_worker
from mephisto_providers.mock import MockArgs, MockProvider
from mephisto_providers.mock.ledger import BALANCE_CENTS


def _provider(**args: object) -> MockProvider:
    return MockProvider(MockArgs(**args), make_provider_context())


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


async def test_a_key_pays_once_and_stands_for_one_payment():
    provider, worker = _provider(), make_worker()
    await provider.worker.bonus(worker, 10, "thanks", "key")
    await provider.worker.bonus(worker, 10, "thanks", "key")
    with pytest.raises(ProviderError, match="something else"):
        await provider.worker.bonus(worker, 11, "thanks", "key")
    assert provider.ledger.paid_cents() == 10
    assert await provider.requester.available_cents("MOCK_REQUESTER") == BALANCE_CENTS - 10


async def test_a_bonus_of_nothing_is_refused():
    with pytest.raises(ProviderError):
        await _provider().worker.bonus(make_worker(), 0, "thanks", "key")


async def test_what_was_done_can_be_read_in_the_ledger():
    provider = _provider()
    await provider.unit.launch([make_unit(5)], "http://pages.test")
    await provider.unit.expire([make_unit(5)])
    await provider.worker.block(make_worker("mallory"), "spam")
    await provider.agent.reject(make_unit(5), make_worker(), "empty", "key")
    assert provider.ledger.published == {5: "mock-5"}
    assert provider.ledger.expired == {5}
    assert provider.ledger.blocked == {"mallory"}
    assert provider.ledger.entries["key"].reason == "empty"


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


async def test_simulated_workers_do_the_run_and_leave_with_it():
    provider = _provider(simulated_workers=4, work_seconds=0)
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


async def test_without_simulated_workers_nobody_comes():
    provider = _provider()
    before = asyncio.all_tasks()
    await provider.setup_resources_for_task_run("http://127.0.0.1:1")
    assert asyncio.all_tasks() == before
