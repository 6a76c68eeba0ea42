"""Files that the console keeps for its operator between two starts: private, and written whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FOLDER: Final = "mephisto"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where state is kept (XDG base directories); not made yet."""
    given = environ.get("XDG_STATE_HOME", "")
    # A path that is not absolute is to be ignored, says the specification.
    base = Path(given) if given.startswith("/") else Path.home() / ".local" / "state"
    return base / FOLDER


def write_private(path: Path, text: str) -> None:
    """Put ``text`` in place of the file at once, for its owner alone. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def shown_path(path: Path) -> str:
    """A path as an operator writes it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
