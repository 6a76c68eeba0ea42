"""The options of a launch draft as the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mephisto_engine.abstractions.args import REQUIRED
from mephisto_engine.config.literals import value_text
from mephisto_engine.config.redaction import MASK, is_secret
from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.filtering import Filter, text_matches
from mephisto_tui.view.glyphs import CHANGED, FAILED
from mephisto_tui.view.spans import Line, Span, Tone, padded

if TYPE_CHECKING:
    from mephisto_engine.abstractions.args import ArgInfo
    from mephisto_engine.config.draft import LaunchDraft
    from mephisto_engine.config.schema import Description
    from mephisto_engine.errors import Problem
    from mephisto_engine.operations.drafting import DraftCheck

PLUGINS: Final = "plugins"
STATES: Final = ("changed", "required", "wrong")
"""What a filter can ask for: ``state:wrong``."""
ORDER: Final = ("task", "blueprint", "provider", "architect")
NAME_CELLS: Final = 31
"""The longest name of an option of Mephisto has thirty letters."""
MARK_CELLS: Final = 3
WIDE_CELLS: Final = 90
"""From here on there is room for the help beside each value."""
_TYPES: Final = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}


@dataclass(frozen=True)
class Field:
    """One option: what it takes, what it has, and what is wrong with that."""

    key: str
    section: str
    """``plugins``, or the kind of the node it belongs to."""
    name: str
    value: Any
    help: str
    type: str
    default: Any
    choices: tuple[str, ...]
    is_required: bool
    is_changed: bool
    """By hand, since the file was read."""
    problems: tuple[Problem, ...]

    @property
    def is_plugin(self) -> bool:
        """Whether it chooses a plugin."""
        return self.section == PLUGINS

    @property
    def is_missing(self) -> bool:
        """Whether it has to be given and is not."""
        return self.value is None or self.value == REQUIRED if self.is_required else False

    @property
    def text(self) -> str:
        """The value as one edits it; a secret is never shown."""
        if self.value == REQUIRED or self.value == MASK:
            return ""
        return value_text(self.value)

    @property
    def value_tone(self) -> Tone:
        """Whether the value is the default, the file's or was changed here."""
        if self.problems:
            return "bad"
        if self.is_changed:
            return "accent"
        return "dim" if self.value == self.default else ""


def fields_of(check: DraftCheck, draft: LaunchDraft) -> list[Field]:
    """All fields in the order of the form; what was typed since the check is in them already."""
    by_kind = {section.kind: section for section in check.sections}
    fields = [_plugin_field(kind, check, draft) for kind in check.choices]
    for kind in ORDER:
        if kind in by_kind:
            options = _option_fields(by_kind[kind], check, draft)
            fields += sorted(options, key=lambda field: not field.is_required)
    return fields


def unplaced(problems: Sequence[Problem], fields: Sequence[Field]) -> list[Problem]:
    """Problems that belong to no field."""
    placed = {problem for field in fields for problem in field.problems}
    return [problem for problem in problems if problem not in placed]


def narrowed_fields(fields: Sequence[Field], wish: Filter) -> list[Field]:
    """The fields whose name, value or help has the words, in one of `STATES` if that is asked."""
    return [field for field in fields if _matches(field, wish)]


def _matches(field: Field, wish: Filter) -> bool:
    is_so = {
        "changed": field.is_changed,
        "required": field.is_required,
        "wrong": bool(field.problems),
    }
    if wish.status and not is_so.get(wish.status, False):
        return False
    if not wish.text:
        return True
    words = f"{field.name} {field.text} {field.help}"
    return text_matches(words, wish.text, is_fuzzy=wish.is_fuzzy) != wish.is_inverse


def _plugin_field(kind: Any, check: DraftCheck, draft: LaunchDraft) -> Field:
    key = f"mephisto.{kind}"
    return Field(
        key=key,
        section=PLUGINS,
        name=str(kind),
        value=draft.plugins.get(kind, check.plugins.get(kind)),
        help=f"which {kind} the run has",
        type="one that is installed",
        default=None,
        choices=check.choices[kind],
        is_required=True,
        is_changed=kind in draft.plugins,
        problems=tuple(problem for problem in check.problems if problem.where == key),
    )


def _option_fields(section: Description, check: DraftCheck, draft: LaunchDraft) -> Iterator[Field]:
    for info in section.args:
        key = f"{section.where}.{info.name}"
        yield Field(
            key=key,
            section=section.kind,
            name=info.name,
            value=_value(key, info, check, draft),
            help=info.help,
            type=_type_words(info.type),
            default=info.default,
            choices=_choices(info),
            is_required=info.is_required,
            is_changed=key in draft.edits,
            problems=_problems_at(key, check.problems),
        )


def _value(key: str, info: ArgInfo, check: DraftCheck, draft: LaunchDraft) -> Any:
    if key not in draft.edits:
        return check.values.get(key, info.default)
    typed = draft.edits[key]
    return MASK if is_secret(info.name) and typed and "${" not in str(typed) else typed


def _choices(info: ArgInfo) -> tuple[str, ...]:
    if info.type == "bool":
        return ("true", "false")
    return tuple(value_text(choice) for choice in info.choices)


def _problems_at(key: str, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(
        problem
        for problem in problems
        if problem.where == key or problem.where.startswith((f"{key}.", f"{key}["))
    )


def _type_words(type_name: str) -> str:
    parts = [part.strip() for part in type_name.split("|")]
    return " or ".join(_TYPES.get(part, part) for part in parts if part not in ("None", "NoneType"))


def heading(section: str, check: DraftCheck) -> Line:
    """What stands above the fields of a section."""
    if section == PLUGINS:
        return (Span("WHAT IT IS MADE OF", "accent"),)
    described = next((item for item in check.sections if item.kind == section), None)
    name = "" if described is None or section == "task" else f" {clean(described.name, 30)}"
    summary = "" if described is None else clean(described.summary, 200)
    return (Span(f"{section.upper()}{name}", "accent"), Span(f"  {summary}", "dim"))


def field_line(field: Field, cells: int) -> Line:
    """One field: mark, name, value, and at the right what is wrong with it or what it is for."""
    mark = Span(f"{FAILED} ", "bad") if field.problems else Span("  ")
    if field.is_changed and not field.problems:
        mark = Span(f"{CHANGED} ", "accent")
    name = Span(f"{clean(field.name)}{' *' if field.is_required else ''}")
    value = Span(_shown_value(field), field.value_tone)
    if cells < WIDE_CELLS:
        return (mark, padded(name, NAME_CELLS + 1), value, Span("  "), *_fault(field))
    room = (cells - MARK_CELLS - NAME_CELLS) // 2
    note = _fault(field) or (Span(clean(field.help, 200), "dim"),)
    return (mark, padded(name, NAME_CELLS + 1), padded(value, room), Span("  "), *note)


def _shown_value(field: Field) -> str:
    if field.value == MASK:
        return MASK
    if field.is_missing:
        return "(to be given)"
    return clean(field.text, 200) or "-"


def _fault(field: Field) -> Line:
    if not field.problems:
        return ()
    return (Span(clean(field.problems[0].what, 200), "bad"),)


def traits(field: Field) -> str:
    """What kind of value it takes, and which it has without one being given."""
    must = "required" if field.is_required else f"default {_default_words(field)}"
    return f"{clean(field.type, 60)}, {must}"


def about(field: Field) -> list[tuple[str, Tone]]:
    """A field in full: everything that is wrong with it, help, choices."""
    lines: list[tuple[str, Tone]] = []
    for problem in field.problems:
        lines.append((f"{FAILED} {clean(problem.what, 300)}", "bad"))
        if problem.hint and problem.hint != field.help and not field.is_plugin:
            lines.append((clean(problem.hint, 300), "dim"))
    lines.append((clean(field.help, 400), ""))
    if field.choices:
        lines.append((f"one of: {clean(', '.join(field.choices), 300)}", "dim"))
    if is_secret(field.name):
        lines.append(("a secret: name a variable of the environment, ${oc.env:NAME}", "warn"))
    return lines


def _default_words(field: Field) -> str:
    text = clean(value_text(field.default), 60)
    return text if text and width(text) else "none"
