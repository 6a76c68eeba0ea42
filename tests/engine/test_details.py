from __future__ import annotations

from engine_world import World

from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database.operations import review as decisions
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.watching.details import (
    AgentDetail,
    UnitDetail,
    WorkerDetail,
    read_detail,
)
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import Subject, View, Window


async def test_a_unit_tells_its_whole_story(world: World) -> None:
    run = await world.launch(units=1)
    left = await run.token("ann")
    await run.supervisor.at_work.end(
        run.driver.live.agents[left], AgentStatus.RETURNED, "ann", "closed the page"
    )
    await run.submit(await run.token("bob"), {"text": "yes"})
    unit_id = run.agent(left).unit_id
    await world.db.write(decisions.stage, NewDecision(unit_id, "accepted", "good"), "operator:ann")

    detail = world.db.read(read_detail, Subject("unit", unit_id), world.registry, world.home)
    assert isinstance(detail, UnitDetail)
    assert detail.agent is not None
    assert (detail.agent.worker_name, detail.agent.answer) == ("bob", {"answer": {"text": "yes"}})
    assert detail.siblings == ()
    (left_it,) = detail.tries
    assert (left_it.worker_name, left_it.status, left_it.reason) == (
        "ann",
        "returned",
        "closed the page",
    )
    assert [moment.text for moment in detail.timeline] == [
        "created",
        "agent 1, worker ann, began",
        "agent 1, worker ann, left: returned (closed the page)",
        "agent 2, worker bob, began",
        "agent 2, worker bob, submitted",
        "operator:ann staged accepted: good",
    ]


async def test_a_worker_who_left_has_the_try_but_not_the_unit(world: World) -> None:
    run = await world.launch(units=2)
    token = await run.token("ann")
    worker_id = run.agent(token).worker_id
    await run.supervisor.at_work.end(run.driver.live.agents[token], AgentStatus.RETURNED, "ann", "")
    await run.submit(await run.token("ann"))

    detail = world.db.read(read_detail, Subject("worker", worker_id), world.registry, world.home)
    assert isinstance(detail, WorkerDetail)
    statuses = [(unit.agent_status, unit.unit_status) for unit in detail.units]
    assert statuses == [("completed", "completed"), ("returned", "")]
    assert (detail.history.overall.done, detail.history.overall.lost) == (1, 1)


async def test_a_worker_who_was_turned_away_is_told_of(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("ann")
    worker_id = run.agent(token).worker_id
    await run.submit(token)
    reason = await run.refusal("ann")
    await world.settle()

    detail = world.db.read(read_detail, Subject("worker", worker_id), world.registry, world.home)
    assert isinstance(detail, WorkerDetail)
    assert [refusal.reason for refusal in detail.refusals] == [reason]


async def test_what_is_not_there_has_no_detail(world: World) -> None:
    for kind in ("unit", "agent", "worker"):
        assert world.db.read(read_detail, Subject(kind, 99), world.registry, world.home) is None


async def test_the_list_of_workers_is_read_as_a_window(world: World) -> None:
    run = await world.launch(units=12)
    await run.do_units(*(f"worker-{number}" for number in range(10)))
    monitor = Monitor(world.db, registry=world.registry)
    monitor.want(View(everybody=Window(limit=3, offset=1)))
    snapshot = monitor.refresh()
    assert [row.worker_name for row in snapshot.everybody] == ["worker-8", "worker-7", "worker-6"]
    assert snapshot.everybody_total == 10
    assert {row.figures.completed for row in snapshot.everybody} == {1}
    monitor.want(View(everybody=Window(text="R-4", sort="worker_name")))
    found = monitor.refresh()
    assert ([row.worker_name for row in found.everybody], found.everybody_total) == (
        ["worker-4"],
        1,
    )
    monitor.want(View(everybody=Window(status="blocked")))
    assert monitor.refresh().everybody_total == 0
    monitor.close()


async def test_an_agent_at_work_shows_what_is_said(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("ann")
    agent = run.driver.live.agents[token]
    agent.observe({"text": "hello"})
    await world.settle()
    detail = world.db.read(read_detail, Subject("agent", agent.id), world.registry, world.home)
    assert isinstance(detail, AgentDetail)
    assert detail.answer is None
    assert [update.body["text"] for update in detail.updates] == ["hello"]


async def test_the_crowd_of_a_run_is_counted(world: World) -> None:
    run = await world.launch(units=6)
    await run.do_units("ann", "bob")
    token = await run.token("cid")
    await run.supervisor.at_work.end(
        run.driver.live.agents[token], AgentStatus.TIMEOUT, "engine", ""
    )
    monitor = Monitor(world.db, registry=world.registry)
    monitor.want(View(run_id=run.id))
    crowd = monitor.refresh().crowd
    assert crowd.agents == {"completed": 2, "timeout": 1}
    assert (crowd.median_seconds, crowd.p90_seconds) == (0.0, 0.0)
    assert (crowd.waiting_since, crowd.golds, crowd.onboarding) == (None, (0, 0), {})
    monitor.close()


async def test_the_other_units_of_an_item_tell_what_was_decided(world: World) -> None:
    run = await world.launch(units=1, each=3)
    tokens = [await run.token(name) for name in ("ann", "bob", "cid")]
    for token in tokens:
        await run.submit(token)
    ann, bob, cid = (run.agent(token).unit_id for token in tokens)
    stage = decisions.stage
    await world.db.write(stage, NewDecision(bob, "rejected", "pasted"), "operator:eve")
    await world.db.write(stage, NewDecision(bob, "accepted", "good after all"), "operator:eve")

    detail = world.db.read(read_detail, Subject("unit", ann), world.registry, world.home)
    assert isinstance(detail, UnitDetail)
    told = [(row.id, row.verdict, row.decision_status, row.note) for row in detail.siblings]
    assert told == [(bob, "accepted", "staged", "good after all"), (cid, "", "", "")]
    assert detail.siblings[0].decided_by == "operator:eve"


async def test_an_agent_who_left_tells_why(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("ann")
    agent = run.driver.live.agents[token]
    await run.supervisor.at_work.end(agent, AgentStatus.DISCONNECT, "engine", "no sign of life")
    detail = world.db.read(read_detail, Subject("agent", agent.id), world.registry, world.home)
    assert isinstance(detail, AgentDetail)
    assert (detail.status, detail.reason, detail.waiting) == ("disconnect", "no sign of life", None)
