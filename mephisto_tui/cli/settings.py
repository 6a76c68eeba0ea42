"""What the options before the subcommand say, and how a command gets at the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from mephisto_engine.database import MephistoDB

DEFAULT_HOME = Path("~/.mephisto-tui")


@dataclass(frozen=True)
class Settings:
    db: str | None = None
    """Database URL or path; None: the SQLite file in ``home``."""
    home: Path = DEFAULT_HOME
    is_ascii: bool = False
    mouse: bool | None = None
    """Whether the console listens to the mouse; None: unless that would cost over SSH."""
    keys: Path | None = None
    """File with the console's settings; None: the one among the user's configuration, if any."""
    rings: bool = False
    """Whether the console rings the terminal's bell."""

    @contextmanager
    def database(self) -> Iterator[MephistoDB]:
        from mephisto_engine.database import MephistoDB

        with MephistoDB.open(self.db, home=self.home) as db:
            yield db

    def has_database(self) -> bool:
        """Whether there is a database already; none is made by asking."""
        return self.database_path.is_file()

    @property
    def database_url(self) -> str:
        """The database that is meant, for people to read."""
        return self.db or str(self.home / "data.db")

    @property
    def database_path(self) -> Path:
        """File that `database` opens; it need not be there yet."""
        from mephisto_engine.database.schema import sqlite_path

        return sqlite_path(self.db) if self.db else self.home / "data.db"

    @property
    def logs(self) -> Path:
        """Folder of engine logs and tracebacks, made on first use and private like its parent.

        Where it cannot be made, whoever writes into it is told.
        """
        folder = self.home / "logs"
        with suppress(OSError):
            for part in (self.home, folder):
                part.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def settings_of(context: typer.Context) -> Settings:
    found = context.find_object(Settings)
    return found if found is not None else Settings()
