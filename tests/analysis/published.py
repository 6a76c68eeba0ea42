"""Data and results that are printed in papers."""

from __future__ import annotations

from mephisto_engine.analysis.labels import Label

KRIPPENDORFF = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
"""Krippendorff 2011, section C: four observers (rows), twelve units, labels missing."""

FLEISS = """
0 0 0 0 14
0 2 6 4 2
0 0 3 5 6
0 3 9 2 0
2 2 8 1 1
7 7 0 0 0
3 2 6 3 0
2 5 3 2 2
6 5 2 1 0
0 2 2 3 7
"""
"""Fourteen raters, ten subjects (rows), five categories: the worked example of Wikipedia's article
on Fleiss' kappa, whose result is 0.210."""

DAWID_SKENE = """
111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3
222 2 2 2 3|232 2 2 2 3|444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1
111 1 1 1 1|111 1 1 1 1|222 2 2 2 1|222 1 3 2 2|222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2
111 1 1 1 1|111 1 1 1 1|232 2 2 2 2|111 1 1 1 1|111 1 1 1 1|112 1 1 2 1|111 1 1 1 1|333 3 2 3 3
111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3|221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1
111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2
"""
"""Dawid & Skene 1979, table 1: 45 patients, five anaesthetists, the first of whom saw each three
times."""

DAWID_SKENE_MARGINALS = (0.40, 0.42, 0.11, 0.07)
"""Their table 4."""


def krippendorff_items() -> list[list[str]]:
    columns = zip(*(line.split() for line in KRIPPENDORFF.split("\n") if line), strict=True)
    return [[value for value in column if value != "."] for column in columns]


def fleiss_items() -> list[list[str]]:
    rows = [map(int, line.split()) for line in FLEISS.split("\n") if line]
    return [[str(name) for name, n in enumerate(row) for _ in range(n)] for row in rows]


def dawid_skene_labels() -> list[Label]:
    patients = DAWID_SKENE.strip().replace("\n", "|").split("|")
    return [
        Label(item, worker, value)
        for item, row in enumerate(patients)
        for worker, values in enumerate(row.split())
        for value in values
    ]
