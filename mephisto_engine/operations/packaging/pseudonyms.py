"""Workers under other names: the same worker always the same, and no way back without the key."""

from __future__ import annotations

import os
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

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
        """Answers in which names of workers were replaced."""

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

    def reference(self, text: str) -> str:
        """What the export has for a provider's own id of a piece of work or a payment."""
        if self.is_raw:
            return text
        whole = f"reference\0{text}".encode()
        return f"ref_{blake2b(whole, key=self._key, digest_size=10).hexdigest()}"

    def found_in(self, line: bytes, people: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Those of some people (provider, name) who are named in a JSON text, with pseudonyms."""
        if self.is_raw:
            return {}
        return {
            name: self.public(provider_type, name)
            for provider_type, name in people
            if name and orjson.dumps(name)[1:-1] in line
        }


class Everybody:
    """Finds workers of a whole dataset in texts, in a time that their number does not matter to."""

    def __init__(self, names: WorkerNames, people: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """``people`` gives provider and name of each, and is asked when the first text comes."""
        self._names = names
        self._people = people

    def found_in(self, text: str) -> dict[str, str]:
        """Those who are named in a text, with pseudonyms."""
        if not text or self._names.is_raw:
            return {}
        providers, lengths = self._known
        parts = {text} if text in providers else set()
        for start in range(len(text) - SHORTEST_PART + 1):
            for length in lengths.get(text[start : start + SHORTEST_PART], ()):
                part = text[start : start + length]
                if part in providers:
                    parts.add(part)
        return {part: self._names.public(providers[part], part) for part in parts}

    def hide(self, text: str) -> str:
        """The text without their names."""
        found = self.found_in(text)
        return str(Hider(found).hide(text)) if found else text

    @cached_property
    def _known(self) -> tuple[dict[str, str], dict[str, set[int]]]:
        """Name → provider; and what names begin with → how long such names are."""
        providers = {name: provider for provider, name in self._people()}
        lengths: dict[str, set[int]] = defaultdict(set)
        for name in providers:
            if len(name) >= SHORTEST_PART:
                lengths[name[:SHORTEST_PART]].add(len(name))
        return providers, dict(lengths)


class Hider:
    """Replaces names in plain data, wherever they stand in a text."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """``names``: what is to be replaced, by what."""
        self._names = names
        self._in_texts = _pattern(name for name in names if len(name) >= SHORTEST_PART)
        self._in_keys = _pattern(name for name in names if len(name) >= SHORTEST_KEY)

    def hide(self, value: Any) -> Any:
        """A copy of the data without the names."""
        if isinstance(value, str):
            # In one go: nothing is looked for in what was put in.
            return self._names.get(value) or self._replaced(self._in_texts, value)
        if isinstance(value, list):
            return [self.hide(item) for item in value]
        if isinstance(value, dict):
            return {
                self._replaced(self._in_keys, key): self.hide(item) for key, item in value.items()
            }
        return value

    def _replaced(self, pattern: re.Pattern[str] | None, text: str) -> str:
        if pattern is None:
            return text
        return pattern.sub(lambda found: self._names[found.group()], text)


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Finds the longest of the names first: one may be a part of another."""
    ordered = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None
