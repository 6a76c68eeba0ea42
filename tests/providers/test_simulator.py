from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from page_server import PageServer, until

from mephisto_engine.abstractions.channel import FailureReason
from mephisto_engine.testing.simulator import Simulator, SimulatorReport


async def _run_to_the_end(server: PageServer, **habits: Any) -> SimulatorReport:
    defaults = {"workers": 3, "work_seconds": 0, "retry_seconds": 0.001, "patience": 2}
    simulator = Simulator(server.url, **(defaults | habits))
    simulator.start()
    async with asyncio.timeout(20):
        report = await simulator.wait()
    await simulator.stop()
    return report


async def test_every_unit_is_done_and_every_worker_leaves():
    async with PageServer(units=20).running() as server:
        report = await _run_to_the_end(server)
    assert report.submitted == report.agents == len(server.answers) == 20
    assert report.arrived == report.left == 3
    assert report.failures == Counter()


async def test_every_visit_is_a_registration_of_its_own():
    async with PageServer(units=5).running() as server:
        await _run_to_the_end(server, provider_type="inhouse")
    ids = [data["agent_registration_id"] for data in server.registrations]
    assert len(set(ids)) == len(ids)
    for data in server.registrations:
        expected = f"{data['assignment_id']}-{data['worker_name']}"
        assert data["agent_registration_id"] == expected
        assert data["provider_type"] == "inhouse"


@pytest.mark.parametrize(
    "reason",
    [
        FailureReason.CLOSED,
        FailureReason.MAX_FOR_TASK,
        FailureReason.NOT_QUALIFIED,
        FailureReason.BAD_LINK,
    ],
)
async def test_a_worker_leaves_at_once_for_a_reason_that_will_not_pass(reason):
    async with PageServer(units=0, when_empty=str(reason)).running() as server:
        report = await _run_to_the_end(server, patience=None)
    assert report.refusals == {str(reason): 3}
    assert report.left == 3


async def test_a_worker_waits_for_work_that_may_come():
    server = PageServer(units=0)
    async with server.running():
        simulator = Simulator(server.url, workers=1, work_seconds=0, retry_seconds=0.001)
        simulator.start()
        await until(lambda: simulator.report.refusals.total() >= 3)
        server.units_left = 1
        await until(lambda: simulator.report.submitted == 1)
        report = await simulator.stop()
    assert report.left == 0


async def test_whoever_abandons_a_unit_is_replaced():
    async with PageServer(units=40).running() as server:
        report = await _run_to_the_end(server, dropout=0.5)
    assert report.dropped_out > 0
    assert report.arrived == 3 + report.dropped_out
    assert report.submitted == 40 - report.dropped_out
    names = [data["worker_name"] for data in server.registrations]
    assert len(set(names)) == report.arrived


async def test_junk_is_sent_beside_the_answers_and_counted():
    async with PageServer(units=60).running() as server:
        report = await _run_to_the_end(server, junk=1.0)
    assert report.submitted == len(server.answers) == 60
    assert report.junk.total() == 60
    kinds = {line.split(":")[0] for line in report.junk}
    assert kinds == {
        "wrong types",
        "malformed JSON",
        "forged token",
        "double submit",
        "late submit",
    }
    assert "forged token: HTTP 404" in report.junk


async def test_two_crowds_with_one_seed_decide_alike():
    counts = []
    for seed in (7, 7, 8):
        async with PageServer(units=30).running() as server:
            report = await _run_to_the_end(server, workers=1, dropout=0.3, junk=0.5, seed=seed)
        counts.append((report.dropped_out, report.submitted, sorted(report.junk.items())))
    assert counts[0] == counts[1] != counts[2]


async def test_an_answer_is_sent_again_until_it_is_acknowledged():
    server = PageServer(units=1)
    server.unavailable = 3
    async with server.running():
        report = await _run_to_the_end(server, workers=1)
    assert report.submitted == len(server.answers) == 1
    assert report.failures == {"HTTP 503": 3}


async def test_answers_come_from_the_given_function():
    def answer(init_data: Any, rng: random.Random) -> dict[str, Any]:
        return {"seen": init_data["item"], "draw": rng.random()}

    async with PageServer(units=2).running() as server:
        await _run_to_the_end(server, answer=answer)
    assert {given["seen"] for given in server.answers.values()} == {0, 1}


async def test_a_broken_answer_function_is_reported_and_does_not_end_the_crowd():
    def answer(init_data: Any, rng: random.Random) -> dict[str, Any]:
        raise KeyError("no such field")

    async with PageServer(units=4).running() as server:
        report = await _run_to_the_end(server, answer=answer)
    assert report.submitted == 4
    assert report.failures == {"no answer made: KeyError('no such field')": 4}


async def test_new_workers_onboard_first():
    async with PageServer(units=3, has_onboarding=True).running() as server:
        report = await _run_to_the_end(server, workers=1)
    assert report.onboarded == len(server.onboarded) == 1
    assert report.submitted == 3


async def test_a_server_that_is_gone_is_left_after_some_attempts():
    async with PageServer(units=1).running() as server:
        pass
    report = await _run_to_the_end(server, workers=2, patience=None)
    assert report.left == 2
    assert report.failures["ClientConnectorError"] == 20


async def test_stop_leaves_nothing_behind_in_mid_work():
    async with PageServer(units=5).running() as server:
        before = asyncio.all_tasks()
        simulator = Simulator(server.url, workers=5, work_seconds=3600)
        simulator.start()
        simulator.start()
        await until(lambda: simulator.report.agents == 5)
        report = await simulator.stop()
        assert await simulator.stop() is report
    assert report.arrived == 5
    assert report.submitted == 0
    assert asyncio.all_tasks() <= before


async def test_workers_arrive_at_the_given_rate():
    async with PageServer(units=100).running() as server:
        simulator = Simulator(server.url, workers=50, work_seconds=3600, arrivals_per_second=0.001)
        simulator.start()
        await until(lambda: simulator.report.agents == 1)
        report = await simulator.stop()
    assert report.arrived == 1
