"""What a worker-facing server has to serve for one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Limits:
    """How much a page may send; what is over is refused and journalled."""

    max_body_bytes: int = 8 * 2**20
    """A JSON body, or the text parts of a form."""
    max_upload_bytes: int = 64 * 2**20
    """All files of one request together."""
    max_files: int = 32
    max_message_bytes: int = 1 * 2**20
    """One WebSocket message."""
    messages_per_second: float = 50.0
    """Sustained rate of one socket; a burst of ten seconds' worth is let through."""
    body_timeout_seconds: float = 60.0
    """How long a client may take to send a body."""


@dataclass
class Site:
    """A folder of files that a task builder has filled, and what the server makes itself."""

    root: Path
    """Web root: `index.html`, `bundle.js`, copied extra files …"""
    uploads: Path
    """Where files that workers send are written."""
    task_config: dict[str, Any]
    """What `GET /task_config.json` answers, beside the version."""
    provider_script: str
    """The provider's part of `wrap_crowd_source.js`; see `CrowdProvider.page_script`."""
    title: str
    limits: Limits = field(default_factory=Limits)
