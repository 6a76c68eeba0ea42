from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from engine_world import Run, World

from mephisto_architects.mock import MockArchitect
from mephisto_engine.abstractions.qualifications import Comparator
from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database.operations import agents
from mephisto_engine.database.operations import workers as operations
from mephisto_engine.database.queries.workers import find_worker
from mephisto_engine.errors import NotFoundError, Problem, StateError
from mephisto_engine.operations.live.why import Explanation, explain

ACTOR = "operator:ada"


def why(run: Run, worker: str) -> Explanation:
    return explain(run.world.db, run.world.registry, worker, run.id)


def line(found: Explanation, name: str) -> Any:
    (item,) = [item for item in found.lines if item.name == name]
    return item


async def meet(run: Run, *names: str) -> None:
    for name in names:
        await run.world.db.write(agents.meet, run.id, "mock", name)


def id_of(world: World, worker: str) -> int:
    return world.db.read(find_worker, worker).id


def write_code(world: World, name: str, requirements: list[dict[str, Any]], more: str = "") -> str:
    world.home.mkdir(exist_ok=True)
    (world.home / name).write_text(f"qualifications = {requirements!r}\n{more}", "utf-8")
    return name


GOOD_ENOUGH = {"qualification_name": "good", "comparator": "GreaterThan", "value": 2}


async def test_a_worker_with_nothing_against_them_could_get_a_unit(world: World) -> None:
    run = await world.launch(units=3)
    await meet(run, "alice")
    found = why(run, "alice")
    assert found.reason == ""
    assert {item.name for item in found.lines if item.is_met} == {
        "run",
        "engine",
        "provider",
        "worker",
        "units",
    }
    assert line(found, "units").text.startswith("3 on offer, 3 of them new to this worker")


async def test_each_requirement_has_a_line_with_what_is_held(world: World) -> None:
    await world.db.write(operations.create_qualification, "good", "", ACTOR)
    absent = {"qualification_name": "bad", "comparator": "DoesNotExist"}
    elsewhere = {
        "qualification_name": "good",
        "comparator": "Exists",
        "applicable_providers": ["mturk"],
    }
    code = write_code(world, "rules.py", [GOOD_ENOUGH, absent, elsewhere])
    run = await world.launch(units=1, code=code)
    await meet(run, "alice")

    def said() -> list[tuple[bool | None, str]]:
        lines = why(run, "alice").lines
        return [(item.is_met, item.text) for item in lines if item.name == "requirement"]

    assert said() == [
        (False, "good GreaterThan 2: not held"),
        (True, "bad DoesNotExist: not held"),
        (True, "good Exists: asked on mturk only"),
    ]
    assert why(run, "alice").reason == "not_qualified"
    alice = id_of(world, "alice")
    await world.db.write(operations.grant_qualification, alice, "good", 3, ACTOR)
    assert said()[0] == (True, "good GreaterThan 2: holds 3")
    assert why(run, "alice").reason == ""


async def test_limits_are_said_with_their_counts(world: World) -> None:
    first = await world.launch(units=9, maximum_units_per_worker=3, allowed_concurrent=1)
    await first.do_units("alice", "alice")
    second = await world.launch(units=9, maximum_units_per_worker=3, allowed_concurrent=1)
    await second.token("alice")

    found = why(second, "alice")
    assert line(found, "maximum_units_per_worker").text == "has 3 of 3 over all runs of the task"
    assert line(found, "allowed_concurrent").text == "is on 1 of 1 at a time"
    assert not line(found, "allowed_concurrent").is_met
    assert found.reason == "maximum_units_per_worker"
    assert "(in task)" in line(found, "at work").text


async def test_a_blocked_worker_is_told_from_when_and_why(world: World) -> None:
    run = await world.launch(units=1)
    await meet(run, "alice")
    await world.db.write(operations.block_worker, id_of(world, "alice"), "spam", ACTOR)
    found = why(run, "alice")
    assert found.reason == "blocked"
    assert line(found, "worker").text == "alice is blocked since 2030-01-01 12:00 UTC: spam"


async def test_the_last_refusals_are_told_newest_first(world: World) -> None:
    run = await world.launch(units=1, each=2)
    await run.do_units("alice")
    assert await run.refusal("alice") == "all_seen"
    await run.token("bob")
    assert await run.refusal("alice") == "no_units"
    assert await run.refusal("carol") == "no_units"
    assert [item.reason for item in why(run, "alice").refusals] == ["no_units", "all_seen"]


async def test_a_run_without_an_engine_gives_nobody_a_unit(world: World) -> None:
    run = await world.launch(units=2)
    await meet(run, "alice")
    await world.crash()
    found = why(run, "alice")
    assert (found.reason, line(found, "run").is_met) == ("no_engine", True)
    assert line(found, "units").is_met

    world.start_engine()
    again = await world.resume(run.id)
    assert why(again, "alice").reason == ""


async def test_a_run_that_was_stopped_is_closed(world: World) -> None:
    run = await world.launch(units=2)
    await run.token("bob")
    await meet(run, "alice")
    await run.driver.stop(ACTOR, False, "enough")
    found = why(run, "alice")
    assert found.reason == "closed"
    assert line(found, "run").text.endswith("is draining: enough")


async def test_a_worker_of_another_provider_does_not_come_here(world: World) -> None:
    run = await world.launch(units=2)
    await world.db.write(agents.meet, run.id, "mturk", "alice")
    found = why(run, "alice")
    assert found.reason == "other_provider"
    assert line(found, "provider").text == "known on mturk; the run's workers come from mock"


async def test_a_config_that_is_gone_is_said_in_one_line_and_the_rest_goes_on(
    world: World,
) -> None:
    code = write_code(world, "rules.py", [])
    run = await world.launch(units=2, code=code, maximum_units_per_worker=5)
    await meet(run, "alice")
    (world.home / code).unlink()
    found = why(run, "alice")
    assert line(found, "not known").text.startswith("its config can no longer be loaded: ")
    assert "rules.py" in line(found, "not known").text
    assert line(found, "maximum_units_per_worker").is_met
    assert found.reason == ""


async def test_plugins_that_fail_are_said_in_one_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Any) -> Any:
        raise RuntimeError("boom")

    run = await world.launch(units=2)
    await meet(run, "alice")
    monkeypatch.setattr(world.blueprint, "get_required_qualifications", broken)
    found = why(run, "alice")
    assert "RuntimeError: boom" in line(found, "not known").text
    assert line(found, "units").is_met


async def test_what_only_the_task_can_decide_is_said_to_be_open(world: World) -> None:
    more = "def worker_can_do_unit(worker, unit):\n    raise AssertionError('was called')\n"
    run = await world.launch(units=2, code=write_code(world, "rules.py", [], more))
    await meet(run, "alice")
    found = why(run, "alice")
    assert "worker_can_do_unit" in line(found, "not known").text
    assert found.reason == ""


async def test_nobody_is_explained_who_is_not_known_for_sure(world: World) -> None:
    run = await world.launch(units=2)
    with pytest.raises(NotFoundError, match="no worker 'alice'"):
        why(run, "alice")
    for provider in ("mock", "mturk"):
        await world.db.write(agents.meet, run.id, provider, "alice")
    with pytest.raises(StateError, match="several"):
        why(run, "alice")
    assert why(run, "mock/alice").reason == ""
    with pytest.raises(NotFoundError, match="no run 99"):
        explain(world.db, world.registry, "mock/alice", 99)


NAMES = ("alice", "bob", "carol", "dave")
LABELS = ("good", "bad")
SEEDS = (0, 1, 2, 4, 5, 7, 12, 15)
"""Between them a worker is let in, and turned away for every reason."""


@dataclass
class RandomWorld:
    """Two runs of one task, and workers who come, answer, leave, are labelled and blocked."""

    world: World
    rng: random.Random
    runs: list[Run] = field(default_factory=list)
    at_work: list[tuple[Run, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def build(self) -> None:
        for name in LABELS:
            await self.world.db.write(operations.create_qualification, name, "", ACTOR)
        for number in range(2):
            code = write_code(self.world, f"rules_{number}.py", self._requirements())
            run = await self.world.launch(
                units=self.rng.randint(1, 4),
                each=self.rng.randint(1, 3),
                code=code,
                maximum_units_per_worker=self.rng.choice([0, 0, 1, 2, 4]),
                allowed_concurrent=self.rng.choice([0, 0, 1, 2]),
            )
            self.runs.append(run)
            await meet(run, *NAMES)

    async def step(self) -> None:
        doings = [self.arrive, self.arrive, self.arrive, self.submit, self.leave, self.relabel]
        doings += [self.block, self.stop] if self.rng.random() < 0.2 else []
        await self.rng.choice(doings)()

    async def arrive(self) -> None:
        run, name = self.rng.choice(self.runs), self.rng.choice(NAMES)
        expected = why(run, name).reason
        before = dict(run.supervisor.arrivals.refusals)
        details = await run.arrive(name)
        refusals = run.supervisor.arrivals.refusals
        reasons = [reason for reason, number in refusals.items() if number > before.get(reason, 0)]
        assert reasons == ([expected] if expected else []), why(run, name).lines
        self.seen.add(expected)
        if details.agent_id is not None:
            self.at_work.append((run, details.agent_id))

    async def submit(self) -> None:
        # Somebody stays at work, for a run whose units are all done ends.
        run = self.rng.choice(self.runs)
        own = [item for item in self.at_work if item[0] is run]
        if len(own) > 1:
            item = self.rng.choice(own)
            self.at_work.remove(item)
            await run.submit(item[1])

    async def leave(self) -> None:
        if self.at_work and len({id(run) for run, _ in self.at_work}) == 2:
            item = self.rng.choice(self.at_work)
            run, token = item
            if len([one for one in self.at_work if one[0] is run]) > 1:
                self.at_work.remove(item)
                agent = run.driver.live.agents[token]
                await run.supervisor.at_work.end(agent, AgentStatus.RETURNED, ACTOR, "left")

    async def relabel(self) -> None:
        worker, name = id_of(self.world, self.rng.choice(NAMES)), self.rng.choice(LABELS)
        if self.rng.random() < 0.7:
            value = self.rng.randint(0, 3)
            await self.world.db.write(operations.grant_qualification, worker, name, value, ACTOR)
        else:
            with suppress(StateError):
                await self.world.db.write(operations.revoke_qualification, worker, name, ACTOR)

    async def block(self) -> None:
        worker = id_of(self.world, self.rng.choice(NAMES))
        try:
            await self.world.db.write(operations.unblock_worker, worker, ACTOR)
        except StateError:
            await self.world.db.write(operations.block_worker, worker, "spam", ACTOR)

    async def stop(self) -> None:
        run = self.rng.choice(self.runs)
        is_busy = any(one is run for one, _ in self.at_work)
        if is_busy and run.driver.live.is_open:
            await run.driver.stop(ACTOR, False, "enough")

    def _requirements(self) -> list[dict[str, Any]]:
        return [self._requirement() for _ in range(self.rng.choice([0, 0, 1, 2]))]

    def _requirement(self) -> dict[str, Any]:
        comparator = self.rng.choice(list(Comparator))
        value: Any = self.rng.randint(0, 3)
        if comparator in (Comparator.EXISTS, Comparator.DOES_NOT_EXIST):
            value = None
        elif comparator in (Comparator.IN, Comparator.NOT_IN):
            value = [value, self.rng.randint(0, 3)]
        return {
            "qualification_name": self.rng.choice(LABELS),
            "comparator": str(comparator),
            "value": value,
            "applicable_providers": self.rng.choice([None, None, ["mock"], ["mturk"]]),
        }


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_explained_is_what_happens_at_the_door(world: World, seed: int) -> None:
    random_world = RandomWorld(world, random.Random(seed))
    await random_world.build()
    for _ in range(50):
        await random_world.step()
    assert random_world.seen
    print("SEEN", seed, random_world.seen)


SCREENS = """
def screening_data_factory():
    yield {"easy": 1}

def validate_screening_unit(unit):
    return unit.answer["answer"] == "right"
"""
SCREENING = {
    "use_screening_task": True,
    "passed_qualification_name": "passed",
    "block_qualification": "failed",
    "max_screening_units": 1,
    "onboarding_qualification": "trained",
}


async def test_what_comes_before_real_units_has_a_line_each(world: World) -> None:
    code = write_code(world, "screens.py", [], SCREENS)
    run = await world.launch(units=3, options=SCREENING, code=code, allowed_concurrent=1)
    await meet(run, "alice", "bob")
    assert line(why(run, "alice"), "onboarding").text == "the qualifying task comes first"
    assert line(why(run, "alice"), "screening").text.endswith("(0 of 1 are used)")
    assert why(run, "alice").reason == ""
    details = await run.arrive("alice", "tab")
    await run.supervisor.submit_onboarding(str(details.agent_id), {})
    assert line(why(run, "alice"), "onboarding").text == "trained: holds 1"
    found = why(run, "bob")
    assert (found.reason, line(found, "screening").is_met) == ("no_units", False)
    await run.submit((await run.arrive("alice", "tab")).agent_id or "", "right")
    assert await run.token("alice")
    assert line(why(run, "alice"), "screening").is_met


async def test_who_failed_the_qualifying_task_is_told_so(world: World) -> None:
    code = write_code(world, "no.py", [], "def validate_onboarding(data):\n    return False\n")
    options = {"onboarding_qualification": "trained"}
    run = await world.launch(units=1, options=options, code=code)
    details = await run.arrive("mallory")
    await run.supervisor.submit_onboarding(str(details.agent_id), {})
    found = why(run, "mallory")
    assert found.reason == "not_qualified"
    assert line(found, "onboarding").text.startswith("failed the qualifying task")


async def test_gold_units_are_counted_in_a_line(world: World) -> None:
    more = (
        "def get_gold_for_worker(worker):\n    return {'gold': 1}\n"
        "def validate_gold_unit(unit):\n    return unit.answer['answer'] == 'right'\n"
    )
    code = write_code(world, "golds.py", [], more)
    options = {"use_golds": True, "gold_qualification_base": "demo", "max_incorrect_golds": 1}
    run = await world.launch(units=3, options=options, code=code, allowed_concurrent=1)
    await meet(run, "alice")
    assert line(why(run, "alice"), "golds").text == (
        "0 right, 0 wrong of 1 that may be, 0 real units done; a gold unit comes next"
    )
    for _ in range(2):
        await run.submit(await run.token("alice"), "wrong")
    await run.refusal("alice")
    found = why(run, "alice")
    assert found.reason == "not_qualified"
    assert line(found, "golds").text.endswith("too many gold units were wrong")


async def test_what_only_a_launch_needs_is_not_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.db.write_now(operations.create_qualification, "good", "", "operator:me")
    code = write_code(world, "rules.py", [GOOD_ENOUGH])
    run = await world.launch(units=3, code=code)
    await meet(run, "alice")
    taken = Problem("mephisto.architect.port", "3000 is in use, by this run itself")
    monkeypatch.setattr(MockArchitect, "assert_task_args", classmethod(lambda cls, args: [taken]))
    found = why(run, "alice")
    assert found.reason == "not_qualified"
    assert "not known" not in {item.name for item in found.lines if "in use" in item.text}
