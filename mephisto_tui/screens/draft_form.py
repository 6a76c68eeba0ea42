"""The form of a launch: options, their values, what is wrong with them, and the plan."""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.containers import Container, Vertical
from textual.geometry import Region
from textual.widget import Widget

from mephisto_engine.errors import MephistoError
from mephisto_engine.operations.watching.snapshot import Snapshot, View
from mephisto_tui.commands import bindings_for
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean, clean_lines
from mephisto_tui.screens.confirm import ConfirmScreen, Question
from mephisto_tui.screens.launch import NOTHING_SHOWN
from mephisto_tui.screens.launch_questions import how_to_discard
from mephisto_tui.screens.listing import ListScreen
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.view import draft_panels as panels
from mephisto_tui.view.configs import shown_path
from mephisto_tui.view.draft_fields import (
    MARK_CELLS,
    NAME_CELLS,
    STATES,
    Field,
    field_line,
    fields_of,
    heading,
    narrowed_fields,
)
from mephisto_tui.view.empty import filtered_out
from mephisto_tui.view.filtering import Filter, parse_filter
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import BLANK, Line, Row, Span, line, with_right
from mephisto_tui.widgets.block import Block
from mephisto_tui.widgets.cursor_list import CursorList
from mephisto_tui.widgets.field_editor import FieldEditor
from mephisto_tui.widgets.page import Page

if TYPE_CHECKING:
    from mephisto_engine.abstractions.registry import PluginKind
    from mephisto_engine.config.draft import LaunchDraft
    from mephisto_engine.operations.drafting import DraftCheck
    from mephisto_tui.launching import Launching

log = logging.getLogger(__name__)

OPTIONS, RESOLVED = "options", "resolved"


class DraftForm(ListScreen):
    """Every change is checked in a thread; what was checked last stays until the answer comes."""

    SCOPES = ("everywhere", "panes", "scroll", "draft")
    BINDINGS = bindings_for("everywhere", "panes", "scroll", "draft")  # type: ignore[assignment]
    MODE = "Launch"
    FILTER = "draft.filter"
    PANES: ClassVar = (OPTIONS, RESOLVED)
    STAYS = frozenset({"source"})
    VERTICAL_BREAKPOINTS = [(0, "-tiny-height"), (16, "-low"), (22, "-short"), (36, "-tall")]

    def __init__(self, draft: LaunchDraft, launching: Launching) -> None:
        super().__init__()
        self.draft = draft
        self.check: DraftCheck | None = None
        self.launching = launching
        self._pending: Future[DraftCheck] | None = None
        self.is_checking = False
        self.is_launching = False
        self._wish = Filter()
        self._editing = ""
        """Key of the option that is being typed."""

    def content(self) -> list[Widget]:
        return [
            Block(id="source"),
            Container(
                CursorList(id=OPTIONS, title=line("Options", "strong")),
                Vertical(
                    Block(id="about"),
                    Block(id="plan"),
                    Block(id="problems"),
                    Page(id=RESOLVED, title=line("Resolved config", "strong")),
                    id="side",
                ),
                id="draft",
            ),
            FieldEditor(),
        ]

    def view(self) -> View:
        return NOTHING_SHOWN

    @property
    def kept_name(self) -> str:
        return "launch form"

    def breadcrumb(self) -> list[str]:
        path = self.draft.path
        return ["Launch", clean(path.name, 40) if path else "new"]

    def pane_id(self) -> str:
        return OPTIONS

    def options(self) -> CursorList:
        return self.query_one(f"#{OPTIONS}", CursorList)

    def resolved(self) -> Page:
        return self.query_one(f"#{RESOLVED}", Page)

    def editor(self) -> FieldEditor:
        return self.query_one(FieldEditor)

    def on_mount(self) -> None:
        super().on_mount()
        self.options().focus()
        self.recheck()

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        if self.are_figures_due:
            self.show_form()

    # What is shown

    def fields(self) -> list[Field]:
        return fields_of(self.check, self.draft) if self.check is not None else []

    def field(self) -> Field | None:
        """The one under the cursor."""
        key = self.options().selected
        return next((field for field in self.fields() if field.key == key), None)

    def show_form(self) -> None:
        if not self.is_mounted:
            return
        options = self.options()
        options.show(self._rows(max(20, options.size.width - 2)))
        if self._editing:
            self.editor().put(self._place_of_value())
        self._block("source").show(self._source)
        self._show_side()

    def _rows(self, cells: int) -> list[Row]:
        check = self.check
        if check is None:
            return [Row(line(" checking…", "dim"))]
        rows, section = [], ""
        for field in narrowed_fields(self.fields(), self._wish):
            if field.section != section:
                rows += [Row(BLANK)] if section else []
                section = field.section
                rows.append(Row(heading(section, check)))
            rows.append(Row(field_line(field, cells), field.key))
        hidden = filtered_out(len(self.fields()), "option", self.typed.get(OPTIONS, ""))
        return rows or [Row((Span(" "), *hidden))]

    def _source(self, cells: int) -> list[Line]:
        path = self.draft.path
        left = panels.source_words(self.draft, shown_path(path, Path.cwd()) if path else "")
        state = panels.state_words(
            self.check, self.draft, is_checking=self.is_checking, is_launching=self.is_launching
        )
        return [with_right(left, state, cells)]

    def _show_side(self) -> None:
        check, fields, at_hand = self.check, self.fields(), self.field()
        has_problems = check is not None and bool(check.problems)
        self.query_one("#side").set_class(has_problems, "has-problems")
        self._block("about").show(lambda cells: panels.about_panel(at_hand, cells))
        self._block("plan").show(lambda cells: panels.plan_panel(check, cells))
        if check is not None:
            self._block("problems").show(lambda cells: panels.problems_panel(check, fields, cells))

    def _show_resolved(self) -> None:
        lines = [line(f" {text}") for text in clean_lines(self._resolved_text())]
        self.resolved().show(lambda cells: lines)

    def _resolved_text(self) -> str:
        import yaml

        resolved = dict(self.check.resolved) if self.check is not None else {}
        return yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True).rstrip()

    def on_cursor_list_moved(self, message: CursorList.Moved) -> None:
        self._show_side()

    # Checking

    def recheck(self) -> None:
        """Check the draft as it is now, off this thread."""
        self.is_checking = True
        self._pending = self.launching.check(self.draft)
        self._recheck()
        self.show_form()

    @work(exit_on_error=False)
    async def _recheck(self) -> None:
        future = self._pending
        if future is None:
            return
        try:
            check = await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            return
        except Exception as error:
            log.exception("a draft could not be checked")
            self.is_checking = False
            self.say(f"the check failed: {type(error).__name__}: {error}", "bad")
            return
        if future is self._pending:
            self.check, self.is_checking = check, False
            if self.is_attached:
                self.show_form()
                self._show_resolved()

    def _change(self, draft: LaunchDraft) -> None:
        if draft != self.draft:
            self.draft = draft
            self.recheck()

    # Editing

    def do_draft_edit(self) -> None:
        field = self.field()
        if self.front == RESOLVED:
            self.say(with_keys("{panes.next} goes back to the options"))
        elif field is None:
            self.say("no option under the cursor")
        elif field.choices:
            labels = [(choice, clean(choice, 50)) for choice in field.choices]
            menu = MenuScreen(clean(field.name, 40), labels)
            self.app.push_screen(menu, lambda choice: self._chosen(field, choice))
        else:
            self._editing = field.key
            self.editor().open(field.text, self._place_of_value())
            self.say("⏎ takes the value · tab goes on to the next · esc leaves it as it was")

    def _chosen(self, field: Field, choice: str | None) -> None:
        if choice is None:
            return
        if field.is_plugin:
            self.run_worker(self._choose_plugin(field.name, choice))
        else:
            self._take(field, choice)

    async def _choose_plugin(self, kind_name: str, name: str) -> None:
        from mephisto_engine.abstractions.registry import PluginKind

        kind: PluginKind = PluginKind(kind_name)
        try:
            future = self.launching.with_plugin(self.draft, kind, name)
            self._change(await asyncio.wrap_future(future))
        except MephistoError as error:
            self.say(f"{error.message} {error.hint}".strip(), "bad")

    def _take(self, field: Field, text: str) -> None:
        from mephisto_engine.config.literals import typed_value

        if text != field.text:
            self._change(self.draft.edited(field.key, typed_value(text, self._type_of(field))))

    def _type_of(self, field: Field) -> str:
        sections = self.check.sections if self.check is not None else ()
        infos = {f"{part.where}.{info.name}": info for part in sections for info in part.args}
        return infos[field.key].type if field.key in infos else "str"

    def _place_of_value(self) -> Region:
        options = self.options()
        left = options.region.x + 1 + MARK_CELLS + NAME_CELLS + 1
        width = max(10, options.region.right - 1 - left)
        return Region(left - 1, options.region.y + options.line_of_cursor, width + 1, 1)

    def on_field_editor_taken(self, message: FieldEditor.Taken) -> None:
        field = next((field for field in self.fields() if field.key == self._editing), None)
        self._close_editor()
        if field is not None:
            self._take(field, message.text)
        if message.step:
            self.options().move(message.step)
            following = self.field()
            if following is not None and not following.choices and following != field:
                self.do_draft_edit()

    def on_field_editor_left(self, message: FieldEditor.Left) -> None:
        self._close_editor()

    def _close_editor(self) -> None:
        self.unsay()
        self._editing = ""
        self.editor().close()
        self.options().focus()

    def do_draft_undo(self) -> None:
        field = self.field()
        if field is None or not field.is_changed:
            self.say("nothing was changed in this option")
        elif field.is_plugin:
            self.say(with_keys("choose another with {draft.edit}"))
        else:
            self._change(self.draft.restored(field.key))

    def do_draft_next_problem(self) -> None:
        self._go_to_problem(1)

    def do_draft_previous_problem(self) -> None:
        self._go_to_problem(-1)

    def _go_to_problem(self, step: int) -> None:
        options = self.options()
        wrong = {field.key for field in self.fields() if field.problems}
        keys = [key for key in options.keys if key in wrong or key == options.selected]
        if not wrong & set(options.keys):
            self.say("nothing is wrong with these options")
        elif options.selected in keys:
            options.go_to(keys[(keys.index(options.selected) + step) % len(keys)])

    # Panes and filter

    def bring_to_front(self) -> None:
        self.query_one("#draft").set_class(self.front == RESOLVED, "show-resolved")
        self.call_after_refresh(self.show_form)

    def do_draft_filter(self) -> None:
        self.show_pane(OPTIONS)
        self.do_list_filter()

    def narrow_pane(self, typed: str) -> None:
        self._wish = parse_filter(typed, STATES)
        self.show_form()

    def raw(self) -> Raw:
        return Raw("resolved config", self._resolved_text(), ".yaml")

    def text_to_copy(self) -> str:
        """The command that does the same from a shell."""
        if self.draft.path is None:
            return ""
        words = ["mephisto-tui", "launch", str(self.draft.path), *self.draft.overrides()]
        return shlex.join(words)

    def do_copy(self) -> None:
        if self.draft.path is None:
            self.say(
                with_keys(
                    "a shell needs a file: {draft.save} saves one, then {copy} copies the command"
                )
            )
        else:
            super().do_copy()

    def do_mode_launch(self) -> None:
        self.do_back()

    def go_out(self) -> None:
        if self.front == RESOLVED:
            self.show_pane(OPTIONS)
        elif self.is_launching:
            self.say("it is being launched")
        elif self.draft.changes:
            self.ask(how_to_discard(self.draft.changes), self.app.pop_screen)
        else:
            super().go_out()

    def ask(self, question: Question, go_on: Callable[[], object]) -> None:
        """Go on if the answer is not the safe one."""

        def hear(answer: str | None) -> None:
            if answer is not None:
                go_on()

        self.app.push_screen(ConfirmScreen(question), hear)
