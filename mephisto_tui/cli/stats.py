"""`stats`: how far workers agree, and how good each of them is."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mephisto_engine.analysis.labels import Level
    from mephisto_engine.analysis.report import Report
    from mephisto_engine.operations.reviewing.statistics import StatisticsFollower
    from mephisto_tui.view.spans import Line

CELLS = 100


class Measure(StrEnum):
    """How the classes of a field differ."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


class Model(StrEnum):
    """Those of `mephisto_engine.analysis.crowdkit`, which is not loaded for help."""

    ONE_COIN = "one-coin"
    MACE = "mace"
    GLAD = "glad"
    MMSR = "mmsr"


def stats(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="RUN|TASK", help="Number of a run, or name of a task.")
    ],
    field: Annotated[
        str | None,
        typer.Option(
            "--field",
            help="Field of the answers, with dots into it; the first with labels if not given.",
        ),
    ] = None,
    level: Annotated[
        Measure | None,
        typer.Option(
            "--level",
            help="Whether its classes are names, have an order, or are numbers; for Krippendorff's "
            "alpha.",
        ),
    ] = None,
    has_labels: Annotated[
        bool,
        typer.Option("--labels", help="Print each item's majority and Dawid-Skene label instead."),
    ] = False,
    model: Annotated[
        Model | None,
        typer.Option(
            "--model", help="Print each item's label by a model of crowd-kit, if installed."
        ),
    ] = None,
    has_no_bars: Annotated[bool, typer.Option("--no-bars", help="Figures alone.")] = False,
    as_json: Json = False,
) -> None:
    """Show agreement, labels, how good workers are, what to check.

    It only reads: a run may be live meanwhile. Flags say why, and decide nothing.
    """
    settings = settings_of(context)
    measure: Level | None = level.value if level is not None else None
    with _followed(settings, subject, field, measure) as (title, follower):
        report = follower.report(level=measure)
        if model is not None:
            _put_model(follower.item_labels_by(model.value), as_json=as_json)
        elif has_labels:
            _put_labels(settings, follower, as_json=as_json)
        elif as_json:
            put_json(report_object(title, report))
        else:
            put_lines([title, *_lines(report, settings, has_bars=not has_no_bars)])
    if not report.answers:
        say("No answers yet.")


@contextmanager
def _followed(
    settings: Settings, subject: str, field: str | None, level: Level | None
) -> Iterator[tuple[str, StatisticsFollower]]:
    from mephisto_engine.database.queries.labels import find_runs
    from mephisto_engine.operations.reviewing.statistics import StatisticsFollower

    with settings.database() as db:
        title, run_ids = db.read(find_runs, subject)
        follower = StatisticsFollower(db, run_ids, field=field)
        follower.follow()
        follower.estimate(level=level)
        yield title, follower


def _put_labels(settings: Settings, follower: StatisticsFollower, *, as_json: bool) -> None:
    from dataclasses import asdict

    from mephisto_tui.view.statistics import item_lines

    items = follower.item_labels()
    if as_json:
        put_json([{**asdict(item), "item": name} for name, item in items])
    else:
        put_lines(_texts(item_lines(items), settings))


def _put_model(labels: Mapping[str, str], *, as_json: bool) -> None:
    from mephisto_tui import plain

    if as_json:
        put_json([{"item": item, "label": label} for item, label in labels.items()])
    else:
        put_lines(plain.table(("item", "label"), labels.items()))


def _lines(report: Report, settings: Settings, *, has_bars: bool) -> list[str]:
    from mephisto_tui.view.statistics import Shape, statistics

    return _texts(statistics(report, CELLS, Shape(has_bars=has_bars)), settings)


def _texts(lines: Iterable[Line], settings: Settings) -> list[str]:
    from mephisto_tui.terminal import shows_only_ascii
    from mephisto_tui.view.glyphs import to_ascii

    texts = ["".join(span.text for span in spans).rstrip() for spans in lines]
    if settings.is_ascii or shows_only_ascii():
        return [to_ascii(text) for text in texts]
    return texts


def report_object(title: str, report: Report) -> dict[str, Any]:
    """A report as JSON: workers and items by their names, shares as computed."""
    from dataclasses import asdict

    shown = asdict(report.shown) if report.shown is not None else None
    for item in shown["hardest"] if shown else ():
        item["item"] = report.item_names.get(item["item"], item["item"])
    workers = [
        {
            "worker_id": worker.worker,
            "worker_name": report.names.get(worker.worker, ""),
            "agreement": worker.agreement,
            **{key: value for key, value in asdict(worker).items() if key != "worker"},
        }
        for worker in report.workers
    ]
    return {
        "of": title,
        "answers": report.answers,
        "median_seconds": report.median_seconds,
        "fields": report.fields,
        "field": shown,
        "workers": workers,
    }
