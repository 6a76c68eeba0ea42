from __future__ import annotations

import pytest
from answered_world import AnsweredRun

from mephisto_engine import DataBrowser
from mephisto_engine.analysis.fields import FieldFinder, LabelField, find_grids, flat
from mephisto_engine.analysis.labels import ordered_classes
from mephisto_engine.analysis.statistics import Answer, Statistics
from mephisto_engine.data_model import Unit
from mephisto_engine.data_model.records import GOLD_INDEX
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries.labels import find_runs
from mephisto_engine.database.queries.worker_history import worker_history
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.reviewing.statistics import StatisticsFollower
from mephisto_engine.testing.clock import FakeClock


@pytest.fixture
def run(db: MephistoDB, clock: FakeClock) -> AnsweredRun:
    return AnsweredRun(db, clock)


def follow(db: MephistoDB, *run_ids: int, field: str | None = None) -> StatisticsFollower:
    follower = StatisticsFollower(db, run_ids, field=field)
    follower.follow()
    follower.estimate()
    return follower


def test_a_run_shows_who_is_good_and_who_is_not(db: MephistoDB, run: AnsweredRun) -> None:
    run.fill()
    report = follow(db, run.id).report()

    shown = report.shown
    assert shown is not None
    assert (shown.name, report.fields) == ("rating", ("rating",))
    assert (shown.items, shown.compared_items, shown.labels) == (30, 30, 90)
    assert {item.value: item.labels for item in shown.classes}.keys() == {"safe", "unsafe"}
    names = [report.names[worker.worker] for worker in report.workers]
    assert names[0] == "hasty"
    hasty = report.workers[0]
    assert {flag.kind for flag in hasty.flags} >= {"straight-lining", "disagrees", "same text"}
    good = next(worker for worker in report.workers if report.names[worker.worker] == "good")
    assert good.flags == ()
    assert good.quality > 0.9 > hasty.quality
    assert sum(good.confusion["safe"].values()) == pytest.approx(1.0)


def test_items_that_workers_disagree_about_stand_first(db: MephistoDB, run: AnsweredRun) -> None:
    for worker, said in (("a", "x"), ("b", "y"), ("c", "x")):
        run.answer(0, worker, {"rating": "x"})
        run.answer(1, worker, {"rating": said})
    run.answer(2, "a", {"rating": "x"})
    run.answer(2, "b", {"rating": "y"})
    report = follow(db, run.id).report()

    assert report.shown is not None
    hardest = report.shown.hardest
    assert [report.item_names[item.item] for item in hardest] == ["2", "1"]
    assert (hardest[0].majority, hardest[0].tied) == (None, ("x", "y"))
    assert hardest[1].majority == "x"


def test_following_a_run_is_the_same_as_reading_it_at_the_end(
    db: MephistoDB, run: AnsweredRun
) -> None:
    follower = StatisticsFollower(db, [run.id])
    for item in range(6):
        for worker in ("a", "b", "c"):
            run.answer(item, worker, {"rating": "xy"[(item + len(worker)) % 2]}, 30 + item)
        assert follower.follow() == 3
        assert follower.follow() == 0
    follower.estimate()

    assert follower.report() == follow(db, run.id).report()


def test_an_estimate_says_how_much_it_has_not_seen(db: MephistoDB, run: AnsweredRun) -> None:
    for worker in ("a", "b"):
        run.answer(0, worker, {"rating": "x"})
    follower = follow(db, run.id)
    run.answer(1, "a", {"rating": "y"})
    follower.follow()

    shown = follower.report().shown
    assert shown is not None
    assert shown.labels == 3
    assert shown.estimate is not None
    assert (shown.estimate.labels, shown.estimate.behind) == (2, 1)
    follower.estimate()
    shown = follower.report().shown
    assert shown is not None
    assert shown.estimate is not None
    assert shown.estimate.behind == 0


def test_a_task_takes_its_runs_together_and_keeps_their_items_apart(
    db: MephistoDB, clock: FakeClock
) -> None:
    runs = [AnsweredRun(db, clock, items=2, changes={"task_name": "both"}) for _ in range(2)]
    for run in runs:
        for worker in ("a", "b"):
            run.answer(0, worker, {"rating": "x"})
    title, ids = db.read(find_runs, "both")
    report = follow(db, *ids).report()

    assert title == "task both"
    assert report.shown is not None
    assert report.shown.items == 2
    assert sorted(report.item_names.values()) == [f"{run.id}/0" for run in runs]


def test_a_field_that_is_named_is_one_of_labels_whatever_its_values(
    db: MephistoDB, run: AnsweredRun
) -> None:
    for item in range(4):
        run.answer(item, "a", {"rating": "x", "code": f"v{item}"})

    assert follow(db, run.id).report().fields == ("rating",)
    shown = follow(db, run.id, field="code").report().shown
    assert shown is not None
    assert [item.value for item in shown.classes] == ["v0", "v1", "v2", "v3"]
    with pytest.raises(NotFoundError, match="No answer has a field"):
        follow(db, run.id, field="nope").report()


def test_a_run_and_a_task_are_found_and_others_are_not(db: MephistoDB, run: AnsweredRun) -> None:
    assert db.read(find_runs, str(run.id)) == (f"run {run.id}", (run.id,))
    assert db.read(find_runs, "sample-task")[1] == (run.id,)
    for nobody in ("nope", "99", "9" * 30):
        with pytest.raises(NotFoundError):
            db.read(find_runs, nobody)


def test_no_answers_make_an_empty_report(db: MephistoDB, run: AnsweredRun) -> None:
    report = follow(db, run.id).report()

    assert (report.answers, report.shown, report.workers) == (0, None, ())


def test_an_answer_is_flat() -> None:
    answer = {
        "a": {"b": True, "c": {"d": 1.0}},
        "many": ["y", "x"],
        "empty": "",
        "none": None,
        "files": [{"filename": "x"}],
        "list": [{"x": 1}],
    }

    assert list(flat(answer)) == [("a.b", True), ("a.c.d", 1.0), ("many", "x + y")]
    assert list(flat("yes")) == [("answer", "yes")]
    assert list(flat(None)) == []


def test_labels_are_told_from_texts_by_how_few_they_are() -> None:
    finder = FieldFinder(declared={"said": LabelField("said")})
    for number in range(40):
        finder.add("rating", number % 5)
        finder.add("name", f"n{number}")
        finder.add("why", "long " * 40)

    assert [item.name for item in finder.label_fields()] == ["said", "rating"]
    assert finder.is_numeric("rating")


def test_classes_come_in_the_order_given_then_by_size_then_by_name() -> None:
    assert ordered_classes(["b", "10", "9", "a", "nan", "low"], ["low"]) == [
        *("low", "9", "10", "a", "b", "nan"),
    ]


def test_a_field_that_turns_out_to_be_text_loses_its_labels() -> None:
    statistics = Statistics()
    for number in range(40):
        statistics.add(Answer(number, number, 1, None, {"why": f"because of {number}"}))

    assert statistics.label_fields() == []
    assert "why" not in statistics.tallies


@pytest.mark.parametrize("body", [None, [], "text", 3, {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}])
def test_any_json_is_taken(db: MephistoDB, run: AnsweredRun, body) -> None:
    run.answer(0, "a", body)

    assert follow(db, run.id).report().answers == 1


def make_gold(tx: Transaction, unit_id: int, is_right: bool | None) -> None:
    """Turn a unit into a gold one that the operator's code has judged."""
    tx.select(Unit.update(unit_index=GOLD_INDEX).where(Unit.id == unit_id))
    tx.insert(
        "judgement",
        unit=unit_id,
        is_right=None if is_right is None else int(is_right),
        more_units=0,
        judged_at=tx.now_ms,
    )


def test_golds_are_counted_by_worker_and_their_labels_are_not(
    db: MephistoDB, run: AnsweredRun
) -> None:
    for item, is_right in enumerate((True, False, False, None)):
        unit = run.stored.units[item * run.each][0]
        run.answer(item, "a", {"rating": "x"})
        db.write_now(make_gold, unit, is_right)
    run.answer(5, "a", {"rating": "x"})
    report = follow(db, run.id).report()

    (worker,) = report.workers
    assert (worker.gold_right, worker.gold_wrong, worker.labels) == (1, 2, 1)
    assert [flag.sentence for flag in worker.flags] == ["got 2 of 3 gold units wrong"]
    figures = db.read(worker_history, worker.worker).overall
    assert (figures.gold_right, figures.gold_wrong, figures.done) == (1, 2, 5)


def test_one_rating_down_every_grid_is_flagged_where_others_vary() -> None:
    scale = ("1", "2", "3", "4", "5")
    statistics = Statistics()
    statistics.declare([LabelField(f"q{number}", scale) for number in range(5)])
    for item in range(20):
        for worker in range(4):
            ratings = {f"q{number}": 1 + (number * worker + item) % 5 for number in range(5)}
            statistics.add(Answer(4 * item + worker, item, worker, None, ratings))

    flagged = {flag.worker: flag.sentence for flag in statistics.report("q0").flags}

    assert list(flagged) == [0]
    assert flagged[0] == (
        "gave one rating to every question of a grid in 20 of 20 answers; others do in 0%"
    )


def test_a_grid_is_four_questions_of_one_scale() -> None:
    scale = ("1", "2", "3")
    same = [LabelField(f"q{number}", scale) for number in range(4)]

    assert find_grids([*same, LabelField("x", ("a", "b", "c"))]) == [
        frozenset(["q0", "q1", "q2", "q3"])
    ]
    assert find_grids(same[:3]) == []
    assert find_grids([LabelField(f"b{number}", ("false", "true")) for number in range(5)]) == []


def test_a_script_gets_the_same_report(db: MephistoDB, run: AnsweredRun) -> None:
    run.fill()
    browser = DataBrowser(db)

    report = browser.get_statistics(run_id=run.id)

    assert report == follow(db, run.id).report()
    assert browser.get_statistics(task_name="sample-task").answers == 90
    with pytest.raises(NotFoundError):
        browser.get_statistics(task_name="nope")
