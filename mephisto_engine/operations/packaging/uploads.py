"""Workers' files on their way into an export."""

from __future__ import annotations

from pathlib import Path

from mephisto_engine.operations.packaging.files import copy_hashed
from mephisto_engine.operations.packaging.listing import Listing
from mephisto_engine.operations.packaging.rows import Row
from mephisto_engine.operations.run_folders import upload_path


class UploadCopier:
    """Copies files into the finished folder, and checks that each is what the worker sent."""

    def __init__(self, home: Path, result: Path) -> None:
        self._home = home
        self._result = result

    def place(self, file: Row, run_id: int, name: str, listing: Listing) -> None:
        """Put a row's file at a place of the export, and on a list."""
        source = upload_path(self._home, run_id, file["stored_name"])
        target = self._result / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not source.is_file():
            listing.placed.missing.append(file["path"])
        elif copy_hashed(source, target) != file["sha256"]:
            target.unlink()
            listing.placed.missing.append(file["path"])
        else:
            listing.add(name, file["sha256"], target.stat().st_size)
            listing.placed.uploads += 1
