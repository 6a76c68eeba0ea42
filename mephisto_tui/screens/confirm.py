"""Asks before something that cannot be undone; the safe answer is the one at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Input

from mephisto_tui.safe_text import width
from mephisto_tui.screens.menu import DialogScreen
from mephisto_tui.view.glyphs import CURSOR
from mephisto_tui.view.spans import BLANK, Line, Span, line, with_right
from mephisto_tui.widgets.line_widget import LineWidget

TYPED: Final = "typed"
"""The answer of a dialog in which the number was typed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to answer: the key that picks it, and what is given back."""

    key: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, with count and consequence, and the ways to answer."""

    title: str
    text: tuple[Line, ...]
    safe: str
    """What leaving the dialog does, in words: ``Keep it running``."""
    answers: tuple[Answer, ...] = ()
    number: int | str | None = None
    """To be typed before anything happens; for what touches many, or costs much."""


class QuestionBox(LineWidget, can_focus=True):
    """The question and its answers, the first of which is the safe one."""

    is_framed = True

    def __init__(self, question: Question) -> None:
        super().__init__(id="question")
        self._question = question
        self.picked = 0
        """0: the safe answer."""

    @property
    def needed_height(self) -> int:
        answers = 0 if self._question.number is not None else len(self._question.answers)
        return 2 + 1 + len(self._question.text) + 1 + answers + 1

    def pick(self, delta: int) -> None:
        self.picked = (self.picked + delta) % (len(self._question.answers) + 1)
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        question = self._question
        text = [(Span("  "), *part) for part in question.text]
        safe = self._answer_line(0, "esc", question.safe)
        if question.number is not None:
            typed = Span(f"  Type {question.number} to go on", "warn")
            return [BLANK, *text, BLANK, with_right((typed,), (*safe, Span(" ")), width)]
        answers = [
            self._answer_line(position, answer.key, answer.label)
            for position, answer in enumerate(question.answers, start=1)
        ]
        return [BLANK, *text, BLANK, safe, *answers]

    def _answer_line(self, position: int, key: str, label: str) -> Line:
        is_picked = position == self.picked
        mark = f" {CURSOR}" if is_picked else "  "
        body = f"[ {label} ]" if is_picked else f"  {label}  "
        gap = " " * max(1, 4 - width(key))
        return (Span(mark, "accent"), Span(key, "strong"), Span(gap), Span(body))

    def frame_title(self) -> Line:
        return line(self._question.title, "warn")

    def frame_note(self) -> Line:
        if self._question.number is not None:
            return line("⏎ does nothing until it matches", "dim")
        return line("↑↓ and ⏎, or the letter", "dim")


class ConfirmScreen(DialogScreen):
    """Gives the value of the chosen answer, or None for the safe one.

    Enter alone always means the safe answer: the cursor stands there when the dialog opens. Where
    a number is asked for, Enter does nothing until exactly that number was typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave it", priority=True),
        Binding("down,tab,right", "pick(1)", "Next"),
        Binding("up,shift+tab,left", "pick(-1)", "Before"),
        Binding("enter", "answer", "Answer"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            box = QuestionBox(self.question)
            box.styles.height = box.needed_height
            yield box
            if self.question.number is not None:
                yield Input(compact=True, max_length=9)

    def on_mount(self) -> None:
        self.app.typed_ahead = ""  # nobody had seen what is asked
        is_typed = self.question.number is not None
        (self.query_one(Input) if is_typed else self.query_one(QuestionBox)).focus()

    def action_pick(self, delta: int) -> None:
        if self.question.number is None:
            self.query_one(QuestionBox).pick(delta)

    def action_answer(self) -> None:
        picked = self.query_one(QuestionBox).picked
        self.dismiss(self.question.answers[picked - 1].value if picked else None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == str(self.question.number):
            self.dismiss(TYPED)

    def on_key(self, event: Key) -> None:
        if self.question.number is not None:
            return
        values = {answer.key: answer.value for answer in self.question.answers}
        if event.character in values:
            # The screen below has a meaning of its own for the key.
            event.stop()
            event.prevent_default()
            self.dismiss(values[event.character])
        elif event.character in ("q", "h"):
            event.stop()
            event.prevent_default()
            self.dismiss(None)


def sentence(*parts: str) -> tuple[Line, ...]:
    """Lines of plain words."""
    return tuple(line(part) for part in parts)
