"""What providers whose workers come by a plain link share: names, and addresses with a query."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mephisto_engine.abstractions.crowd_provider import RegistrationRefusedError
from mephisto_engine.errors import ProviderError

MAX_NAME_LENGTH = 200
_MAX_ID_LENGTH = 500

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDI_CONTROLS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def name_fault(name: str) -> str:
    """What is wrong with a worker's name; empty if nothing is."""
    if not name.strip():
        return "the name is empty"
    if len(name) > MAX_NAME_LENGTH:
        return f"the name is longer than {MAX_NAME_LENGTH} characters"
    return "the name has control characters" if _has_controls(name) else ""


def require_name(name: str) -> None:
    """Refuse to make a link for a name that would not be admitted. Raises `ProviderError`."""
    fault = name_fault(name)
    if fault:
        raise ProviderError(f"There is no link for this worker: {fault}.")


def read_worker_name(provider_data: dict[str, Any]) -> str:
    """The ``worker_name`` of a registration. Raises `RegistrationRefusedError`."""
    name = provider_data.get("worker_name")
    if not isinstance(name, str):
        raise RegistrationRefusedError("the registration has no worker_name")
    fault = name_fault(name)
    if fault:
        raise RegistrationRefusedError(fault)
    return name


def read_id(provider_data: dict[str, Any], key: str) -> str:
    """A text that identifies something in a registration. Raises `RegistrationRefusedError`."""
    value = provider_data.get(key)
    if not isinstance(value, str) or not value:
        raise RegistrationRefusedError(f"the registration has no {key}")
    if len(value) > _MAX_ID_LENGTH or _has_controls(value):
        raise RegistrationRefusedError(f"{key} is too long or has control characters")
    return value


def with_query(url: str, **parameters: str) -> str:
    """The address with these query parameters, and those that it has already."""
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def _has_controls(text: str) -> bool:
    if text.isascii():
        return not text.isprintable()
    return any(
        unicodedata.category(char) in _UNPRINTABLE
        or unicodedata.bidirectional(char) in _BIDI_CONTROLS
        for char in text
    )
