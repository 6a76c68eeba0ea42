"""Serving the files of a site, and workers' uploads to those who may have them."""

from __future__ import annotations

import asyncio
import hmac
import mimetypes
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from mephisto_engine.gateway.responses import REVALIDATE

_TYPES: Final = mimetypes.MimeTypes()
_TEXT_TYPES: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")
_STORED_NAME: Final = re.compile(r"[0-9a-f]{32}")


class PathTrickError(Exception):
    """A request for a path outside of the site."""


def requested_path(request: web.Request) -> str:
    """The path that is asked for, decoded once, without tidying.

    Raises:
        PathTrickError: it tries to leave the site, or is no text.
    """
    raw = request.raw_path.partition("?")[0]
    if not raw.startswith("/"):
        raw = request.rel_url.raw_path
    try:
        path = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise PathTrickError from None
    if "\0" in path or "\\" in path or ".." in path.split("/"):
        raise PathTrickError
    return path


class SiteFiles:
    """The files below a site's root; what a link leads out of it to is not served."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def response(self, path: str) -> web.FileResponse | None:
        """The file at a path of the site, or None if there is none.

        Raises:
            PathTrickError: the path leads out of the site.
        """
        found = await self.find(path)
        if found is None:
            return None
        headers = {"Cache-Control": REVALIDATE, "Content-Type": _content_type(found)}
        return web.FileResponse(found, headers=headers)

    async def find(self, path: str) -> Path | None:
        """Where the file at a path of the site lies; a folder stands for its `index.html`."""
        return await asyncio.to_thread(self._find, path)

    def _find(self, path: str) -> Path | None:
        root = self._root.resolve()
        try:
            target = (root / path.strip("/")).resolve()
            if target.is_dir():
                target = (target / "index.html").resolve()
            is_file = target.is_file()
        except (OSError, RuntimeError):  # a name too long, a loop of links
            return None
        if not target.is_relative_to(root):
            raise PathTrickError
        return target if is_file else None


def stored_upload(uploads: Path, name: str) -> Path | None:
    """An upload by its stored name; only names that the server itself gives lead anywhere."""
    if not _STORED_NAME.fullmatch(name):
        return None
    path = uploads / name
    return path if path.is_file() and not path.is_symlink() else None


def has_bearer_token(request: web.Request, token: str | None) -> bool:
    """Whether the request carries the token; without one, nobody may."""
    given = request.headers.get("Authorization", "")
    if token is None or not given.startswith("Bearer "):
        return False
    # Header bytes that are no UTF-8 arrive as surrogates, which must not raise here.
    presented = given.removeprefix("Bearer ").strip().encode("utf-8", "replace")
    return hmac.compare_digest(presented, token.encode())


def _content_type(path: Path) -> str:
    kind = _TYPES.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT_TYPES) else kind
