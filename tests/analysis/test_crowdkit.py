from __future__ import annotations

import importlib.util
import random
import sys

import pytest

from mephisto_engine.analysis.crowdkit import MODELS, aggregated
from mephisto_engine.analysis.dawid_skene import DawidSkene
from mephisto_engine.analysis.labels import Label
from mephisto_engine.errors import ConfigError
from mephisto_tui.cli.stats import Model

HAS_CROWDKIT = importlib.util.find_spec("crowdkit") is not None
needs_crowdkit = pytest.mark.skipif(
    not HAS_CROWDKIT,
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
