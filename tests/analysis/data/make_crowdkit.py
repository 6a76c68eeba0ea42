"""Writes `crowdkit-1.4.2.json`: what crowd-kit makes of random labels.

crowd-kit asks for pandas, scikit-learn, pyarrow and transformers, 400 MB and more, so its results
are stored and it is no dependency. In an environment with crowd-kit:

    python make_crowdkit.py crowdkit-1.4.2.json
"""

import json
import random
import sys

import pandas as pd
from crowdkit.aggregation import DawidSkene
from crowdkit.metrics.data import alpha_krippendorff

WORLDS = [
    (40, 6, ["no", "yes"], 3, 0.1),
    (60, 8, ["a", "b", "c"], 4, 0.25),
    (30, 5, ["1", "2", "3", "4", "5"], 5, 0.4),
]


def make_labels(seed, items, workers, classes, each, missing):
    rng = random.Random(seed)
    skill = [rng.choice([0.35, 0.6, 0.8, 0.95]) for _ in range(workers)]
    rows = []
    for item in range(items):
        true = rng.choice(classes)
        for worker in rng.sample(range(workers), each):
            if rng.random() < missing:
                continue
            said = true if rng.random() < skill[worker] else rng.choice(classes)
            rows.append((item, worker, said))
    return rows


def results(rows, classes):
    frame = pd.DataFrame(rows, columns=["task", "worker", "label"])
    # A negative tolerance never stops it: both sides take exactly so many steps.
    model = DawidSkene(n_iter=100, tol=-1.0).fit(frame)
    errors = model.errors_
    return {
        "labels": rows,
        "alpha": alpha_krippendorff(frame),
        "alpha_interval": alpha_krippendorff(
            frame.assign(label=frame.label.astype(float)), distance=lambda a, b: (a - b) ** 2
        )
        if classes[0] == "1"
        else None,
        "probabilities": {
            str(item): {name: float(share) for name, share in row.items()}
            for item, row in model.probas_.iterrows()
        },
        "errors": [
            [
                int(worker),
                str(said),
                {name: float(errors.loc[(worker, said)][name]) for name in errors},
            ]
            for worker, said in errors.index
        ],
        "steps": len(model.loss_history_),
    }


found = [results(make_labels(seed, *world), world[2]) for seed, world in enumerate(WORLDS)]
with open(sys.argv[1], "w") as file:
    json.dump(found, file, separators=(",", ":"))
