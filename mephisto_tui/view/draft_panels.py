"""What stands beside the form of a launch: the option at hand, the plan, the problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.draft_fields import Field, about, traits, unplaced
from mephisto_tui.view.glyphs import DONE, FAILED
from mephisto_tui.view.plan_facts import plan_facts
from mephisto_tui.view.run_panels import rule
from mephisto_tui.view.spans import Line, Span, line
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_engine.config.draft import LaunchDraft
    from mephisto_engine.operations.drafting import DraftCheck


def about_panel(field: Field | None, cells: int) -> list[Line]:
    """The field under the cursor."""
    if field is None:
        return [rule("Option", cells)]
    lines: list[Line] = [rule(f"{field.key.removeprefix('mephisto.')} · {traits(field)}", cells)]
    for text, tone in about(field):
        lines += [line(f" {part}", tone) for part in folded(text, cells - 2)]
    return lines


def plan_panel(check: DraftCheck | None, cells: int) -> list[Line]:
    """What the launch would do and cost."""
    head = rule("Plan", cells)
    if check is None:
        return [head]
    if check.plan is None:
        return [head, line(" no plan until the problems are solved", "dim")]
    rows: list[Line] = [head]
    for fact in plan_facts(check.plan):
        first, *more = folded(fact.text, cells - 12)
        rows.append((Span(f" {fact.label:<9} ", "dim"), Span(first, fact.tone)))
        rows += [line(" " * 11 + part, fact.tone) for part in more]
    return rows


def problems_panel(check: DraftCheck, fields: Sequence[Field], cells: int) -> list[Line]:
    """All problems: first those of no field, then where the others are."""
    if not check.problems:
        return []
    loose = unplaced(check.problems, fields)
    rows: list[Line] = [
        rule(
            plural(len(check.problems), "problem")
            + with_keys(" · {draft.next_problem} goes to the next"),
            cells,
        )
    ]
    for problem in loose:
        where = f"{problem.where.removeprefix('mephisto.')}: " if problem.where else ""
        rows += _problem_lines(f"{where}{problem.what}", problem.hint, cells)
    for field in fields:
        for problem in field.problems:
            rows += _problem_lines(f"{field.name}: {problem.what}", "", cells)
    return rows


def _problem_lines(what: str, hint: str, cells: int) -> list[Line]:
    first, *more = folded(clean(what, 600), cells - 4)
    lines: list[Line] = [line(f" {FAILED} {first}", "bad")]
    lines += [line(f"   {part}", "bad") for part in more]
    lines += [line(f"   {part}", "dim") for part in folded(clean(hint, 600), cells - 4) if part]
    return lines


def source_words(draft: LaunchDraft, shown_path: str) -> Line:
    """Where the draft comes from."""
    if draft.path is None:
        return (Span(" a new config", "strong"),)
    return (Span(" from ", "dim"), Span(clean(shown_path, 100), "strong"))


def state_words(
    check: DraftCheck | None, draft: LaunchDraft, *, is_checking: bool, is_launching: bool
) -> Line:
    """How much was changed by hand, and whether it can be launched so."""
    changes = f"{plural(draft.changes, 'change')} · " if draft.changes else ""
    return (Span(changes, "accent"), _verdict(check, is_checking, is_launching), Span(" "))


def _verdict(check: DraftCheck | None, is_checking: bool, is_launching: bool) -> Span:
    if is_launching:
        return Span("launching…", "warn")
    if is_checking or check is None:
        return Span("checking…", "warn")
    if check.problems:
        return Span(f"{FAILED} {plural(len(check.problems), 'problem')}", "bad")
    return Span(f"{DONE} can be launched", "good")


def folded(text: str, cells: int) -> list[str]:
    """Clean text in lines of at most so many cells, broken at blanks where there are some."""
    lines, present = [], ""
    for word in text.split(" "):
        for part in _pieces(word, max(1, cells)):
            longer = f"{present} {part}" if present else part
            if width(longer) <= cells:
                present = longer
            else:
                lines.append(present)
                present = part
    return [*lines, present]


def _pieces(word: str, cells: int) -> list[str]:
    pieces, piece = [], ""
    for character in word:
        if width(piece + character) > cells:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]
