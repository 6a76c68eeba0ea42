"""`wrap_crowd_source.js`: what a page learns about its crowd, and the care for its answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from mephisto_engine.gateway.pages import STATIC

PATH: Final = "/wrap_crowd_source.js"
_PARTS: Final = (
    "config.js",
    "banner.js",
    "outbox.js",
    "patience.js",
    "xhr.js",
    "fetch.js",
    "resend.js",
)


@dataclass(frozen=True)
class Script:
    """The script as it is served."""

    body: bytes
    etag: str


def compose(provider_script: str) -> Script:
    """Our own parts, then the provider's, so that a provider may replace what we define."""
    common = "\n".join((STATIC / name).read_text("utf-8") for name in _PARTS)
    body = f"{common}\n{provider_script}\n".encode()
    return Script(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
