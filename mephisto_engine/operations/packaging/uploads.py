"""Workers' files on their way into an export."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mephisto_engine.operations.packaging.manifest import sha256_of
from mephisto_engine.operations.packaging.rows import UPLOADS, Row


class UploadCopier:
    """Copies files once, also when an interrupted export goes on, and checks each of them."""

    def __init__(self, home: Path, stage: Path) -> None:
        self._runs = home / "runs"
        self._copies = stage / UPLOADS
        self.number = 0
        self.missing: list[str] = []
        """Files that are gone, or are not what the worker sent."""

    def place(self, file: Row, target: Path) -> None:
        """Put a row's file at a path of the export."""
        run = file["path"].split("/")[1]
        copy = self._copies / run / file["stored_name"]
        source = self._runs / run / UPLOADS / file["stored_name"]
        if not copy.exists() and not self._copy(source, copy, file["sha256"]):
            self.missing.append(file["path"])
            return
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(copy, target)
        except OSError:
            # Not every file system has links.
            shutil.copyfile(copy, target)
        self.number += 1

    def _copy(self, source: Path, copy: Path, sha256: str) -> bool:
        if not source.is_file():
            return False
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = copy.with_name(f"{copy.name}.draft")
        shutil.copyfile(source, draft)
        if sha256_of(draft) != sha256:
            draft.unlink()
            return False
        draft.replace(copy)
        return True
