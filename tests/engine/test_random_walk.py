"""A whole engine led a random way: whatever happens, no acknowledged answer and no rule is lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from itertools import count
from typing import Any

import pytest
from engine_world import Run, World, until
from peewee import fn

from mephisto_engine.abstractions.adaptive import AskUntilAgreement
from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.channel import SubmitOutcome
from mephisto_engine.abstractions.quality import gold_factory
from mephisto_engine.data_model import Agent, Event, Submission, Unit
from mephisto_engine.data_model.records import SubmittedUnit
from mephisto_engine.data_model.status import LIVE_AGENT
from mephisto_engine.errors import StateError
from mephisto_engine.operations.checks.doctor import check_invariants

STEPS = 120
LIMIT_AT_ONCE = 2


class Walk:
    """Does one random thing after the other, and remembers what it was promised."""

    def __init__(
        self, world: World, run: Run, seed: int, state: SharedTaskState | None = None
    ) -> None:
        self.state = state
        self.world = world
        self.run = run
        self.rng = random.Random(seed)
        self.promised: dict[str, str] = {}
        """Token → answer that was acknowledged first."""
        self.tokens: dict[str, str] = {}
        """Token → worker."""
        self.tabs: list[tuple[str, str]] = []

    @property
    def workers(self) -> list[str]:
        return [f"worker-{number}" for number in range(8)]

    async def step(self) -> None:
        steps = {
            self.arrive: 10,
            self.reload: 3,
            self.stampede: 2,
            self.submit: 8,
            self.submit_at_once: 2,
            self.connect: 3,
            self.wait: 3,
            self.wait_long: 1,
            self.crash: 1,
            self.stop: 1,
        }
        step = self.rng.choices(list(steps), list(steps.values()))[0]
        if not self.run.driver.ended.is_set():
            await step()

    async def arrive(self) -> None:
        worker, tab = self.rng.choice(self.workers), f"tab-{len(self.tabs)}"
        self.tabs.append((worker, tab))
        await self._arrive(worker, tab)

    async def reload(self) -> None:
        if self.tabs:
            await self._arrive(*self.rng.choice(self.tabs))

    async def stampede(self) -> None:
        worker, tab = self.rng.choice(self.workers), f"tab-{len(self.tabs)}"
        self.tabs.append((worker, tab))
        names = [worker, worker, *self.rng.sample(self.workers, 3)]
        await asyncio.gather(*(self._arrive(name, tab) for name in names))

    async def submit(self) -> None:
        if self.tokens:
            await self._submit(self.rng.choice(sorted(self.tokens)))

    async def submit_at_once(self) -> None:
        """Several answers in one moment, some of them twice, while time runs out for others."""
        if self.tokens:
            chosen = self.rng.choices(sorted(self.tokens), k=4)
            ends = [self.run.driver.live.agents.get(token) for token in chosen[:2]]
            at_work = self.run.supervisor.at_work
            await asyncio.gather(
                *(self._submit(token) for token in chosen),
                *(at_work.end(agent, "timeout", "engine", "") for agent in ends if agent),
            )

    async def connect(self) -> None:
        if self.tokens:
            self.run.supervisor.connected(self.rng.choice(sorted(self.tokens)))

    async def wait(self) -> None:
        await self.world.advance(self.rng.randint(1, 20))

    async def wait_long(self) -> None:
        await self.world.stall(self.rng.randint(60, 1000))

    async def crash(self) -> None:
        await self.world.crash()
        self.world.start_engine()
        if self.run.status == "completed":
            # The last answer had come, and the engine died just after it had closed the run.
            self.run.driver.ended.set()
        else:
            self.run = await self.world.resume(self.run.id, self.state)

    async def stop(self) -> None:
        is_now = self.rng.random() < 0.7
        try:
            await self.world.operator.stop(self.run.id, is_now, "operator:test")
        except StateError:
            # The last answer had come, and the run was just being closed.
            assert (await self.run.ended()).status == "completed"
            return
        if is_now:
            await self.run.ended()
        else:
            await self.crash_if_still_draining()
        if self.run.status == "stopped":
            self.run = await self.world.resume(self.run.id, self.state)

    async def crash_if_still_draining(self) -> None:
        await self.world.settle()
        if not self.run.driver.ended.is_set():
            await self.crash()

    async def _arrive(self, worker: str, tab: str) -> None:
        details = await self.run.arrive(worker, tab)
        if details.agent_id:
            assert self.tokens.setdefault(details.agent_id, worker) == worker

    async def _submit(self, token: str) -> None:
        answer = self.rng.random()
        outcome = await self.run.submit(token, answer)
        body = json.dumps({"answer": answer})
        if outcome is SubmitOutcome.REPEATED:
            assert token in self.promised
        else:
            assert self.promised.setdefault(token, body) == body

    async def finish(self) -> None:
        """Those at work submit, and newcomers do what is left."""
        driver = self.run.driver
        for number in range(1000):
            await until(
                lambda: bool(driver.ended.is_set() or driver.live.agents or len(driver.live.pool))
            )
            if driver.ended.is_set():
                return
            for token in list(driver.live.agents):
                await self._submit(token)
            if len(driver.live.pool):
                await self._arrive(f"newcomer-{number // 4}", f"tab-{number}")

    async def check(self) -> None:
        stored = dict(
            self.world.db.stream(Submission.select(Agent.token, Submission.body).join(Agent))
        )
        assert stored == self.promised
        broken = [item for item in check_invariants(self.world.db) if item.level != "ok"]
        assert broken == []
        rows = self.world.db.stream(Agent.select(Agent.worker, Agent.status))
        live = Counter(worker for worker, status in rows if status in LIVE_AGENT)
        assert all(number <= LIMIT_AT_ONCE for number in live.values())
        driver = self.run.driver
        await until(lambda: driver.ended.is_set() or +driver.live.counts == self.run.units())


@pytest.mark.parametrize("seed", range(10))
async def test_whatever_happens_nothing_that_was_promised_is_lost(world: World, seed: int) -> None:
    rng = random.Random(seed)
    run = await world.launch(
        units=12,
        each=rng.randint(1, 3),
        allowed_concurrent=LIMIT_AT_ONCE,
        max_num_concurrent_units=rng.choice([0, 5]),
        assignment_duration_in_seconds=rng.choice([60, 600]),
    )
    walk = Walk(world, run, seed)
    for _ in range(STEPS):
        await walk.step()
        await walk.check()
    await walk.finish()
    await walk.run.ended()
    await walk.check()
    assert set(walk.run.units()) == {"completed"}
    assert walk.run.status == "completed"


def unlucky(unit: SubmittedUnit) -> bool:
    """Answers are numbers from 0 to 1; the large ones are wrong."""
    answer = unit.answer["answer"]
    return not isinstance(answer, float) or answer < 0.8


SCREENING = {
    "use_screening_task": True,
    "passed_qualification_name": "passed",
    "block_qualification": "failed",
    "max_screening_units": 500,
}
GOLDS = {"use_golds": True, "gold_qualification_base": "demo", "max_incorrect_golds": 1}


def quality_state(world: World, kind: str) -> SharedTaskState:
    state_class = world.blueprint.SharedStateClass
    if kind == "golds":
        golds = gold_factory([{"gold": number} for number in range(3)], "demo")
        return state_class(get_gold_for_worker=golds, validate_gold_unit=unlucky)
    if kind == "screening":
        items = ({"easy": number} for number in count())
        return state_class(screening_data_factory=items, validate_screening_unit=unlucky)
    rule = AskUntilAgreement(lambda answer: answer["answer"] < 0.5, agree=2, at_most=4)
    return state_class(on_unit_submitted=rule)


@pytest.mark.parametrize("kind", ["screening", "golds", "agreement"])
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_nobody_unproven_does_a_real_unit(
    world: World, kind: str, seed: int
) -> None:
    options = {"screening": SCREENING, "golds": GOLDS}.get(kind, {})
    state = quality_state(world, kind)
    run = await world.launch(
        units=12,
        shared_state=state,
        options=options,
        allowed_concurrent=1,
        assignment_duration_in_seconds=60,
    )
    walk = Walk(world, run, seed, state)
    for _ in range(STEPS):
        await walk.step()
        await walk.check()
        check_quality(world, kind)
    await walk.finish()
    await walk.run.ended()
    await walk.check()
    check_quality(world, kind)
    real = world.db.stream(
        Unit.select(Unit.status, fn.COUNT(Unit.id))
        .where(Unit.unit_index >= 0)
        .group_by(Unit.status)
    )
    assert set(dict(real)) == {"completed"}


def check_quality(world: World, kind: str) -> None:
    """Before each real unit there is one of its worker that was judged right."""
    if kind == "agreement":
        answers = Counter(row[0] for row in world.db.stream(_answered()))
        assert max(answers.values(), default=0) <= 4
        return
    right: set[int] = set()
    wrong: Counter[int] = Counter()
    rows = world.db.stream(
        Event.select(Event.kind, Event.actor, Event.data, Unit.unit_index, Unit.worker)
        .join(Unit, on=(Event.subject_id == Unit.id))
        .where(Event.kind.in_(["unit.assigned", "unit.judged"]))
        .order_by(Event.id)
    )
    for happened, actor, data, unit_index, worker in rows:
        if happened == "unit.judged":
            is_right = json.loads(data)["is_right"]
            right |= {worker} if is_right else set()
            wrong[worker] += is_right is False
        elif unit_index >= 0:
            # Units go back, so that the one who has it now may be another.
            taker = int(actor.removeprefix("worker:"))
            assert taker in right
            assert wrong[taker] <= (1 if kind == "golds" else 0)


def _answered() -> Any:
    return Agent.select(Agent.assignment).where(Agent.status == "completed")
