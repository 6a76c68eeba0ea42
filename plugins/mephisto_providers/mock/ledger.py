"""What the mock provider did: a file that outlives every process, one effect for each key.

It stands for the provider's own books, so nothing in it is ever taken from the engine's database.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mephisto_engine.errors import ProviderError

BALANCE_CENTS = 10_000_000

LEDGER = Path("mock") / "ledger.jsonl"
"""Where the ledger lies in the data folder."""


@dataclass(frozen=True)
class Entry:
    """One effect: who got how much for what."""

    kind: str
    """``approve``, ``reject``, ``bonus``, ``block`` or ``unblock``."""
    worker_name: str
    cents: int = 0
    unit_id: int | None = None
    reason: str = ""
    fee_cents: int = 0
    """What was taken on top."""


@dataclass
class Ledger:
    """Everything the mock provider knows."""

    requester_name: str
    path: Path
    published: dict[int, str] = field(default_factory=dict)
    """Unit id → reference."""
    expired: set[int] = field(default_factory=set)
    _entries: dict[str, Entry] = field(default_factory=dict)
    _read: int = 0
    """How many bytes of the file have been read."""

    @property
    def entries(self) -> dict[str, Entry]:
        """Idempotency key → its one effect, in the order in which they happened."""
        self._read_on()
        return self._entries

    @property
    def blocked(self) -> set[str]:
        """Names of the workers who are kept out."""
        found: set[str] = set()
        for entry in self.entries.values():
            if entry.kind == "block":
                found.add(entry.worker_name)
            elif entry.kind == "unblock":
                found.discard(entry.worker_name)
        return found

    def record(self, key: str, entry: Entry) -> None:
        """Let an effect happen, unless the key had one; a key stands for one effect only.

        It is on disk when this returns, whichever of several processes asked first.
        """
        with self._locked() as descriptor:
            known = self.entries.get(key)
            if known is None:
                self._append(descriptor, key, entry)
            elif known != entry:
                raise ProviderError(
                    f"The key {key!r} was used for something else before.",
                    "Nothing was paid; each payment needs a key of its own.",
                )

    def paid_cents(self) -> int:
        """All that workers were paid so far."""
        return sum(entry.cents for entry in self.entries.values())

    def fee_cents(self) -> int:
        """All that was taken on top so far."""
        return sum(entry.fee_cents for entry in self.entries.values())

    def _read_on(self) -> None:
        """Take in what was written since; a line that is not whole yet is left for later."""
        if not self.path.exists() or self.path.stat().st_size == self._read:
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                key, entry = _decoded(line)
                self._entries[key] = entry

    def _append(self, descriptor: int, key: str, entry: Entry) -> None:
        # Whatever a process that was killed left of its line is cut off.
        os.ftruncate(descriptor, self._read)
        line = json.dumps({"key": key, **asdict(entry)}) + "\n"
        os.pwrite(descriptor, line.encode(), self._read)
        os.fsync(descriptor)
        self._read_on()

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def _decoded(line: bytes) -> tuple[str, Entry]:
    values: dict[str, Any] = json.loads(line)
    return values.pop("key"), Entry(**values)
