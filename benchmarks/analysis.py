"""Statistics of a hundred thousand labels: estimated anew, and kept up with one by one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from benchmarks import exporting
from benchmarks.child import in_child, new_home
from benchmarks.figure import Figure, quantile
from mephisto_engine.analysis.dawid_skene import DawidSkene
from mephisto_engine.analysis.labels import Label
from mephisto_engine.analysis.statistics import Answer, Statistics
from mephisto_engine.database import MephistoDB, default_home
from mephisto_engine.operations.reviewing.statistics import StatisticsFollower

T = TypeVar("T")

ITEMS, EACH, WORKERS = 20_000, 5, 500
CLASSES = "abcd"
STORED, MORE = 100_000, 200
TIMEOUT = 300.0
TIMED = 2000
"""Answers at the end, when there is most to keep up, that are timed one by one."""


def measure() -> list[Figure]:
    """All figures of this benchmark."""
    labels, true = _labels(random.Random(1))
    figures = [*_estimating(labels, true), *_following(labels)]
    with new_home() as home:
        in_child(exporting.fill, STORED, home=home, timeout=TIMEOUT)
        told = in_child(follow, home=home, timeout=TIMEOUT)
    figures.append(Figure("reading 100,000 stored answers", told["seconds"], "s"))
    name = "following one more stored answer, p99"
    return [*figures, Figure(name, told["p99"], "ms", 50.0)]


def follow() -> dict[str, float]:
    """Read a run's answers, and then each that comes as a console would."""
    with MephistoDB.open(home=default_home()) as db:
        follower = StatisticsFollower(db, [1])
        seconds, _ = _timed(follower.follow)
        times = []
        for unit in exporting.more_units(db, 1, MORE):
            db.write_now(exporting.answer, 1, [unit])
            times.append(_timed(follower.follow)[0] * 1000)
    return {"seconds": seconds, "p99": quantile(times, 0.99)}


def _labels(rng: random.Random) -> tuple[list[Label], dict[int, str]]:
    """Labels of workers of whom a third guess."""
    skills = [0.25 if worker % 3 == 0 else rng.uniform(0.7, 0.95) for worker in range(WORKERS)]
    labels, true = [], {}
    for item in range(ITEMS):
        true[item] = rng.choice(CLASSES)
        for worker in rng.sample(range(WORKERS), EACH):
            knows = rng.random() < skills[worker]
            labels.append(Label(item, worker, true[item] if knows else rng.choice(CLASSES)))
    return labels, true


def _estimating(labels: list[Label], true: dict[int, str]) -> Iterator[Figure]:
    seconds, model = _timed(lambda: DawidSkene.begin(labels).run())
    found = model.probabilities()
    right = sum(max(found[item], key=found[item].__getitem__) == true[item] for item in true)
    note = f"{model.steps} steps, {right / ITEMS:.1%} of items right"
    yield Figure("Dawid–Skene, 100,000 labels", seconds, "s", 10.0, note=note)
    former = {item: found[item] for item in range(ITEMS - 100)}
    seconds, warm = _timed(lambda: DawidSkene.begin(labels, former).run())
    yield Figure("the same, from an earlier estimate", seconds, "s", note=f"{warm.steps} steps")


def _following(labels: list[Label]) -> Iterator[Figure]:
    rng = random.Random(2)
    order = rng.sample(labels, len(labels))
    statistics = Statistics()
    answers = [_answer(number, label, rng) for number, label in enumerate(order)]
    seconds, _ = _timed(lambda: [statistics.add(answer) for answer in answers[:-TIMED]])
    yield Figure("taking in 98,000 answers", seconds, "s")
    times = [_timed(partial(statistics.add, answer))[0] * 1000 for answer in answers[-TIMED:]]
    note = "a label, a rating and a text each"
    yield Figure("one more answer, p99", quantile(times, 0.99), "ms", 50.0, note=note)
    yield Figure("one more answer, the slowest", max(times), "ms", 50.0)
    seconds, _ = _timed(lambda: statistics.estimate("label"))
    yield Figure("estimate of the field", seconds, "s", 10.0)
    reports = [_timed(lambda: statistics.report("label"))[0] * 1000 for _ in range(5)]
    yield Figure("a report of everything", quantile(reports, 0.5), "ms")


def _answer(number: int, label: Label, rng: random.Random) -> Answer:
    words = " ".join(str(rng.randrange(3000)) for _ in range(25))
    body = {"label": label.value, "rating": rng.randint(1, 5), "why": words}
    return Answer(number, label.item, label.worker, rng.lognormvariate(4, 0.5), body)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    outcome = work()
    return time.perf_counter() - started, outcome
