"""The few kinds of answers that the server gives."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from mephisto_engine.gateway.packets import dumps

SECURITY_HEADERS: Final = {
    # On every answer: no page can be hurt by these.
    "Server": "gateway",
    "X-Content-Type-Options": "nosniff",
    # Task links carry worker ids; a page's stylesheets and scripts elsewhere need not learn them.
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
REVALIDATE: Final = "public, max-age=0"
RETRY_AFTER_SECONDS: Final = "2"
KEEP_YOUR_ANSWER: Final = (
    "The server cannot take your answer right now. Keep your answer and leave this page open: "
    "it will be sent again."
)


def json_bytes(body: bytes, status: int = 200) -> web.Response:
    """An answer of JSON that is already text; nothing of what is posted may be cached."""
    return web.Response(
        body=body,
        status=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store"},
    )


def json_error(status: int, reason: str) -> web.Response:
    """An error that tells its reason."""
    return json_bytes(dumps({"error": reason}), status)


def keep_and_retry() -> web.Response:
    """Nothing was stored: the page must keep the answer and send it again."""
    response = json_error(503, KEEP_YOUR_ANSWER)
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def html(body: bytes, status: int = 200) -> web.Response:
    """A page of the server's own."""
    return web.Response(
        body=body,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )


def wants_html(request: web.Request) -> bool:
    """Whether a person is looking, and not a script."""
    return "text/html" in request.headers.get("Accept", "")
