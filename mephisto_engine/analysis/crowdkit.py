"""More ways to find true labels, for who has crowd-kit: `pip install mephisto-tui[analysis]`.

crowd-kit brings pandas, scikit-learn and more, some 800 MB; what is here beside it needs none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mephisto_engine.analysis.labels import Label
from mephisto_engine.errors import ConfigError

MODELS: Final = {
    "one-coin": "OneCoinDawidSkene",
    "mace": "MACE",
    "glad": "GLAD",
    "mmsr": "MMSR",
}
"""Name → class in `crowdkit.aggregation`; each cites its paper there."""


def aggregated(labels: Iterable[Label], model: str) -> dict[int, str]:
    """Item → the class that is true by one of crowd-kit's models.

    Raises:
        ConfigError: there is no such model, or crowd-kit is not installed.
    """
    if model not in MODELS:
        raise ConfigError(f"There is no model {model!r}.", f"There are: {', '.join(MODELS)}.")
    pandas, aggregation = _crowdkit()
    frame = pandas.DataFrame(list(labels), columns=["task", "worker", "label"])
    if frame.empty:
        return {}
    found = getattr(aggregation, MODELS[model])().fit_predict(frame)
    return {int(item): str(value) for item, value in found.items()}


def _crowdkit() -> tuple[Any, Any]:
    try:
        import pandas
        from crowdkit import aggregation
    except ImportError as error:
        raise ConfigError(
            f"crowd-kit cannot be used: {error}.", 'pip install "mephisto-tui[analysis]"'
        ) from error
    return pandas, aggregation
