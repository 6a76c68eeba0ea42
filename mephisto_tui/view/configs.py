"""Where a launch can begin, as rows to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.empty import filtered_out
from mephisto_tui.view.filtering import Filter, text_matches
from mephisto_tui.view.spans import Line, Span, line, padded
from mephisto_tui.view.words import age

if TYPE_CHECKING:
    from mephisto_tui.launching import ConfigsAtHand

NEW: Final = "new"
TYPE: Final = "type"
"""Keys of the rows that name no file; those of the others are paths, and begin with a slash."""

Rows = list[tuple[Line, str]]


def start_rows(
    configs: ConfigsAtHand | None, folder: Path, wish: Filter, now: datetime, cells: int
) -> Rows:
    """All ways to begin, as lines with their keys."""
    rows: Rows = []
    if not wish.text:
        rows = [
            (line(" a new config: choose blueprint, architect and provider"), NEW),
            (line(" a path that you type"), TYPE),
        ]
    if configs is None:
        return [*rows, (line(""), ""), (line(" looking for configs…", "dim"), "")]
    launched = [
        (config.path, config.task_name, f"run {config.run_id}, {age(config.created_at, now)} ago")
        for config in configs.launched
    ]
    found = [(str(config.path), config.task_name, "") for config in configs.found]
    rows += _group("LAUNCHED LATELY", launched, folder, wish, cells)
    rows += _group(f"BELOW {clean(shown_path(folder), 60)}", found, folder, wish, cells)
    if not any(key.startswith("/") for _line, key in rows):
        number = len(configs.launched) + len(configs.found)
        none: Line = line(" no launch configs here", "dim")
        if wish.text:
            none = (Span(" "), *filtered_out(number, "config", wish.text))
        rows += [(line(""), ""), (none, "")]
    return rows


def shown_path(path: Path, folder: Path | None = None) -> str:
    """A path as short as it can be written here; not clean."""
    if folder is not None and path.is_relative_to(folder):
        return str(path.relative_to(folder))
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _group(
    title: str,
    configs: list[tuple[str, str, str]],
    folder: Path,
    wish: Filter,
    cells: int,
) -> Iterator[tuple[Line, str]]:
    shown = [config for config in configs if _matches(" ".join(config), wish)]
    if not shown:
        return
    yield line(""), ""
    yield line(f" {title}", "accent"), ""
    room = max(20, cells // 2)
    for path, task_name, note in shown:
        text = clean(shown_path(Path(path), folder))
        yield (
            (
                Span(" "),
                padded(Span(_shortened(text, room)), room),
                padded(Span(f"  {clean(task_name, 60)}", "strong"), max(10, cells // 4)),
                Span(f"  {note}", "dim"),
            ),
            path,
        )


def _shortened(path: str, cells: int) -> str:
    """The end of a path says more than its beginning."""
    if width(path) <= cells:
        return path
    while width(path) > cells - 1:
        path = path[1:]
    return f"…{path}"


def _matches(text: str, wish: Filter) -> bool:
    if not wish.text:
        return True
    return text_matches(text, wish.text, is_fuzzy=wish.is_fuzzy) != wish.is_inverse
