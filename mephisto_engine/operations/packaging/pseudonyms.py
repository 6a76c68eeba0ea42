"""Workers under other names: the same worker always the same, and no way back without the key."""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from mephisto_engine.errors import StorageError

KEY_FILE: Final = "pseudonym.key"
KEY_BYTES: Final = 32

SHORTEST_PART: Final = 6
"""A name of fewer characters is replaced only where it is the whole of a text."""
SHORTEST_KEY: Final = 10
"""A name of fewer characters may be the name of a field, and stays where it is one."""


def load_key(home: Path) -> bytes:
    """The installation's key, made at first use; a file of its owner alone, outside the database.

    Raises:
        StorageError: it cannot be read or made.
    """
    path = home / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise StorageError(
            f"The key of the pseudonyms in {path} cannot be used: {error}.",
            "Put the right file back: with another key every worker gets another pseudonym.",
        ) from error
    if len(key) != KEY_BYTES:
        raise StorageError(f"The key of the pseudonyms in {path} does not have {KEY_BYTES} bytes.")
    return key


def _make(path: Path) -> None:
    """Write the key under another name first: a half-written one is never taken for it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{KEY_FILE}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link never takes the place of another process's key.
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


class WorkerNames:
    """How an export calls workers: by pseudonyms, or with ``is_raw`` by their own names."""

    def __init__(self, key: bytes, is_raw: bool) -> None:
        self._key = key
        self.is_raw = is_raw
        self.replaced = 0
        """Answers in which the worker's own name was replaced."""

    @property
    def key_id(self) -> str:
        """Tells keys apart without giving any away; empty where none is used."""
        if self.is_raw:
            return ""
        return blake2b(b"which key", key=self._key, digest_size=4).hexdigest()

    def public(self, provider_type: str, name: str) -> str:
        """The name that the export has for a worker: BLAKE2b under the key, 80 bits of it."""
        if self.is_raw:
            return name
        text = f"{provider_type}\0{name}".encode()
        return f"worker_{blake2b(text, key=self._key, digest_size=10).hexdigest()}"

    def hide(self, value: Any, name: str, public: str) -> Any:
        """A copy of plain data with a worker's own name replaced wherever it stands in a text."""
        return _replaced(value, name, public)


def _replaced(value: Any, name: str, public: str) -> Any:
    if isinstance(value, str):
        if len(name) >= SHORTEST_PART:
            return value.replace(name, public)
        return public if value == name else value
    if isinstance(value, list):
        return [_replaced(item, name, public) for item in value]
    if isinstance(value, dict):
        is_plain = len(name) < SHORTEST_KEY
        return {
            key if is_plain else key.replace(name, public): _replaced(item, name, public)
            for key, item in value.items()
        }
    return value
