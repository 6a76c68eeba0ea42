"""What an operator had before them, kept from one console to the next."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from mephisto_tui.state import state_folder, write_private

FILE: Final = "console.json"
KEEP_SECONDS: Final = 1.0
"""How often what is open is looked over and, where it has changed, written."""
RUN: Final = "run "
"""How the names of screens begin that show one run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptScreen:
    """One screen: its pane, and for each pane filter, order and the row under the cursor."""

    pane: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    sorts: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Pane → attribute, and whether descending."""
    selected: dict[str, int] = field(default_factory=dict)
    """Pane → key of the row; a pane whose cursor rests on the newest row has none."""

    @classmethod
    def read(cls, given: dict[str, Any]) -> Self:
        return cls(
            pane=_text(given.get("pane", "")),
            filters={_text(pane): _text(typed) for pane, typed in given["filters"].items()},
            sorts={
                _text(pane): (_text(attribute), bool(is_descending))
                for pane, (attribute, is_descending) in given["sorts"].items()
            },
            selected={_text(pane): int(key) for pane, key in given["selected"].items()},
        )


@dataclass(frozen=True, slots=True)
class Session:
    """A console as it was left."""

    database: str = ""
    """What it showed; a session of another database is of no use."""
    mode: str = ""
    run: int | None = None
    screens: dict[str, KeptScreen] = field(default_factory=dict)

    @classmethod
    def read(cls, given: dict[str, Any]) -> Self:
        run = given["run"]
        return cls(
            database=_text(given["database"]),
            mode=_text(given["mode"]),
            run=None if run is None else int(run),
            screens={
                _text(name): KeptScreen.read(screen) for name, screen in given["screens"].items()
            },
        )


def session_path() -> Path:
    return state_folder() / FILE


class Keeper:
    """Keeps the session in a file, if one is named, and knows what the last console left there."""

    def __init__(self, path: Path | None, database: str, *, is_reader: bool = False) -> None:
        self._path = path
        self._is_reader = is_reader
        """A console that changes nothing leaves the operator's session alone as well."""
        self._looked_at = -KEEP_SECONDS
        self.session = Session(database)
        if path is not None:
            self.session = load_session(path, database)

    def keep(self, present: Callable[[], Session], ticks: float | None = None) -> None:
        """Write what is ``present`` where that has changed.

        With ``ticks``, a monotonic time, at most once in `KEEP_SECONDS`.
        """
        if self._path is None or self._is_reader:
            return
        if ticks is not None:
            if ticks - self._looked_at < KEEP_SECONDS:
                return
            self._looked_at = ticks
        session = self._with_unopened(present())
        if session != self.session:
            self.session = session
            save_session(self._path, session)

    def _with_unopened(self, session: Session) -> Session:
        """A screen that was not opened this time stays known; a run that was left does not."""
        former = {
            name: screen
            for name, screen in self.session.screens.items()
            if not name.startswith(RUN) or name == f"{RUN}{session.run}"
        }
        return replace(session, screens=former | session.screens)


def load_session(path: Path, database: str) -> Session:
    """The session of this database; an empty one where there is none, or none that can be read."""
    try:
        session = Session.read(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return Session(database)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("the session in %s cannot be read and is left aside: %r", path, error)
        return Session(database)
    return session if session.database == database else Session(database)


def save_session(path: Path, session: Session) -> None:
    """Keep it; a disk that does not take it is no reason to bother anybody at work."""
    try:
        write_private(path, json.dumps(asdict(session), indent=1))
    except OSError as error:
        log.warning("the session could not be kept in %s: %s", path, error)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
