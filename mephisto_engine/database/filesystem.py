"""Which file system a database lies on, and what SQLite may do there.

The write-ahead log needs memory that all processes share, which two machines never have. On a file
system that several hosts mount, a database therefore keeps a rollback journal, whose locks are the
file system's own. Where those do not reach other hosts, one host alone may open the database: on
the others nothing would keep two processes from writing at once.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from mephisto_engine.errors import StorageError

MOUNTS: Final = Path("/proc/self/mountinfo")


class Sharing(Enum):
    """Who else may have the same file open."""

    LOCAL = "local"
    """Processes of this machine."""
    HOSTS = "hosts"
    """Processes of every host that mounts it: they see each other's locks."""
    ONE_HOST = "one host"
    """Hosts that do not see each other's locks."""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A mounted file system, as far as databases are concerned."""

    kind: str
    sharing: Sharing
    why: str = ""
    """What keeps hosts from seeing each other's locks."""


_LOCKS_BETWEEN_HOSTS: Final = (
    "nfs",
    "nfs4",
    "lustre",
    "gpfs",
    "ceph",
    "fuse.ceph",
    "gfs2",
    "ocfs2",
)
_NO_SUCH_LOCKS: Final = (
    "9p", "afs", "beegfs", "beegfs_nodev", "cifs", "fhgfs", "fuse.beegfs", "fuse.davfs",
    "fuse.gcsfuse", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    "orangefs", "panfs", "pvfs2", "smb3", "smbfs",
)  # fmt: skip
"""Without locks between hosts, or not known to have them."""


def file_system_of(path: Path, mounts: Path = MOUNTS) -> FileSystem:
    """The file system that a file lies, or would lie, on; ``local`` where that cannot be told."""
    place = os.path.realpath(path)
    found = FileSystem("unknown", Sharing.LOCAL)
    longest = -1
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:  # no Linux
        return found
    for line in lines:
        mount = _Mount.read(line)
        # Of two that are mounted on the same folder the later covers the former.
        if mount is not None and mount.covers(place) and len(mount.folder) >= longest:
            found, longest = mount.file_system, len(mount.folder)
    return found


def bind_to_host(path: Path, found: FileSystem) -> None:
    """See to it that one host alone opens a database whose file system cannot lock between hosts.

    Raises:
        StorageError: another host has it.
    """
    if found.sharing is Sharing.ONE_HOST:
        with suppress(FileExistsError), _mark(path).open("x") as file:
            file.write(f"{socket.gethostname()}\n")
        refuse_other_hosts(path, found)


def refuse_other_hosts(path: Path, found: FileSystem) -> None:
    """Raise `StorageError` if another host has a database that one alone may open."""
    mark = _mark(path)
    if found.sharing is not Sharing.ONE_HOST or not mark.exists():
        return
    owner = mark.read_text(errors="replace").strip()
    if owner != socket.gethostname():
        raise StorageError(
            f"The database {path} belongs to host {owner}: it lies on {found.kind}, where hosts "
            f"do not see each other's locks ({found.why}).",
            f"Work on {owner} (`ssh {owner}`), or keep the database on a disk or NFS mount with "
            f"locks (--db, MEPHISTO_HOME). If nothing uses it on {owner} any more: rm {mark}",
        )


def _mark(path: Path) -> Path:
    return path.with_name(f".{path.name}.host")


@dataclass(frozen=True, slots=True)
class _Mount:
    folder: str
    kind: str
    options: frozenset[str]

    @classmethod
    def read(cls, line: str) -> _Mount | None:
        """One line of mountinfo (proc(5)); None if it is none."""
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if not separator or len(fields) < 6 or len(rest) < 3:
            return None
        folder = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), fields[4])
        options = frozenset(fields[5].split(",")) | frozenset(rest[2].split(","))
        return cls(folder, rest[0], options)

    def covers(self, place: str) -> bool:
        return place == self.folder or place.startswith(self.folder.rstrip("/") + "/")

    @property
    def file_system(self) -> FileSystem:
        if self.kind in _NO_SUCH_LOCKS:
            return FileSystem(self.kind, Sharing.ONE_HOST, "none are known of")
        if self.kind not in _LOCKS_BETWEEN_HOSTS:
            return FileSystem(self.kind, Sharing.LOCAL)
        why = self._why_not()
        return FileSystem(self.kind, Sharing.ONE_HOST if why else Sharing.HOSTS, why)

    def _why_not(self) -> str:
        """The option with which this mount keeps its locks to itself."""
        if self.kind == "lustre":
            return "" if "flock" in self.options else "mounted without `flock`"
        kept = self.options & {"nolock", "local_lock=all", "local_lock=posix"}
        return f"mounted with `{min(kept)}`" if kept else ""
