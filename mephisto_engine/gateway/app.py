"""The gateway: what a worker's browser talks to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from mephisto_engine.abstractions.channel import Backend, UnknownAgentError
from mephisto_engine.abstractions.site import Site
from mephisto_engine.errors import StateError, StorageError
from mephisto_engine.gateway import pages, script
from mephisto_engine.gateway.files import (
    PathTrickError,
    SiteFiles,
    has_bearer_token,
    requested_path,
    stored_upload,
)
from mephisto_engine.gateway.hub import Hub
from mephisto_engine.gateway.packets import CLIENT_VERSION, dumps
from mephisto_engine.gateway.posts import Posts
from mephisto_engine.gateway.refusals import Refusals, RequestRefusedError
from mephisto_engine.gateway.responses import (
    REVALIDATE,
    SECURITY_HEADERS,
    html,
    json_bytes,
    json_error,
    keep_and_retry,
    wants_html,
)
from mephisto_engine.gateway.sockets import Socket

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TASK_PATHS: Final = frozenset({"/", "/index.html", "/task_index", "/welcome"})
DOWNLOADS: Final = "/download_file/"


class Gateway:
    """One run's site on line: ``handle`` serves browsers, ``channel`` is the way to their pages.

    There is no routing table: what is served is a handful of addresses and the files of a folder,
    and looking these up in a dict costs a tenth of aiohttp's resolver.
    """

    def __init__(self, site: Site, backend: Backend, download_token: str | None) -> None:
        self._site = site
        self._files = SiteFiles(site.root)
        self._download_token = download_token
        self._refusals = Refusals(backend)
        self._script = script.compose(site.provider_script)
        self._config = dumps({**site.task_config, "mephisto_task_version": CLIENT_VERSION})
        self._run_closed = False
        self._draining: asyncio.Event | None = None
        self._in_progress = 0
        self.channel = Hub(backend)
        posts = Posts(site, backend, self.channel)
        self._posts: Mapping[str, Handler] = {
            "/request_agent": posts.request_agent,
            "/submit_onboarding": posts.submit_onboarding,
            "/submit_task": posts.submit_task,
            "/submit_metadata": posts.submit_metadata,
            "/log_error": posts.log_error,
        }
        self._gets: Mapping[str, Handler] = {
            script.PATH: self._wrapper_script,
            "/task_config.json": self._task_config,
            "/is_alive": self._is_alive,
            "/get_timestamp": self._timestamp,
            **dict.fromkeys(TASK_PATHS, self._task_page),
        }

    def close_run(self) -> None:
        """From now on the task's address shows that the task is closed."""
        self._run_closed = True

    async def drain(self, deadline: float) -> None:
        """Turn new posts away with "keep and retry", wait for those in progress, close sockets.

        Gives up waiting after ``deadline`` seconds.
        """
        if self._draining is None:
            self._draining = asyncio.Event()
        if self._in_progress:
            try:
                async with asyncio.timeout(deadline):
                    await self._draining.wait()
            except TimeoutError:
                logger.warning("%d requests were cut off at the stop", self._in_progress)
        await self.channel.close()

    def make_request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.Request:
        """What the server makes of each request's head."""
        return web.Request(
            message,
            payload,
            protocol,
            writer,
            task,
            asyncio.get_running_loop(),
            client_max_size=self._site.limits.max_body_bytes,
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request comes through here, so that each gets an answer whatever happens."""
        response = await self._answer(cast(web.Request, request))
        if not response.prepared:
            response.headers.update(SECURITY_HEADERS)
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.method == "POST":
                return await self._post(request)
            if request.method in ("GET", "HEAD"):
                return await self._get(request)
            return json_error(405, "Only GET and POST are understood here.")
        except web.HTTPException:
            raise
        except Exception as error:
            return await self._answer_error(request, error)

    async def _answer_error(self, request: web.Request, error: Exception) -> web.StreamResponse:
        refused = _as_refusal(error)
        if refused is not None:
            return await self._refuse(request, refused)
        if isinstance(error, StorageError | OSError):
            logger.warning("%r could not be stored: %s", request.path, error)
            return keep_and_retry()
        logger.error("%s %r failed", request.method, request.path, exc_info=error)
        return json_error(500, "The server failed to handle this. Please try again.")

    async def _refuse(
        self, request: web.Request, refused: RequestRefusedError
    ) -> web.StreamResponse:
        if refused.journalled:
            where = f"{request.method} {request.path[:200]} from {request.remote}"
            await self._refusals.journal(refused.reason, where)
        if refused.status == 404 and request.method != "POST":
            return self._nothing_here(request)
        response = json_error(refused.status, refused.reason)
        if refused.closes:
            response.force_close()
        return response

    async def _post(self, request: web.Request) -> web.StreamResponse:
        handler = self._posts.get(request.path)
        if handler is None:
            return json_error(404, "There is nothing to post to here.")
        if self._draining is not None:
            response = keep_and_retry()
            response.force_close()
            return response
        self._in_progress += 1
        try:
            return await handler(request)
        finally:
            self._in_progress -= 1
            if self._draining is not None and not self._in_progress:
                self._draining.set()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await Socket(self.channel, self._refusals, self._site.limits).serve(request)
        path = requested_path(request)
        handler = self._gets.get(path)
        if handler is not None:
            return await handler(request)
        if path.startswith(DOWNLOADS):
            return await self._download(request, path.removeprefix(DOWNLOADS))
        return await self._files.response(path) or self._nothing_here(request)

    async def _task_page(self, _request: web.Request) -> web.StreamResponse:
        if self._run_closed:
            return html(pages.closed(self._site.title))
        page = await self._files.response("/index.html")
        if page is not None:
            return page
        if await self._files.find("/bundle.js"):
            return html(pages.task_page(self._site.title))
        return html(pages.no_task_page(self._site.title))

    async def _wrapper_script(self, request: web.Request) -> web.StreamResponse:
        """A task may bring a wrapper of its own; it takes the place of the provider's part."""
        wrapper = self._script
        own = await self._files.find(script.PATH)
        if own is not None:
            wrapper = script.compose(await asyncio.to_thread(own.read_text, "utf-8"))
        headers = {"Cache-Control": REVALIDATE, "ETag": wrapper.etag}
        if wrapper.etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=wrapper.body, content_type="text/javascript", charset="utf-8", headers=headers
        )

    async def _task_config(self, _request: web.Request) -> web.StreamResponse:
        return json_bytes(self._config)

    async def _is_alive(self, _request: web.Request) -> web.StreamResponse:
        return json_bytes(b'{"status":"Alive!"}')

    async def _timestamp(self, _request: web.Request) -> web.StreamResponse:
        return json_bytes(b'{"timestamp":%d}' % int(time.time() * 1000))

    async def _download(self, request: web.Request, name: str) -> web.StreamResponse:
        if not has_bearer_token(request, self._download_token):
            where = f"{request.path[:200]} from {request.remote}"
            await self._refusals.journal("a download without the run's token", where)
            return web.Response(status=404)
        path = await asyncio.to_thread(stored_upload, self._site.uploads, name)
        if path is None:
            return web.Response(status=404)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": "attachment",
            "Cache-Control": "no-store",
        }
        return web.FileResponse(path, headers=headers)

    def _nothing_here(self, request: web.Request) -> web.StreamResponse:
        if wants_html(request):
            return html(pages.nothing_here(), 404)
        return json_error(404, "There is nothing here.")


def _as_refusal(error: Exception) -> RequestRefusedError | None:
    match error:
        case RequestRefusedError():
            return error
        case PathTrickError():
            return RequestRefusedError(404, "A path outside of the site was asked for.")
        case UnknownAgentError():
            return RequestRefusedError(404, "No agent with that id was ever given out.")
        case StateError():
            return RequestRefusedError(409, "The task is not ready for that yet.")
        case ConnectionError() | web.RequestPayloadError():
            return RequestRefusedError(400, "The request ended early.", journalled=False)
    return None


def build_app(site: Site, backend: Backend, *, download_token: str | None = None) -> Gateway:
    """Make the gateway of one run.

    Args:
        site: what to serve.
        backend: the engine's side.
        download_token: lets whoever carries it as a bearer token fetch uploads; without one,
            nobody can.
    """
    return Gateway(site, backend, download_token)
