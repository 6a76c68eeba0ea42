from __future__ import annotations

import importlib.util
import os
import random
import sys
from collections import Counter, defaultdict
from itertools import combinations

import pytest

from mephisto_engine.analysis.agreement import PairCounts, cohen_kappa, krippendorff_alpha
from mephisto_engine.analysis.crowdkit import MODELS, aggregated
from mephisto_engine.analysis.dawid_skene import DawidSkene
from mephisto_engine.analysis.labels import Label, Level
from mephisto_engine.analysis.majority import majority
from mephisto_engine.errors import ConfigError
from mephisto_tui.cli.stats import Model

HAS_CROWDKIT = importlib.util.find_spec("crowdkit") is not None
# In CI it is a promise that the oracle is there, and its absence a failure.
needs_crowdkit = pytest.mark.skipif(
    not HAS_CROWDKIT and not os.environ.get("CI"),
    reason="crowd-kit is 800 MB with what it needs; its stored results are always compared",
)


def labels_of(seed: int) -> list[Label]:
    rng = random.Random(seed)
    found = []
    for item in range(60):
        true = rng.choice("abc")
        for worker in rng.sample(range(8), 4):
            right = rng.random() < (0.4 if worker == 0 else 0.85)
            found.append(Label(item, worker, true if right else rng.choice("abc")))
    return found


def test_the_command_offers_every_model() -> None:
    assert [model.value for model in Model] == list(MODELS)


def test_a_model_that_is_unknown_is_explained() -> None:
    with pytest.raises(ConfigError, match="no model"):
        aggregated([], "nope")


def test_without_crowdkit_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "crowdkit", None)

    with pytest.raises(ConfigError) as caught:
        aggregated(labels_of(1), "mace")

    assert "mephisto-tui[analysis]" in caught.value.hint


@needs_crowdkit
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", MODELS)
def test_each_model_labels_every_item(model: str) -> None:
    found = aggregated(labels_of(2), model)

    assert found.keys() == set(range(60))
    assert set(found.values()) <= set("abc")


@needs_crowdkit
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(5))
def test_dawid_skene_is_that_of_the_crowdkit_at_hand(seed: int) -> None:
    import pandas
    from crowdkit.aggregation import DawidSkene as Oracle

    labels = labels_of(seed)
    frame = pandas.DataFrame(labels, columns=["task", "worker", "label"])
    expected = Oracle(n_iter=40, tol=-1.0).fit_predict_proba(frame)
    model = DawidSkene.begin(labels)
    for _ in range(40):
        model.step()

    for item, shares in model.probabilities().items():
        assert shares == pytest.approx(expected.loc[item].to_dict(), abs=1e-6)


def labels_with_gaps(seed: int, classes: str = "1234") -> list[Label]:
    """Of each item between one and six labels, so that some have nobody to agree with."""
    rng = random.Random(seed)
    return [
        Label(item, worker, rng.choice(classes[: 1 + item % len(classes)]))
        for item in range(80)
        for worker in rng.sample(range(9), rng.randint(1, 6))
    ]


def by_item(labels: list[Label]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for label in labels:
        found[label.item][label.worker] = label.value
    return found


@needs_crowdkit
@pytest.mark.parametrize("level", ["nominal", "interval"])
@pytest.mark.parametrize("seed", range(5))
def test_alpha_with_missing_labels_is_that_of_the_crowdkit_at_hand(seed: int, level: Level) -> None:
    import pandas
    from crowdkit.metrics.data import alpha_krippendorff

    labels = labels_with_gaps(seed)
    frame = pandas.DataFrame(labels, columns=["task", "worker", "label"])
    distances = {
        "nominal": lambda one, other: float(one != other),
        "interval": lambda one, other: (float(one) - float(other)) ** 2,
    }
    expected = alpha_krippendorff(frame, distances[level])

    pairs = PairCounts.of(item.values() for item in by_item(labels).values())

    assert krippendorff_alpha(pairs, level) == pytest.approx(expected, abs=1e-9)


@needs_crowdkit
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(5))
def test_majorities_are_those_of_the_crowdkit_at_hand(seed: int) -> None:
    import pandas
    from crowdkit.aggregation import MajorityVote

    labels = labels_with_gaps(seed)
    frame = pandas.DataFrame(labels, columns=["task", "worker", "label"])
    shares = MajorityVote().fit_predict_proba(frame)

    for item, given in by_item(labels).items():
        best = shares.loc[item]
        leaders = set(best[best == best.max()].index)
        found = majority(Counter(given.values()))
        assert ({found.value} if found.value is not None else set(found.tied)) == leaders


@needs_crowdkit
@pytest.mark.parametrize("seed", range(5))
def test_cohens_kappa_is_that_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score

    items = by_item(labels_with_gaps(seed)).values()
    for one, other in combinations(range(9), 2):
        pairs = [(item[one], item[other]) for item in items if one in item and other in item]
        if len({label for pair in pairs for label in pair}) > 1:
            ours = cohen_kappa(pairs)
            assert ours == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)), abs=1e-9)
