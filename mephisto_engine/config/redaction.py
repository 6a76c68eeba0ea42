"""Keeps secrets out of what is stored and shown: the one place that decides what a secret is."""

from __future__ import annotations

import re
from typing import Any

MASK = "********"

_SECRET = re.compile(
    r"(^|[_-])(api|access)?keys?($|[_-])|tokens?($|[_-])|secret|password|passwd|credential"
)
_HARMLESS = re.compile(r"_(file|path|dir|name|qualification)$|^(tls|ssl|ssh)_key$")
"""A name or a place is not a secret, even of one; a TLS key is given as the file it lies in."""


def is_secret(name: str) -> bool:
    """Whether a key of this name holds something that must not be stored or shown."""
    # camelCase becomes snake_case first: ``accessKey`` is a key, ``keywords`` is not.
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return bool(_SECRET.search(words)) and not _HARMLESS.search(words)


def redacted(value: Any) -> Any:
    """A copy of plain data in which the text of every secret is replaced by `MASK`."""
    if isinstance(value, dict):
        return {
            key: _masked(item) if is_secret(str(key)) else redacted(item)
            for key, item in value.items()
        }
    return [redacted(item) for item in value] if isinstance(value, list) else value


def _masked(value: Any) -> Any:
    """Numbers, flags and empty values stay: ``max_tokens: 5`` tells nobody anything."""
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return MASK if isinstance(value, str) and value else value


def restored(value: Any, original: Any) -> Any:
    """A redacted copy with its secrets back, where ``original`` still has them."""
    if isinstance(value, dict):
        source = original if isinstance(original, dict) else {}
        return {key: restored(item, source.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        items = original if isinstance(original, list) and len(original) == len(value) else []
        return [restored(item, items[index] if items else None) for index, item in enumerate(value)]
    return original if value == MASK and isinstance(original, str) else value
