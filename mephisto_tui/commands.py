"""Everything an operator can ask for: the one list behind keys, key bar, help and palette.

A screen names the scopes that hold on it and has a method ``do_<id>`` (dots as underscores) for
each command of them; so a key, its entry in the key bar and its line in the help cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from textual.binding import Binding

NEVER_DROPPED: Final = 0
"""Priority of the keys that stay in the key bar at any width."""

Scope = Literal[
    "everywhere", "panes", "scroll", "filter", "lists", "live", "runs", "run", "statistics",
    "worker", "workers", "detail", "pick", "draft", "log", "review",
]  # fmt: skip

SCOPE_TITLES: Final[dict[Scope, str]] = {
    "everywhere": "Everywhere",
    "panes": "Panes",
    "scroll": "Moving",
    "filter": "Filtering",
    "lists": "Lists",
    "live": "Changing a live run",
    "runs": "Runs",
    "run": "One run",
    "statistics": "Statistics",
    "pick": "Launch from",
    "draft": "Launch form",
    "review": "Review",
    "worker": "The worker",
    "workers": "Workers",
    "log": "Log",
    "detail": "One unit, agent or worker",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing an operator can ask for."""

    id: str
    keys: tuple[str, ...]
    """As Textual names them; the first is the one to show."""
    title: str
    help: str
    scope: Scope
    bar: int | None = None
    """Priority in the key bar, 0 (always there) to 9 (first to go); None: not shown there."""
    is_dangerous: bool = False
    """Cannot be undone, so it asks before it acts."""
    is_listed: bool = True
    """Whether the palette offers it; moving the cursor is for keys alone."""

    @property
    def handler(self) -> str:
        """Name of the method that does it."""
        return "do_" + self.id.replace(".", "_")


COMMANDS: Final = (
    Command("mode.runs", ("1",), "Runs", "the list of runs", "everywhere"),
    Command("mode.review", ("2",), "Review", "units that wait for a decision", "everywhere"),
    Command("mode.workers", ("3",), "Workers", "workers of all runs", "everywhere"),
    Command("mode.log", ("4",), "Log", "what has happened, as lines", "everywhere"),
    Command("mode.launch", ("5",), "Launch", "a new run", "everywhere"),
    Command("help", ("question_mark",), "Help", "this page", "everywhere", bar=NEVER_DROPPED),
    Command("palette", ("ctrl+p", "colon"), "Commands", "find a command by its name",
            "everywhere", bar=8, is_listed=False),
    Command("back", ("q", "escape", "left", "h"), "Back",
            "out of a filter, a zoom, a screen; at the top: quit", "everywhere",
            bar=NEVER_DROPPED),
    Command("freeze", ("f",), "Freeze", "hold the picture still, or follow again",
            "everywhere", bar=6),
    Command("copy", ("y",), "Copy", "the link or the id under the cursor", "everywhere", bar=7),
    Command("raw", ("v",), "Raw", "what lies behind this, in full", "everywhere"),
    Command("editor", ("E",), "Editor", "the same in $EDITOR; the engine runs on", "everywhere"),
    Command("move.down", ("j", "down"), "Down", "one line down", "scroll", is_listed=False),
    Command("move.up", ("k", "up"), "Up", "one line up", "scroll", is_listed=False),
    Command("move.page_down", ("pagedown",), "Page down", "a page down", "scroll",
            is_listed=False),
    Command("move.page_up", ("pageup",), "Page up", "a page up", "scroll", is_listed=False),
    Command("move.first", ("g", "home"), "First", "the first line", "scroll", is_listed=False),
    Command("move.last", ("G", "end"), "Last", "the last line", "scroll", is_listed=False),
    Command("list.filter", ("slash",), "Filter",
            "only some lines: words, !without, ~fuzzy, state:live", "filter", bar=3),
    Command("list.sort", ("o",), "Sort", "choose the column to sort by", "lists", bar=4),
    Command("list.reverse", ("O",), "Reverse", "sort the other way round", "lists"),
    Command("list.mark", ("space",), "Mark", "this row, for a command that takes several",
            "lists", bar=5),
    Command("list.mark_range", ("V",), "Mark range", "the rows from the last mark to here",
            "lists"),
    Command("list.mark_all", ("asterisk",), "Mark all", "all rows that the filter shows, or none",
            "lists"),
    Command("list.apply", ("full_stop",), "Apply order",
            "let rows move that were held while the cursor moved", "lists"),
    Command("live.extend", ("e",), "Extend", "more data, or more units of each item", "live",
            bar=6),
    Command("live.expire", ("x",), "Expire", "marked units, or this row's, for good",
            "live", bar=5, is_dangerous=True),
    Command("live.set", ("s",), "Limits", "change limits and budget for the rest of the run",
            "live", bar=9),
    Command("live.pause", ("S",), "Pause", "publish nothing, let nobody in; again: go on", "live",
            bar=8),
    Command("runs.open", ("enter",), "Open", "the run under the cursor", "runs", bar=1),
    Command("runs.launch", ("l",), "Launch", "a new run, from a config or from nothing", "runs",
            bar=2),
    Command("runs.stop", ("X",), "Stop run", "take no new workers", "runs", bar=5,
            is_dangerous=True),
    Command("run.open", ("enter",), "Details", "what is known of the row under the cursor",
            "run", bar=3),
    Command("run.copy_link", ("L",), "Copy link", "the address that workers open", "run"),
    Command("run.statistics", ("A",), "Statistics", "agreement, labels, how good workers are",
            "run", bar=8),
    Command("run.disconnect", ("D",), "Disconnect", "end marked agents, or this row's",
            "run", is_dangerous=True),
    Command("run.block", ("B",), "Block worker", "keep this row's worker out for good",
            "run", is_dangerous=True),
    Command("review.next", ("j", "down"), "Unit", "the next unit", "review", bar=2,
            is_listed=False),
    Command("review.previous", ("k", "up"), "Previous unit", "the unit before", "review",
            is_listed=False),
    Command("review.next_group", ("J",), "Worker", "the next worker, or item", "review",
            bar=2, is_listed=False),
    Command("review.previous_group", ("K",), "Previous worker", "the worker, or item, before",
            "review", is_listed=False),
    Command("review.first", ("g", "home"), "First", "the first unit", "review", is_listed=False),
    Command("review.last", ("G", "end"), "Last", "the last unit", "review", is_listed=False),
    Command("review.page_down", ("pagedown",), "Read on", "further down in the unit", "review",
            is_listed=False),
    Command("review.page_up", ("pageup",), "Read back", "further up in the unit", "review",
            is_listed=False),
    Command("review.accept", ("a",), "Accept", "paid and kept", "review"),
    Command("review.pass", ("p",), "Pass", "soft-reject: paid, not kept", "review"),
    Command("review.reject", ("r",), "Reject", "unpaid; the worker is told why", "review"),
    Command("review.accept_rest", ("A",), "Accept rest",
            "all undecided units of this worker", "review"),
    Command("review.pass_rest", ("P",), "Pass rest", "all undecided units of this worker",
            "review"),
    Command("review.reject_rest", ("R",), "Reject rest", "all undecided units of this worker",
            "review"),
    Command("review.note", ("n",), "Note", "a reason, told to who is passed or rejected", "review",
            bar=1),
    Command("review.bonus", ("b",), "Bonus", "dollars beside the unit's pay", "review", bar=3),
    Command("review.block", ("B",), "Block", "keep the worker from coming again", "review",
            bar=4, is_dangerous=True),
    Command("review.qualifications", ("t",), "Qualifications", "grant or revoke", "review"),
    Command("review.skip", ("s",), "Skip", "leave it undecided for now", "review", bar=4),
    Command("review.undo", ("u",), "Undo", "take back what was staged last", "review"),
    Command("review.send", ("w",), "Send", "carry out what is staged", "review",
            is_dangerous=True),
    Command("review.staged", ("U",), "Staged", "all that is staged", "review"),
    Command("review.open", ("enter",), "Open file",
            "a file that came with the unit; first it says what would run", "review"),
    Command("review.mark", ("space",), "Mark", "this unit; a p r then decide about all marked",
            "review", bar=6),
    Command("review.mark_range", ("V",), "Mark range", "the units from the last mark to here",
            "review"),
    Command("review.mark_all", ("asterisk",), "Mark all",
            "all units that the filter shows, or none", "review"),
    Command("review.filter", ("slash",), "Filter",
            "only some units: words, !without, ~fuzzy, state:open, state:failed", "review", bar=5),
    Command("review.regroup", ("o",), "Group", "by worker or by item", "review"),
    Command("workers.open", ("enter",), "Open", "all that is known of the worker", "workers",
            bar=1),
    Command("worker.why", ("w",), "Why", "why the worker gets a unit of a run, or none", "worker",
            bar=3),
    Command("worker.block", ("B",), "Block", "keep out of every run; they may finish their unit",
            "worker", bar=4, is_dangerous=True),
    Command("worker.unblock", ("U",), "Unblock", "let in again who was blocked", "worker"),
    Command("worker.note", ("n",), "Note", "remember something; the worker is never shown it",
            "worker", bar=5),
    Command("worker.qualify", ("t",), "Qualifications", "grant or revoke", "worker"),
    Command("worker.pay", ("b",), "Bonus", "dollars beside the units; the worker is told why",
            "worker", bar=6, is_dangerous=True),
    Command("detail.open", ("enter",), "Open", "what the line under the cursor leads to", "detail",
            bar=1),
    Command("run.stop", ("X",), "Stop run", "take no new workers", "run", bar=2,
            is_dangerous=True),
    Command("statistics.next_field", ("n",), "Field", "the next field with labels", "statistics",
            bar=1),
    Command("statistics.level", ("m",), "Measure",
            "classes are names, have an order, or are numbers", "statistics", bar=2),
    Command("pick.open", ("enter",), "Open", "what is under the cursor, in a form", "pick", bar=1),
    Command("pick.new", ("n",), "New", "a config from blueprint, architect and provider", "pick",
            bar=2),
    Command("pick.type", ("p",), "Path", "type the path of a config", "pick", bar=3),
    Command("pick.filter", ("slash",), "Filter", "only some configs: words, !without, ~fzy",
            "pick", bar=4),
    Command("draft.edit", ("enter",), "Edit", "give this option a value; esc leaves it as it was",
            "draft", bar=1),
    Command("draft.launch", ("L",), "Launch", "put the task on line", "draft", bar=2,
            is_dangerous=True),
    Command("draft.save", ("s",), "Save", "as a YAML file to launch from again, without secrets",
            "draft", bar=3),
    Command("draft.undo", ("u",), "Undo", "take back what was changed in this option", "draft",
            bar=5),
    Command("draft.next_problem", ("n",), "Next problem", "the next option with a problem",
            "draft", bar=4),
    Command("draft.previous_problem", ("N",), "Problem before",
            "the option with a problem before this one", "draft"),
    Command("draft.filter", ("slash",), "Filter", "only some options: words, state:changed",
            "draft", bar=5),
    Command("log.level", ("l",), "Level", "every line, warnings and errors, errors alone", "log",
            bar=1),
    Command("log.plugins", ("p",), "Plug-ins", "which there are; tracebacks of those that failed",
            "log", bar=2),
    Command("panes.next", ("tab",), "Pane", "the next pane", "panes", bar=1),
    Command("panes.previous", ("shift+tab",), "Previous pane", "the pane before", "panes"),
    Command("panes.zoom", ("z",), "Zoom", "this pane alone, or all again", "panes", bar=5),
)  # fmt: skip


BY_ID: Final = {command.id: command for command in COMMANDS}


def commands_for(scopes: Sequence[Scope]) -> list[Command]:
    """The commands that hold on a screen with these scopes."""
    return [command for command in COMMANDS if command.scope in scopes]


def bindings_for(*scopes: Scope) -> list[Binding]:
    """The keys of these scopes, each leading to its command.

    They come before the widget in front: so each is done when the next one is looked at, however
    fast they follow each other.
    """
    from textual.binding import Binding

    return [
        Binding(
            ",".join(command.keys),
            f"command('{command.id}')",
            command.title,
            id=command.id,
            priority=True,
        )
        for command in commands_for(scopes)
    ]


def matching(typed: str, commands: Sequence[Command]) -> list[Command]:
    """Commands whose title holds the typed letters in this order, the closest first.

    After them those that say all of the typed words in their help.
    """
    found = [(score, command) for command in commands if (score := _score(typed, command))]
    return [command for _score, command in sorted(found, key=lambda pair: -pair[0])]


def _score(typed: str, command: Command) -> int:
    """0: no match; more the closer together the letters stand and the earlier they begin."""
    title, wanted = command.title.lower(), typed.lower().replace(" ", "")
    if wanted in title.replace(" ", ""):
        return 1000 - title.find(wanted[:1])
    said = f"{title} {command.help}".lower().split()
    if all(any(word.startswith(part) for word in said) for part in typed.lower().split()):
        return 700
    place = -1
    for letter in wanted:
        place = title.find(letter, place + 1)
        if place < 0:
            return 0
    return max(1, 500 - place)
