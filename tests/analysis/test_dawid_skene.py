from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published import DAWID_SKENE_MARGINALS, dawid_skene_labels

from mephisto_engine.analysis.dawid_skene import DawidSkene
from mephisto_engine.analysis.labels import Label

CROWDKIT = json.loads((Path(__file__).parent / "data" / "crowdkit-1.4.2.json").read_text())

label_lists = st.dictionaries(
    st.tuples(st.integers(0, 9), st.integers(0, 5)), st.sampled_from("abc"), min_size=1
).map(lambda found: [Label(*key, value) for key, value in found.items()])


def made_up(items: int, workers: int, rng: random.Random) -> tuple[list[Label], dict[int, str]]:
    """Labels of which a third are by workers who guess, and the true classes."""
    skills = [0.25 if worker % 3 == 0 else 0.85 for worker in range(workers)]
    labels, true = [], {}
    for item in range(items):
        true[item] = rng.choice("abcd")
        for worker in rng.sample(range(workers), 5):
            knows = rng.random() < skills[worker]
            labels.append(Label(item, worker, true[item] if knows else rng.choice("abcd")))
    return labels, true


def test_the_anaesthetists_come_out_as_published() -> None:
    model = DawidSkene.begin(dawid_skene_labels()).run()

    assert model.is_converged
    assert model.priors == pytest.approx(DAWID_SKENE_MARGINALS, abs=0.006)
    first = model.confusion(0)
    assert first["1"] == pytest.approx({"1": 0.89, "2": 0.11, "3": 0, "4": 0}, abs=0.006)
    assert first["2"] == pytest.approx({"1": 0.07, "2": 0.88, "3": 0.05, "4": 0}, abs=0.006)


@pytest.mark.parametrize("found", CROWDKIT, ids=["two", "three", "five"])
def test_step_by_step_it_is_crowdkits(found) -> None:
    model = DawidSkene.begin([Label(*row) for row in found["labels"]])
    for _ in range(found["steps"]):
        model.step()

    probabilities = model.probabilities()
    for item, shares in found["probabilities"].items():
        assert probabilities[int(item)] == pytest.approx(shares, abs=1e-6)
    for worker, said, shares in found["errors"]:
        confusion = model.confusion(worker)
        assert {true: confusion[true][said] for true in shares} == pytest.approx(shares, abs=1e-6)


def test_it_finds_who_guesses_and_beats_the_majority() -> None:
    labels, true = made_up(600, 30, random.Random(3))
    model = DawidSkene.begin(labels).run()

    best = {item: max(row, key=row.get) for item, row in model.probabilities().items()}
    votes: dict[int, list[str]] = {}
    for label in labels:
        votes.setdefault(label.item, []).append(label.value)
    majority = {item: max(set(row), key=row.count) for item, row in votes.items()}
    right = sum(best[item] == true[item] for item in true)
    assert right > sum(majority[item] == true[item] for item in true)
    assert right / len(true) > 0.92
    qualities = model.qualities()
    guessing = [quality for worker, quality in qualities.items() if worker % 3 == 0]
    knowing = [quality for worker, quality in qualities.items() if worker % 3]
    assert max(guessing) < min(knowing)


@given(label_lists, st.randoms())
def test_neither_order_nor_numbers_of_items_and_workers_matter(labels, rng) -> None:
    mixed = [Label(100 - item, 50 - worker, value) for item, worker, value in labels]
    rng.shuffle(mixed)
    one, other = DawidSkene.begin(labels), DawidSkene.begin(mixed)
    for _ in range(5):
        one.step()
        other.step()

    renamed = other.probabilities()
    for item, shares in one.probabilities().items():
        assert renamed[100 - item] == pytest.approx(shares, abs=1e-6)


@given(label_lists)
def test_probabilities_add_up(labels) -> None:
    model = DawidSkene.begin(labels).run()

    assert sum(model.priors) == pytest.approx(1.0, abs=1e-6)
    for shares in model.probabilities().values():
        assert sum(shares.values()) == pytest.approx(1.0)
    for worker in model.workers:
        for row in model.confusion(worker).values():
            assert sum(row.values()) == pytest.approx(1.0)
    assert all(0 <= quality <= 1 + 1e-9 for quality in model.qualities().values())


def test_each_step_makes_the_labels_more_likely() -> None:
    model = DawidSkene.begin(made_up(100, 12, random.Random(5))[0])
    losses = []
    for _ in range(20):
        model.step()
        losses.append(model.loss)

    assert all(after >= before - 1e-9 for before, after in zip(losses, losses[1:], strict=False))


def test_an_earlier_estimate_saves_steps_and_leads_to_the_same_place() -> None:
    labels, _ = made_up(400, 20, random.Random(11))
    former = DawidSkene.begin(labels[:-50]).run()
    fresh = DawidSkene.begin(labels).run()
    warm = DawidSkene.begin(labels, former.probabilities()).run()

    assert warm.steps < fresh.steps
    assert warm.loss == pytest.approx(fresh.loss, abs=1e-4)
    assert warm.qualities() == pytest.approx(fresh.qualities(), abs=0.03)


def test_nothing_comes_of_nothing() -> None:
    model = DawidSkene.begin([]).run()

    assert model.probabilities() == {}
    assert model.qualities() == {}
