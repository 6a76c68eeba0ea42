"""The demo's own Python: as many items as were asked for, from the lines of `items.csv`."""

from __future__ import annotations

import csv
from itertools import cycle, islice
from pathlib import Path
from typing import Any


def make_shared_state(config: Any) -> dict[str, Any]:
    """Called with the composed config; what comes back is the run's shared state."""
    with Path(__file__).with_name("items.csv").open(encoding="utf-8", newline="") as file:
        items = list(csv.DictReader(file))
    return {"static_task_data": list(islice(cycle(items), config.demo.units))}
