"""The lines around the unit under review: where one is, who did it, what is staged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mephisto_engine.cents import dollars
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean
from mephisto_tui.view.decisions import MARKS, VERBS, summary_line
from mephisto_tui.view.glyphs import HERE, LATE, MARK, MARK_AND_CURSOR, WARNING
from mephisto_tui.view.reading import wrapped_words
from mephisto_tui.view.sections import RESULTS, fault_line, section_lines
from mephisto_tui.view.spans import BLANK, Line, Span, Tone, line, line_width, padded, with_right
from mephisto_tui.view.words import age, clock_time, duration, first_line

if TYPE_CHECKING:
    from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit
    from mephisto_engine.database.queries.review_detail import EarlierDecision, Sibling
    from mephisto_engine.database.queries.standing import Figures
    from mephisto_engine.operations.reviewing.review import Summary
    from mephisto_engine.operations.reviewing.review_detail import ReviewedUnit
    from mephisto_tui.review_queue import ReviewQueue

LETTERS: Final = {"accepted": "a", "soft_rejected": "p", "rejected": "r", "": "·"}
KINDS: Final = {GOLD_INDEX: "gold unit", SCREENING_INDEX: "screening unit"}
LOW_SHARE: Final = 70
"""Per cent of accepted units below which a worker's line is marked."""
NOTHING_STAGED: Final = "staged 0"
DECIDING: Final = (
    ("{review.accept}", "Accept"),
    ("{review.pass}", "Pass (paid, not kept)"),
    ("{review.reject}", "Reject (unpaid)"),
)


def place_in_group(queue: ReviewQueue) -> str:
    """``3/7``: which unit of its group is at hand."""
    first, last = queue.bounds
    return f"{queue.place - first + 1}/{last - first}" if queue.units else "0/0"


def position(queue: ReviewQueue, here: Figures | None, staged: str, cells: int) -> Line:
    """Where the unit is among those of its group, and how much is left."""
    place = place_in_group(queue)
    left = Span(f" unit {place} of this {queue.grouping} · queue ")
    is_filtered = len(queue.units) < queue.total
    number = f"{len(queue.units)} of {queue.total} filtered" if is_filtered else str(queue.total)
    waiting = Span(number, "warn" if is_filtered else "")
    before: tuple[Span, ...] = ()
    if here is not None:
        before = (Span(" · before "), *_before(here))
    tone: Tone = "" if staged == NOTHING_STAGED else "warn"
    right = (
        Span(f" {staged}", tone),
        Span(with_keys("  {review.send} send  {review.undo} undo"), "dim"),
    )
    whole = (left, waiting, *before)
    has_room = line_width((*whole, *right)) <= cells
    return with_right(whole if has_room else (left, waiting), right, cells)


def _before(here: Figures) -> tuple[Span, ...]:
    counts = (here.accepted, here.soft_rejected, here.rejected)
    if not any(counts):
        return (Span("first time", "dim"),)
    return (
        Span(f"✓{here.accepted} ", "good"),
        Span(f"~{here.soft_rejected} "),
        Span(f"✗{here.rejected}", "bad" if here.rejected else ""),
    )


def unit_title(unit: QueuedUnit, detail: ReviewedUnit | None = None) -> Line:
    """What stands in the frame of the unit; of its checks those that are worth a look."""
    when = clock_time(unit.submitted_at)[:5]
    place = KINDS.get(unit.unit_index) or f"item {unit.item_index}"
    text = f"Unit {unit.unit_id} · {place} · submitted {when} · {dollars(unit.pay_cents)}"
    return (Span(text, "strong"), *(_marks(detail) if detail is not None else ()))


def _marks(detail: ReviewedUnit) -> tuple[Span, ...]:
    """How many checks failed and are odd, since they may stand below the fold."""
    found = [row.result for one in detail.sections if one.kind == "checks" for row in one.rows]
    marks: list[Span] = []
    for result in ("failed", "odd"):
        mark, tone = RESULTS[result]
        marks += [Span(f" {mark}{found.count(result)}", tone)] if result in found else []
    return (Span(" · checks", "strong"), *marks) if marks else ()


def page_remark(cells: int) -> str:
    """What the frame of the unit says at its foot."""
    remark = "{panes.next} pane · {raw} raw JSON"
    return with_keys(f"{remark} · {{editor}} in $EDITOR" if cells > 85 else remark)


def unit_lines(detail: ReviewedUnit, staged: DecisionRow | None, cells: int) -> list[Line]:
    """The unit's own data, and what is known about how it came about."""
    lines = [fault_line(detail.fault, cells)] if detail.fault else []
    lines += section_lines(detail.sections, cells)
    if detail.around.siblings:
        lines += [BLANK, line(" ALSO ON THIS ITEM", "accent"), *_siblings(detail)]
    return [*not_sent(staged, cells), *lines]


def not_sent(staged: DecisionRow | None, cells: int) -> list[Line]:
    """Why a decision is staged still; nothing where it was not tried yet."""
    if staged is None or not staged.error:
        return []
    words = wrapped_words(f"{WARNING} not sent: {clean(staged.error, 300)}", max(1, cells - 2))
    return [*(line(f" {part}", "bad") for part in words), BLANK]


def _siblings(detail: ReviewedUnit) -> list[Line]:
    return [_sibling(item) for item in detail.around.siblings]


def _sibling(item: Sibling) -> Line:
    return (
        Span("  "),
        verdict_mark(_verdict(item.status)),
        Span(f" {item.unit_id}  "),
        padded(Span(clean(item.worker_name, 16)), 16),
        Span(f"  {clean(item.preview, 200)}", "dim"),
    )


def queue_lines(queue: ReviewQueue, now: datetime, height: int) -> list[Line]:
    """Groups with their number of units; the units of the one at hand below it."""
    index = queue.group_index
    opened = _opened(queue, now, height - 6)
    room = max(1, height - len(opened) - 1)
    first = max(0, min(index - room // 2, queue.group_count - room))
    before = "  BEFORE ✓  ~  ✗" if queue.grouping == "worker" else ""
    lines: list[Line] = [line(f" {queue.grouping.upper():<11}LEFT{before}", "dim")]
    for place in range(first, min(queue.group_count, first + room)):
        lines.append(_group(queue, place, is_here=place == index))
        lines += opened if place == index else []
    return lines


def _group(queue: ReviewQueue, index: int, *, is_here: bool) -> Line:
    begin, end = queue.bounds_of(index)
    unit = queue.units[begin]
    is_worker = queue.grouping == "worker"
    name = clean(unit.worker_name, 11) if is_worker else f"item {unit.item_index}"
    left = sum(not queue.staged_for(item) for item in queue.units[begin:end])
    mark = Span("▌" if is_here else " ", "accent")
    head = (mark, padded(Span(name, "strong" if is_here else ""), 11), Span(f"{left:>4}"))
    return (*head, *_record(queue.before.get(unit.worker_id))) if is_worker else head


def _record(before: tuple[int, int, int] | None) -> Line:
    """What became of a worker's earlier units, and the share that was accepted."""
    if before is None:
        return (Span("  first time", "dim"),)
    accepted, passed, rejected = before
    share = accepted * 100 // sum(before)
    late = Span(LATE, "warn") if share < LOW_SHARE else Span("")
    return (Span(f"{accepted:>6}{passed:>3}{rejected:>3}{share:>4}%"), late)


def _opened(queue: ReviewQueue, now: datetime, room: int) -> list[Line]:
    begin, end = queue.bounds
    first = max(begin, min(queue.place - room // 2, end - room))
    lines: list[Line] = []
    for place in range(first, min(end, first + max(1, room))):
        unit = queue.units[place]
        staged = queue.staged_for(unit)
        name = "" if queue.grouping == "worker" else f"  {clean(unit.worker_name, 11)}"
        said = Span("  staged" if staged and not name else name, "dim")
        when = Span(f" {age(unit.submitted_at, now):>6}", "dim")
        number = Span(f" {unit.unit_id} ")
        lines.append((_pointer(queue, place), number, verdict_mark(staged), when, said))
    return lines


def _pointer(queue: ReviewQueue, place: int) -> Span:
    """Whether a unit of the queue is the one at hand, or marked, or both."""
    is_here, is_marked = place == queue.place, queue.units[place].unit_id in queue.marks
    if is_marked:
        return Span(MARK_AND_CURSOR if is_here else MARK, "warn")
    return Span(HERE if is_here else " ", "accent")


def worker_lines(unit: QueuedUnit, detail: ReviewedUnit) -> list[Line]:
    """Who did it: what they have done, hold, and what was decided about them."""
    here, ever = detail.around.here, detail.around.ever
    rate = "-" if ever.accept_rate is None else f"{ever.accept_rate * 100:.0f} % ✓"
    middle = "-" if here.median_seconds is None else duration(here.median_seconds)
    facts = (
        ("first seen", "-" if ever.first_at is None else f"{ever.first_at:%Y-%m-%d}"),
        ("this task", f"{here.done}: {here.accepted}✓ {here.soft_rejected}~ {here.rejected}✗"),
        ("all tasks", f"{ever.done}: {rate}"),
        ("median", middle),
        ("earned", dollars(ever.earned_cents + ever.bonus_cents)),
    )
    lines: list[Line] = [line(f" {clean(unit.worker_name, 28)}", "strong")]
    lines += [(Span(f"  {name:<13}", "dim"), Span(text)) for name, text in facts]
    lines += [BLANK, line(" QUALIFICATIONS", "accent")]
    lines += [
        (padded(Span(f"  {clean(name, 20)}"), 24), Span(f"{value:>5}"))
        for name, value in detail.around.grants
    ]
    lines.append(line(with_keys("  ({review.qualifications} to grant or revoke)"), "dim"))
    lines += [BLANK, line(" LAST DECISIONS", "accent")]
    return lines + [_earlier(item) for item in detail.around.of_worker]


def trail(queue: ReviewQueue, detail: ReviewedUnit | None, cells: int) -> list[Line]:
    """The other units of the group, and what was decided last in this task."""
    first: list[Span] = [Span(f" this {queue.grouping}  ", "dim")]
    begin, end = queue.bounds
    start = max(begin, queue.place - 2)
    for place in range(start, min(end, start + 8)):
        unit = queue.units[place]
        pointer = _pointer(queue, place)
        first += [pointer._replace(text=pointer.text.strip()), Span(f"{unit.unit_id} ")]
        first += [_letter(queue.staged_for(unit)), Span("  ")]
    second: list[Span] = [Span(" last 5 for this task  ", "dim")]
    for item in detail.around.of_task if detail is not None else ():
        note = f" ‘{clean(first_line(item.note), 20)}’" if item.note else ""
        second += [verdict_mark(item.verdict), Span(f" {item.unit_id}{note}  ")]
    return [tuple(first), tuple(second)]


def staged_lines(staged: Sequence[DecisionRow], cells: int) -> list[Line]:
    """What waits to be sent, the latest last."""
    spans: list[Span] = []
    for row in staged[-12:]:
        note = f" ‘{clean(first_line(row.note), 20)}’" if row.note else ""
        name = clean(row.worker_name, 16)
        failed = Span(WARNING if row.error else "", "bad")
        number = Span(f" {row.unit_id} {name}{note}  ")
        spans += [Span(" "), failed, verdict_mark(row.verdict), number]
    kept = with_keys("sent by {review.send}, on leaving, or by `mephisto-tui review send`")
    kept += "; kept in the database until"
    return [tuple(spans), line(f" {kept} then, so a dropped SSH session loses nothing", "dim")]


def staged_count(staged: Sequence[DecisionRow], sent: int | None) -> str:
    """``staged 5``, or how many of them are sent while that is under way."""
    if sent is not None:
        return f"sending {sent}/{len(staged)}"
    failed = sum(bool(row.error) for row in staged)
    return f"staged {len(staged)}" + (f" {WARNING} {failed} failed" if failed else "")


def staged_title(staged: Sequence[DecisionRow], summary: Summary, sent: int | None) -> Line:
    """The batch in figures."""
    head = staged_count(staged, sent).replace("staged", "Staged decisions")
    return line(f"{head} · {summary_line(summary)}", "strong")


def draft_line(note: str, bonus_cents: int, block_reason: str | None, cells: int) -> Line:
    """What will go with the next decision."""
    parts: list[Span] = [Span(" note ", "dim")]
    parts.append(Span(f"‘{clean(note, max(10, cells - 50))}’") if note else Span("‘…’", "dim"))
    if not note:
        parts.append(
            Span(with_keys("  {review.note} to write a reason sent with pass/reject"), "dim")
        )
    if bonus_cents:
        parts.append(Span(f"  bonus {dollars(bonus_cents)}", "good"))
    if block_reason is not None:
        parts.append(Span(f"  block ‘{clean(block_reason, 30)}’", "bad"))
    return tuple(parts)


def deciding_line(cells: int, rest: int, marked: int) -> Line:
    """The keys that decide, and about how many units."""
    left: list[Span] = [Span(" ")]
    for key, label in DECIDING:
        left += [Span(with_keys(key), "strong"), Span(f" {label}  ")]
    if marked:
        keys = with_keys("{review.accept} {review.pass} {review.reject}")
        right = Span(f"{keys} = the {marked} marked ", "warn")
    else:
        keys = with_keys("{review.accept_rest} {review.pass_rest} {review.reject_rest}")
        of_rest = f"= the rest of this worker's {rest}"
        right = Span(f"{keys} {'whole worker' if cells < 100 else of_rest} ")
    return with_right(tuple(left), (right,), cells)


def staged_text(staged: Sequence[DecisionRow]) -> str:
    """All that is staged, one a line, for reading through."""
    return "\n".join(
        f"{VERBS[row.verdict]:<7} unit {row.unit_id}  {row.worker_name}  "
        f"{dollars(row.pay_cents if row.verdict != 'rejected' else 0)}"
        f"{'  bonus ' + dollars(row.bonus_cents) if row.bonus_cents else ''}"
        f"{'  block: ' + row.block_reason if row.block_reason else ''}"
        f"{'  ' + row.note if row.note else ''}{'  NOT SENT: ' + row.error if row.error else ''}"
        for row in staged
    )


def _earlier(item: EarlierDecision) -> Line:
    note = clean(first_line(item.note), 20)
    return (Span("  "), verdict_mark(item.verdict), Span(f" {item.unit_id}  "), Span(note, "dim"))


def _verdict(status: str) -> str:
    return status if status in MARKS else ""


def verdict_mark(verdict: str) -> Span:
    """The glyph of a verdict."""
    text, tone = MARKS[verdict]
    return Span(text, tone)


def _letter(verdict: str) -> Span:
    return Span(LETTERS[verdict], MARKS[verdict][1])
