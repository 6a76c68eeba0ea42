"""Workers' files on their way into an export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mephisto_engine.operations.packaging.files import copy_hashed
from mephisto_engine.operations.packaging.listing import Listing
from mephisto_engine.operations.packaging.manifest import files_by_stem
from mephisto_engine.operations.packaging.rows import Row
from mephisto_engine.operations.runs.run_folders import upload_path


class UploadCopier:
    """Copies files into the finished folder, and checks that each is what the worker sent."""

    def __init__(self, home: Path, result: Path, archived: Mapping[str, str]) -> None:
        """``archived``: stored name → export that has a file which was removed from the home."""
        self._home = home
        self._result = result
        self._archived = archived
        self._exports: dict[str, dict[str, tuple[str, str]]] = {}
        """Export → its files by the stems of their names."""

    @property
    def absent(self) -> tuple[str, ...]:
        """Exports that have files of these runs, and were not where they had been."""
        return tuple(sorted(name for name, files in self._exports.items() if not files))

    def place(self, file: Row, run_id: int, name: str, listing: Listing) -> None:
        """Put a row's file at a place of the export, and on a list."""
        source = self._source(run_id, file["stored_name"])
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

    def _source(self, run_id: int, stored_name: str) -> Path:
        """Where the file is: in the home, or in the export that it was archived by."""
        place = upload_path(self._home, run_id, stored_name)
        export = self._archived.get(stored_name)
        if export is None or place.is_file():
            return place
        if export not in self._exports:
            self._exports[export] = files_by_stem(Path(export))
        _, name = self._exports[export].get(stored_name, ("", ""))
        return Path(export) / name if name else place
