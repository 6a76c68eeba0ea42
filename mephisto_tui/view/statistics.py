"""Statistics as lines: agreement, labels as bars, workers, items with most disagreement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from mephisto_engine.analysis.report import (
    ClassFigures,
    FieldFigures,
    ItemFigures,
    Report,
    WorkerFigures,
)
from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.meters import bar
from mephisto_tui.view.spans import BLANK, Line, Span, Tone, line, padded
from mephisto_tui.view.words import duration, plural

NAME_CELLS: Final = 24
CLASS_CELLS: Final = 28
SENTENCE_CELLS: Final = 300
NOTHING: Final = "-"
SHOWN_WORKERS: Final = 500

RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's limits (Content Analysis, 2004, p. 241) for alpha."""


class Shape(NamedTuple):
    """How much is shown, and in what form."""

    has_bars: bool = True
    workers: int = SHOWN_WORKERS
    items: int = 20


def statistics(report: Report, cells: int, shape: Shape = Shape()) -> list[Line]:
    """All of a report in so many cells."""
    if not report.answers:
        return [line(" no answers yet", "dim")]
    lines = [*_head(report)]
    shown = report.shown
    if shown is not None:
        lines += [BLANK, *_agreement(shown), BLANK, *_classes(shown, cells, shape)]
    lines += [BLANK, *_workers(report, shape)]
    if shown is not None and shown.hardest:
        lines += [BLANK, *_hardest(report, shown, shape)]
    if shown is not None:
        lines += [BLANK, *_freshness(shown)]
    return lines


def _head(report: Report) -> Iterator[Line]:
    shown = report.shown
    time = NOTHING if report.median_seconds is None else duration(report.median_seconds)
    yield _fact("answers", f"{report.answers} by {plural(len(report.workers), 'worker')}")
    yield _fact("median time", time)
    if shown is None:
        yield _fact("field", "none holds labels; --field names one")
        return
    place = report.fields.index(shown.name) + 1
    yield _fact("field", f"{clean(shown.name, 60)}  ({place} of {len(report.fields)})")
    compared = f"{shown.compared_items} of them with two labels or more"
    yield _fact("items", f"{shown.items}, {compared}; {plural(shown.labels, 'label')}")


def _agreement(shown: FieldFigures) -> Iterator[Line]:
    yield _heading("AGREEMENT", "1 is full agreement, 0 is chance")
    if not shown.compared_items:
        yield _fact("", "no item has two labels yet")
        return
    yield _fact("pairs alike", percent(shown.percent))
    yield _fact("Fleiss' kappa", coefficient(shown.fleiss_kappa))
    yield _fact("Cohen's kappa", coefficient(shown.cohen_kappa), "mean over pairs of workers")
    meaning, tone = _meaning(shown.alpha)
    alpha = coefficient(shown.alpha)
    if shown.alpha_interval is not None:
        low, high = shown.alpha_interval
        alpha = f"{alpha}  95% within {coefficient(low)} to {coefficient(high)}"
    yield _fact("Krippendorff alpha", alpha, f"{shown.level}; {meaning}", tone)


def _meaning(alpha: float | None) -> tuple[str, Tone]:
    if alpha is None:
        return "one class alone says nothing", ""
    if alpha >= RELIABLE:
        return "reliable", "good"
    return ("for tentative conclusions", "warn") if alpha >= TENTATIVE else ("not reliable", "bad")


def _classes(shown: FieldFigures, cells: int, shape: Shape) -> Iterator[Line]:
    yield _heading("LABELS", "also: how often another worker says it too")
    names = [clean(item.value, CLASS_CELLS) or "(empty)" for item in shown.classes]
    left = max(map(width, names), default=0)
    room = min(50, cells - left - 38) if shape.has_bars else 0
    most = max((item.labels for item in shown.classes), default=0)
    for name, item in zip(names, shown.classes, strict=True):
        yield _class_line(padded(Span(name), left), item, most, max(0, room))


def _class_line(name: Span, item: ClassFigures, most: int, room: int) -> Line:
    estimated = "" if item.estimated_share is None else f"  true {percent(item.estimated_share)}"
    also = f"also {percent(item.agreement)}"
    drawn = padded(Span(bar(item.labels, most, room), "accent"), room)
    return (
        Span(" "),
        name,
        Span(f" {item.labels:>6} {percent(item.share):>5}  "),
        drawn,
        Span(f"  {also:>9}{estimated}", "dim"),
    )


def _workers(report: Report, shape: Shape) -> Iterator[Line]:
    estimated = "quality: says the true class, by Dawid-Skene; agrees: with most of the others"
    yield _heading("WORKERS", estimated)
    titles = ("WORKER", "LABELS", "QUALITY", "AGREES", "GOLD", "MEDIAN", "FLAGS")
    shown = report.workers[: shape.workers]
    table = _table(titles, [_worker_cells(report, worker) for worker in shown])
    yield next(table)
    for worker, drawn in zip(shown, table, strict=True):
        yield drawn
        for flag in worker.flags:
            sentence = clean(flag.sentence, SENTENCE_CELLS)
            yield (Span("     ▲ ", "warn"), Span(sentence))
    hidden = len(report.workers) - len(shown)
    if hidden:
        yield _fact("", f"and {hidden} more")


def _worker_cells(report: Report, worker: WorkerFigures) -> tuple[str, ...]:
    golds = worker.gold_right + worker.gold_wrong
    agrees = f"{percent(worker.agreement)} of {worker.judged}" if worker.judged else NOTHING
    name = report.names.get(worker.worker, str(worker.worker))
    return (
        clean(name, NAME_CELLS),
        str(worker.labels),
        percent(worker.quality),
        agrees,
        f"{worker.gold_right}/{golds}" if golds else NOTHING,
        NOTHING if worker.median_seconds is None else duration(worker.median_seconds),
        ", ".join(dict.fromkeys(flag.kind for flag in worker.flags)) or NOTHING,
    )


def _hardest(report: Report, shown: FieldFigures, shape: Shape) -> Iterator[Line]:
    yield _heading("ITEMS WITH MOST DISAGREEMENT", "likely: the true class, by Dawid-Skene")
    named = [
        (report.item_names.get(item.item, str(item.item)), item)
        for item in shown.hardest[: shape.items]
    ]
    yield from item_lines(named)


def item_lines(items: Iterable[tuple[str, ItemFigures]]) -> Iterator[Line]:
    """Items by what they are called, with their labels."""
    return _table(
        ("ITEM", "ALIKE", "MAJORITY", "LIKELY", "LABELS"),
        [_item_cells(name, item) for name, item in items],
    )


def _item_cells(name: str, item: ItemFigures) -> tuple[str, ...]:
    counts = sorted(item.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    likely = NOTHING
    if item.estimated is not None:
        likely = f"{clean(item.estimated, 16)} {percent(item.probability)}"
    return (
        name,
        percent(item.agreement),
        clean(item.majority, 16) if item.majority is not None else "tied",
        likely,
        " · ".join(f"{clean(value, 16)} {number}" for value, number in counts),
    )


def _freshness(shown: FieldFigures) -> Iterator[Line]:
    estimate = shown.estimate
    if estimate is None:
        why = "not estimated yet" if shown.compared_items else "need items with two labels"
        yield line(f" Dawid-Skene and Cohen's kappa: {why}", "dim")
        return
    state = "up to date" if not estimate.behind else f"{estimate.behind} behind"
    steps = plural(estimate.steps, "step")
    converged = "" if estimate.is_converged else ", not converged"
    text = f"from {plural(estimate.labels, 'label')} ({state}), {steps}{converged}"
    yield line(f" Dawid-Skene and Cohen's kappa: {text}", "warn" if estimate.behind else "dim")


def percent(share: float | None) -> str:
    """``0.873`` as ``87%``; full and nothing only where they are exact."""
    if share is None:
        return NOTHING
    whole = round(share * 100)
    if share < 1 and whole == 100:
        return "99%"
    return "1%" if share > 0 and whole == 0 else f"{whole}%"


def coefficient(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _fact(name: str, text: str, note: str = "", tone: Tone = "") -> Line:
    spans: Line = (Span(f" {name:<18} ", "dim"), Span(text, tone))
    return (*spans, Span(f"  {note}", "dim")) if note else spans


def _heading(title: str, note: str) -> Line:
    return (Span(f" {title}", "strong"), Span(f"  {note}", "dim"))


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Line]:
    """Columns as wide as what is in them; numbers stand at the right."""
    columns = list(zip(titles, *rows, strict=True)) or [(title,) for title in titles]
    widths = [max(map(width, column)) for column in columns]
    is_right = [_is_numeric(column[1:]) for column in columns]
    if not is_right[-1]:
        widths[-1] = 0  # nothing follows that would have to be aligned
    for number, row in enumerate((titles, *rows)):
        tone: Tone = "dim" if number == 0 else ""
        spans: Line = (Span(" "),)
        for text, cells, right in zip(row, widths, is_right, strict=True):
            span = padded(Span(text, tone), max(cells, width(text)), to_right=right)
            spans = (*spans, span, Span("  "))
        yield spans[:-1]


def _is_numeric(column: Sequence[str]) -> bool:
    return bool(column) and all(
        text.rstrip("%sm") in ("", "-") or text[:1].isdigit() for text in column
    )
