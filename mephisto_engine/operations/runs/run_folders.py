"""Where the things of a run lie below the data folder."""

from __future__ import annotations

from pathlib import Path


def run_folder(home: Path, run_id: int) -> Path:
    """Folder of a run."""
    return home / "runs" / str(run_id)


def site_in(folder: Path) -> Path:
    """What a run serves to its workers; a resumed run builds it anew."""
    return folder / "site"


def uploads_in(folder: Path) -> Path:
    """Files that workers sent in a run, under names of our own."""
    return folder / "uploads"


def upload_path(home: Path, run_id: int, stored_name: str) -> Path:
    """Where a file that a worker sent lies, on the host whose engine drove the run."""
    return uploads_in(run_folder(home, run_id)) / stored_name
