"""Never knowing how many: the task's code asks for more answers to an item as they come."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_engine.abstractions.adaptive import AskUntilAgreement, AskUntilSure
from mephisto_engine.data_model import Unit
from mephisto_engine.data_model.records import SubmittedUnit, WorkerRecord
from mephisto_engine.operations.checks.invariants import check_invariants

AGREE = AskUntilAgreement("answer", agree=2, at_most=4)


async def judged(run: Run) -> None:
    await until(lambda: run.supervisor.at_work.is_settled)


async def answer(run: Run, worker: str, said: str) -> None:
    await run.submit(await run.token(worker), said)
    await judged(run)
    launcher, live = run.driver._launcher, run.driver.live
    await until(lambda: not live.counts["created"] or launcher.held_back)


def items(run: Run) -> list[int]:
    """Number of units of each assignment."""
    rows = run.world.db.stream(Unit.select(Unit.assignment).where(Unit.task_run == run.id))
    counts = Counter(assignment for (assignment,) in rows)
    return [counts[key] for key in sorted(counts)]


async def test_an_item_is_asked_until_two_agree(world: World) -> None:
    run = await world.launch(2, shared_state={"on_unit_submitted": AGREE})
    await answer(run, "a", "yes")
    await answer(run, "b", "no")
    await answer(run, "c", "yes")
    assert items(run) == [3, 1]
    await answer(run, "a", "no")
    await answer(run, "b", "no")
    row = await run.ended()
    assert (row.status, items(run)) == ("completed", [3, 2])
    assert all(finding.level == "ok" for finding in check_invariants(world.db))


async def test_an_item_is_asked_no_more_often_than_at_most(world: World) -> None:
    run = await world.launch(1, shared_state={"on_unit_submitted": AGREE})
    for worker, said in zip("abcd", ("w", "x", "y", "z"), strict=True):
        await answer(run, worker, said)
    row = await run.ended()
    assert (row.status, items(run)) == ("completed", [4])


async def test_nobody_gets_an_item_again_that_they_have_answered(world: World) -> None:
    run = await world.launch(1, shared_state={"on_unit_submitted": AGREE})
    await answer(run, "a", "yes")
    assert await run.refusal("a") == "all_seen"
    await answer(run, "b", "yes")
    assert (await run.ended()).status == "completed"


async def test_nobody_gets_an_item_again_after_the_engine_was_away(world: World) -> None:
    run = await world.launch(2, shared_state={"on_unit_submitted": lambda unit: 0})
    await answer(run, "a", "yes")
    await world.crash()
    state = world.blueprint.SharedStateClass(on_unit_submitted=AGREE)
    await world.operator.resume(run.id, state)
    run = world.run(run.id)
    await answer(run, "b", "no")
    await answer(run, "a", "yes")
    assert items(run) == [1, 3]


async def test_the_budget_is_never_exceeded(world: World) -> None:
    """Every answer asks for ten more; a unit costs ten cents, the run may cost a dollar."""
    run = await world.launch(3, shared_state={"on_unit_submitted": lambda unit: 10}, budget=1.0)
    for number in range(10):
        await answer(run, f"w{number}", "yes")
    row = await run.ended()
    assert (row.status, run.units()["completed"]) == ("stopped", 10)
    assert "budget" in row.status_reason
    assert all(finding.level == "ok" for finding in check_invariants(world.db))


async def test_two_answers_at_once_do_not_ask_twice(world: World) -> None:
    run = await world.launch(1, 2, shared_state={"on_unit_submitted": AGREE})
    first, second = await run.token("a"), await run.token("b")
    await asyncio.gather(run.submit(first, "yes"), run.submit(second, "no"))
    await judged(run)
    assert items(run) == [3]


async def test_the_hook_sees_the_answer_and_those_of_its_item(world: World) -> None:
    seen: list[SubmittedUnit] = []
    run = await world.launch(1, 3, shared_state={"on_unit_submitted": seen.append})
    for worker in "ab":
        await answer(run, worker, worker.upper())
    assert [unit.answer["answer"] for unit in seen] == ["A", "B"]
    assert [unit.worker.name for unit in seen] == ["a", "b"]
    last = seen[-1]
    assert last.item_answers == ({"answer": "A"}, {"answer": "B"})
    assert (last.open_units, last.shared, last.unit_index) == (1, {"index": 0}, 1)


async def test_an_answer_that_the_hook_had_not_seen_is_shown_to_it_after_a_crash(
    world: World,
) -> None:
    async def hang(unit: SubmittedUnit) -> None:
        await asyncio.Event().wait()

    run = await world.launch(2, shared_state={"on_unit_submitted": hang})
    await run.submit(await run.token("a"), "yes")
    await world.crash()
    seen: list[SubmittedUnit] = []
    state = world.blueprint.SharedStateClass(on_unit_submitted=seen.append)
    await world.operator.resume(run.id, state)
    await judged(world.run(run.id))
    assert [unit.answer for unit in seen] == [{"answer": "yes"}]
    await world.crash()
    await world.operator.resume(run.id, state)
    await judged(world.run(run.id))
    assert len(seen) == 1


@pytest.mark.parametrize("said", [None, False, 0, -3, "more", 2.5])
async def test_what_is_no_positive_number_asks_for_nothing(world: World, said: Any) -> None:
    run = await world.launch(1, shared_state={"on_unit_submitted": lambda unit: said})
    await run.do_units("a")
    assert (await run.ended()).status == "completed"
    assert items(run) == [1]


async def test_a_hook_that_fails_ends_nothing(world: World) -> None:
    def broken(unit: SubmittedUnit) -> int:
        raise RuntimeError("oh")

    run = await world.launch(1, shared_state={"on_unit_submitted": broken})
    await run.do_units("a")
    assert (await run.ended()).status == "completed"
    assert run.events("run.hook_failed")[0]["hook"] == "on_unit_submitted"


async def test_a_conversation_is_asked_for_again_as_a_whole(world: World) -> None:
    asked = iter([False, True, False, False])
    run = await world.launch(
        1,
        2,
        shared_state={"on_unit_submitted": lambda unit: next(asked)},
        options={"is_concurrent": True},
    )
    tokens = [await run.token("a"), await run.token("b")]
    await until(lambda: run.agents() == {"in task": 2})
    for token in tokens:
        await run.submit(token, "yes")
    await judged(run)
    await until(lambda: len(run.driver.live.pool) == 2)
    assert items(run) == [2, 2]
    tokens = [await run.token("a"), await run.token("b")]
    await until(lambda: run.agents()["in task"] == 2)
    for token in tokens:
        await run.submit(token, "yes")
    assert (await run.ended()).status == "completed"


async def test_while_the_run_drains_what_is_asked_for_waits_for_its_resumption(
    world: World,
) -> None:
    run = await world.launch(1, shared_state={"on_unit_submitted": AGREE})
    token = await run.token("a")
    await world.operator.stop(run.id, False, "operator:me")
    await run.submit(token, "yes")
    row = await run.ended()
    assert (row.status, run.units()) == ("stopped", {"completed": 1, "expired": 1})
    state = world.blueprint.SharedStateClass(on_unit_submitted=AGREE)
    await world.operator.resume(run.id, state)
    run = world.run(run.id)
    await until(lambda: len(run.driver.live.pool) == 1)
    await answer(run, "b", "yes")
    assert (await run.ended()).status == "completed"


def with_answers(*said: Any, open_units: int = 0, unit_index: int = 0) -> SubmittedUnit:
    answers = tuple({"answer": item} for item in said)
    return SubmittedUnit(
        1,
        1,
        1,
        unit_index,
        "completed",
        10,
        {},
        {},
        1,
        worker=WorkerRecord(1, "a", "mock"),
        answer=answers[-1] if answers else None,
        item_answers=answers,
        open_units=open_units,
    )


def test_labels_that_are_equal_as_json_agree() -> None:
    assert AGREE(with_answers({"a": 1, "b": [2]}, {"b": [2], "a": 1})) == 0
    assert AGREE(with_answers([1, 2], [2, 1])) == 1
    by_length = AskUntilAgreement(lambda answer: len(answer["answer"]))
    assert by_length(with_answers("one", "two")) == 0


def test_nothing_is_asked_for_while_an_answer_is_still_to_come() -> None:
    assert AGREE(with_answers("yes", open_units=1)) == 0
    assert AGREE(with_answers("yes", unit_index=-2)) == 0


@pytest.mark.parametrize(
    ("said", "more"), [(("y",), 1), (("y", "y"), 1), (("y", "y", "y"), 0), (("y", "n"), 1)]
)
def test_a_sure_label_ends_an_item(said: tuple[str, ...], more: int) -> None:
    # Two equal answers of workers who are right four times in five: 16 / 17 = 0.94.
    assert AskUntilSure("answer", certainty=0.95, accuracy=0.8)(with_answers(*said)) == more


def test_the_probability_is_that_of_the_one_coin_model() -> None:
    rule = AskUntilSure("answer", accuracy=0.7, labels=3)
    odds = 0.7 * 2 / 0.3
    assert rule.probability(Counter({b"y": 2, b"n": 1})) == pytest.approx(
        odds**2 / (odds**2 + odds + 1)
    )
    assert rule.probability(Counter()) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "given", [{"labels": 1}, {"accuracy": 0.5}, {"accuracy": 1.0}, {"certainty": 1.0}]
)
def test_a_rule_that_could_never_be_sure_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="between|better"):
        AskUntilSure("answer", **given)


def test_agreement_needs_room_for_it() -> None:
    with pytest.raises(ValueError, match="agree"):
        AskUntilAgreement("answer", agree=4, at_most=3)
