"""Gold units: known answers among a worker's real ones, and who may go on after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_engine.abstractions.quality import gold_factory
from mephisto_engine.abstractions.review_view import Compared, Comparison
from mephisto_engine.data_model import Judgement, Unit, Worker
from mephisto_engine.data_model.records import GOLD_INDEX, SubmittedUnit, WorkerRecord
from mephisto_engine.database.operations.workers import revoke_qualification
from mephisto_engine.database.queries.workers import find_worker
from mephisto_engine.errors import ConfigError
from mephisto_engine.operations.commands.kinds import SetOptions
from mephisto_engine.operations.live.run_changes import set_options
from mephisto_engine.operations.reviewing.review import Review

BASE = "demo"
OPTIONS = {"use_golds": True, "gold_qualification_base": BASE, "min_golds": 1}
GOLDS = [{"gold": number} for number in range(4)]


def is_right(unit: SubmittedUnit) -> bool | None:
    assert unit.is_gold
    return {"right": True, "wrong": False}.get(unit.answer["answer"])


def state(**given: Any) -> dict[str, Any]:
    return {
        "get_gold_for_worker": gold_factory(GOLDS, BASE),
        "validate_gold_unit": is_right,
        **given,
    }


async def launch(world: World, units: int = 20, **given: Any) -> Run:
    options = {**OPTIONS, **given.pop("options", {})}
    shared_state = given.pop("shared_state", state())
    return await world.launch(
        units, options=options, shared_state=shared_state, allowed_concurrent=1, **given
    )


async def resumed(run: Run) -> Run:
    state_class = run.world.blueprint.SharedStateClass
    await run.world.operator.resume(run.id, state_class(**state()))
    return run.world.run(run.id)


async def do(run: Run, worker: str, answer: str = "right") -> bool:
    """The worker does their next unit; whether it was a gold one."""
    token = await run.token(worker)
    unit = run.supervisor.live.agents[token].unit
    await run.submit(token, answer)
    return unit.unit_index == GOLD_INDEX


async def worker_of(run: Run, name: str) -> WorkerRecord:
    await until(lambda: run.supervisor.at_work.is_settled)
    return run.world.db.read(find_worker, name)


async def test_the_first_unit_is_a_gold_one_and_the_next_ones_follow_the_schedule(
    world: World,
) -> None:
    run = await launch(world)
    kinds = [await do(run, "alice") for _ in range(16)]
    # One gold more is due as soon as ten real units are done.
    assert [place for place, is_gold in enumerate(kinds) if is_gold] == [0, 11]
    held = (await worker_of(run, "alice")).qualifications
    assert held == {"demo-correct-golds": 2, "demo-completed-count": 14}


async def test_a_worker_over_the_limit_is_refused_and_never_given_a_real_unit(
    world: World,
) -> None:
    run = await launch(world)
    assert await do(run, "mallory", "wrong")
    assert await run.refusal("mallory") == "not_qualified"
    assert run.events("worker.refused")[-1]["detail"] == "demo-disqualified DoesNotExist"
    held = (await worker_of(run, "mallory")).qualifications
    assert held == {"demo-wrong-golds": 1, "demo-disqualified": 1}
    assert run.units() == {"launched": 20, "completed": 1}


async def test_within_the_limit_wrong_golds_are_made_up_for(world: World) -> None:
    run = await launch(world, options={"max_incorrect_golds": 2})
    assert await do(run, "alice", "wrong")
    assert await do(run, "alice", "right")
    # One right, one wrong: less than min_golds beyond the wrong ones would be -1, which is due.
    assert not await do(run, "alice")
    assert (await worker_of(run, "alice")).qualifications["demo-wrong-golds"] == 1


async def test_what_was_counted_in_one_run_counts_in_the_next(world: World) -> None:
    first = await launch(world)
    await do(first, "mallory", "wrong")
    await do(first, "alice", "right")
    second = await launch(world)
    assert await second.refusal("mallory") == "not_qualified"
    assert not await do(second, "alice")


async def test_counters_survive_a_crash(world: World) -> None:
    run = await launch(world, options={"max_incorrect_golds": 1})
    await do(run, "mallory", "wrong")
    await until(lambda: run.supervisor.at_work.is_settled)
    await world.crash()
    run = await resumed(run)
    assert await do(run, "mallory", "wrong")
    assert await run.refusal("mallory") == "not_qualified"


async def test_a_stricter_run_keeps_out_whom_a_milder_one_let_in(world: World) -> None:
    mild = await launch(world, options={"max_incorrect_golds": 5})
    await do(mild, "mallory", "wrong")
    strict = await launch(world)
    assert await strict.refusal("mallory") == "not_qualified"
    assert strict.events("worker.refused")[-1]["detail"] == "too many gold units were wrong"


async def test_the_operator_can_give_a_worker_another_chance(world: World) -> None:
    run = await launch(world)
    await do(run, "alice", "wrong")
    worker = (await worker_of(run, "alice")).id
    for name in ("demo-disqualified", "demo-wrong-golds"):
        await world.db.write(revoke_qualification, worker, name, "operator:me")
    assert await do(run, "alice", "right")


async def test_a_gold_that_is_left_counts_for_nothing_and_is_met_again(world: World) -> None:
    run = await launch(world)
    first = await run.arrive("alice")
    await world.advance(1801)
    second = await run.arrive("alice")
    assert first.init_task_data == second.init_task_data
    assert first.agent_id != second.agent_id
    assert (await worker_of(run, "alice")).qualifications == {}
    assert run.units() == {"launched": 20, "expired": 1, "assigned": 1}


async def test_used_up_golds_stop_the_unproven_only(world: World) -> None:
    run = await launch(world, options={"max_gold_units": 1})
    await do(run, "alice")
    assert await run.refusal("bob") == "no_units"
    assert run.events("worker.refused")[-1]["detail"] == "all gold units are used up"
    assert [await do(run, "alice") for _ in range(12)] == [False] * 12


async def test_no_gold_for_a_worker_means_no_unit(world: World) -> None:
    run = await launch(world, shared_state=state(get_gold_for_worker=lambda worker: None))
    assert await run.refusal("alice") == "no_units"
    assert run.units() == {"launched": 20}


async def test_what_is_no_item_is_journalled(world: World) -> None:
    run = await launch(world, shared_state=state(get_gold_for_worker=lambda worker: ["gold"]))
    assert await run.refusal("alice") == "no_units"
    assert run.events("run.hook_failed")[0]["hook"] == "get_gold_for_worker"


async def test_rules_of_the_operator_take_the_place_of_the_usual_ones(world: World) -> None:
    asked: list[tuple[int, int, int, int]] = []

    def every_second(completed: int, correct: int, incorrect: int, least: int) -> bool:
        asked.append((completed, correct, incorrect, least))
        return completed + 1 > correct + incorrect

    run = await launch(world, shared_state=state(worker_needs_gold=every_second))
    assert [await do(run, "alice") for _ in range(4)] == [True, False, True, False]
    assert asked == [(0, 0, 0, 1), (0, 1, 0, 1), (1, 1, 0, 1), (1, 2, 0, 1)]


async def test_a_rule_that_fails_is_not_taken_for_a_yes(world: World) -> None:
    def broken(*_: int) -> bool:
        raise RuntimeError("no idea")

    run = await launch(world, shared_state=state(worker_qualifies=broken))
    await do(run, "mallory", "wrong")
    assert await run.refusal("mallory") == "not_qualified"


async def test_an_answer_without_a_verdict_is_not_counted(world: World) -> None:
    run = await launch(world)
    assert await do(run, "alice", "perhaps")
    assert (await worker_of(run, "alice")).qualifications == {}
    assert await do(run, "alice", "right")


def other_worker(number: int) -> WorkerRecord:
    return WorkerRecord(number, f"w{number}", "mock")


def with_golds(worker: WorkerRecord, correct: int, wrong: int) -> WorkerRecord:
    held = {"demo-correct-golds": correct, "demo-wrong-golds": wrong}
    return WorkerRecord(worker.id, worker.name, worker.provider_type, False, held)


def test_a_gold_factory_gives_each_worker_every_gold_once_before_any_twice() -> None:
    next_gold = gold_factory(GOLDS, BASE)
    orders = set()
    for number in range(30):
        worker = other_worker(number)
        given = [next_gold(with_golds(worker, done, 0))["gold"] for done in range(8)]
        assert sorted(given[:4]) == sorted(given[4:]) == [0, 1, 2, 3]
        orders.add(tuple(given[:4]))
        assert next_gold(with_golds(worker, 1, 2)) == next_gold(with_golds(worker, 3, 0))
    assert len(orders) > 5


def test_a_gold_factory_needs_golds() -> None:
    with pytest.raises(ValueError, match="at least one"):
        gold_factory([], BASE)


@pytest.mark.parametrize(
    ("options", "given", "where"),
    [
        ({"gold_qualification_base": None}, {}, "gold_qualification_base"),
        ({"min_golds": -1}, {}, "min_golds"),
        ({"max_incorrect_golds": -1}, {}, "max_incorrect_golds"),
        ({"max_gold_units": 0}, {}, "max_gold_units"),
        ({}, {"get_gold_for_worker": None}, "get_gold_for_worker"),
        ({}, {"validate_gold_unit": 3}, "validate_gold_unit"),
        ({}, {"validate_gold_unit": None}, "validate_gold_unit"),
        ({}, {"get_expected_answer": "right"}, "get_expected_answer"),
    ],
)
def test_options_that_cannot_work_are_named(
    world: World, options: dict[str, Any], given: dict[str, Any], where: str
) -> None:
    with pytest.raises(ConfigError) as error:
        world.config(1, 1, state(**given), {**OPTIONS, **options}, allowed_concurrent=1)
    assert [problem.where.rpartition(".")[2] for problem in error.value.problems] == [where]


async def judged(run: Run, name: str) -> tuple[Any, Any]:
    """What was stored of the worker's only gold unit: whether it was right, and what would be."""
    await worker_of(run, name)
    query = (
        Judgement.select(Judgement.is_right, Judgement.expected)
        .join(Unit)
        .join(Worker)
        .where((Worker.name == name) & (Unit.unit_index == GOLD_INDEX))
    )
    return run.world.db.read(lambda: query.tuples().get())


async def test_the_expected_answer_judges_where_no_function_does(world: World) -> None:
    known = state(validate_gold_unit=None, get_expected_answer=lambda unit: {"answer": "right"})
    run = await launch(world, shared_state=known, options={"max_incorrect_golds": 1})
    await do(run, "alice", " right ")
    await do(run, "mallory", "wrong")
    assert await judged(run, "alice") == (True, {"answer": "right"})
    assert await judged(run, "mallory") == (False, {"answer": "right"})
    held = (await worker_of(run, "mallory")).qualifications
    assert held == {"demo-wrong-golds": 1}


async def test_a_function_has_the_last_word_over_the_expected_answer(world: World) -> None:
    run = await launch(world, shared_state=state(get_expected_answer=lambda unit: {"answer": "x"}))
    await do(run, "alice", "right")
    assert await judged(run, "alice") == (True, {"answer": "x"})


async def test_review_shows_what_a_gold_unit_should_have_been_answered_with(world: World) -> None:
    known = state(validate_gold_unit=None, get_expected_answer=lambda unit: {"answer": "right"})
    run = await launch(world, shared_state=known, options={"max_incorrect_golds": 1})
    await do(run, "mallory", "wrong")
    await worker_of(run, "mallory")
    review = Review(world.db, world.home, "operator:me", world.registry)
    (waiting,) = review.queue(run.id)
    sections = review.detail(waiting.unit_id).sections
    (gold,) = [section for section in sections if isinstance(section, Comparison)]
    assert (gold.title, gold.rows) == ("GOLD", (Compared("answer", "right", "wrong", False),))


async def broken(unit: SubmittedUnit) -> Any:
    raise RuntimeError("no such gold")


@pytest.mark.parametrize("hook", [broken, lambda unit: None, lambda unit: {}])
async def test_a_gold_unit_whose_answer_nobody_knows_is_not_counted(
    world: World, hook: Callable[[SubmittedUnit], Any]
) -> None:
    known = state(validate_gold_unit=None, get_expected_answer=hook)
    run = await launch(world, shared_state=known)
    await do(run, "alice")
    assert await judged(run, "alice") == (None, None)
    assert (await worker_of(run, "alice")).qualifications == {}


def test_golds_and_screening_exclude_each_other(world: World) -> None:
    both = {**OPTIONS, "use_screening_task": True, "passed_qualification_name": "p"}
    judge: Callable[[Any], bool] = lambda unit: True  # noqa: E731
    given = state(validate_screening_unit=judge)
    with pytest.raises(ConfigError, match="cannot be used beside screening"):
        world.config(1, 1, given, {**both, "block_qualification": "b"}, allowed_concurrent=1)


async def test_a_live_run_with_golds_keeps_workers_to_one_unit_at_a_time(world: World) -> None:
    run = await launch(world, units=1)
    row = run.row().config
    with pytest.raises(ConfigError, match="has to be 1"):
        await set_options(world.db, run.id, SetOptions({"allowed_concurrent": 2}), "operator:me")
    assert run.row().config == row
