"""What pages post, one method an address."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import web

from mephisto_engine.abstractions.channel import (
    AgentDetails,
    Backend,
    SubmitOutcome,
    UnknownAgentError,
)
from mephisto_engine.abstractions.site import Site
from mephisto_engine.errors import StorageError
from mephisto_engine.gateway.bodies import MULTIPART, body_deadline, read_fields
from mephisto_engine.gateway.hub import Hub
from mephisto_engine.gateway.packets import agent_details, seconds
from mephisto_engine.gateway.refusals import RequestRefusedError
from mephisto_engine.gateway.responses import json_bytes
from mephisto_engine.gateway.submissions import (
    agent_token,
    answer_text,
    metadata_of,
    object_field,
)
from mephisto_engine.gateway.token_bucket import TokenBucket
from mephisto_engine.gateway.uploads import UploadBatch

logger = logging.getLogger(__name__)

PREVIEW_ASSIGNMENT: Final = "ASSIGNMENT_ID_NOT_AVAILABLE"
PREVIEW_REASON: Final = "This is a preview. Please accept the task to work on it."
BROKEN_REASON: Final = (
    "The task could not be prepared for you because of an error on our side. Please try again "
    "later."
)
ERRORS_PER_SECOND: Final = 5.0
ERRORS_AT_ONCE: Final = 100.0
"""Errors of pages that are journalled; anybody can post them, so all pages share the rate."""
_SUBMITTED: Final = b'{"status":"Submitted!"}'
_METADATA: Final = b'{"status":"Submitted metadata"}'
_LOGGED: Final = b'{"status":"Error log sent!"}'


class Posts:
    """Reads what pages post, hands it to the backend, and answers once it is stored."""

    def __init__(self, site: Site, backend: Backend, hub: Hub) -> None:
        self._site = site
        self._limits = site.limits
        self._backend = backend
        self._hub = hub
        self._errors = TokenBucket(ERRORS_PER_SECOND, ERRORS_AT_ONCE)

    async def request_agent(self, request: web.Request) -> web.Response:
        """Give the arriving worker an agent, or the reason why there is none."""
        received_at = time.time()
        fields = await read_fields(request, self._limits)
        provider_data = object_field(fields, "provider_data")
        if provider_data.get("assignment_id") == PREVIEW_ASSIGNMENT:
            details = AgentDetails(failure_reason=PREVIEW_REASON)
        else:
            details = await self._register(provider_data)
        self._skip_history(details)
        return json_bytes(agent_details(details, received_at))

    async def submit_onboarding(self, request: web.Request) -> web.Response:
        """Judge an onboarding; the page goes on with the agent that comes back."""
        received_at = time.time()
        fields = await read_fields(request, self._limits)
        provider_data = object_field(fields, "provider_data")
        token = agent_token(provider_data)
        data = object_field(provider_data, "onboarding_data", {})
        with self._silenced(token):
            details = await self._backend.submit_onboarding(token, data)
        self._skip_history(details)
        return json_bytes(agent_details(details, received_at))

    async def submit_task(self, request: web.Request) -> web.Response:
        """Store an answer; "Submitted!" is said only after the commit."""
        async with self._uploads(request) as uploads:
            is_form = request.content_type == MULTIPART
            fields = await read_fields(request, self._limits, uploads)
            token = agent_token(fields)
            body = answer_text(fields, uploads if is_form else None)
            client_at = seconds(fields.get("client_timestamp"))
            await uploads.sync()
            with _kept_unless_refused(uploads):
                outcome = await self._backend.submit_unit(token, body, uploads.records, client_at)
            if outcome is not SubmitOutcome.REPEATED:
                uploads.keep()
        return json_bytes(_SUBMITTED)

    async def submit_metadata(self, request: web.Request) -> web.Response:
        """Store what a page sends beside its answer."""
        async with self._uploads(request) as uploads:
            is_form = request.content_type == MULTIPART
            fields = await read_fields(request, self._limits, uploads)
            token = agent_token(fields)
            metadata = metadata_of(fields, uploads if is_form else None)
            await uploads.sync()
            with _kept_unless_refused(uploads):
                await self._backend.submit_metadata(token, metadata, uploads.records)
            uploads.keep()
        return json_bytes(_METADATA)

    async def log_error(self, request: web.Request) -> web.Response:
        """Journal an error that a page reports; a page without an agent may report too."""
        fields = await read_fields(request, self._limits)
        token = None if fields.get("USED_AGENT_ID") is None else agent_token(fields)
        if not self._errors.take():
            raise RequestRefusedError(429, "Too many errors are reported.")
        await self._backend.log_error(token, fields.get("error_data"))
        return json_bytes(_LOGGED)

    async def _register(self, provider_data: dict[str, Any]) -> AgentDetails:
        try:
            return await self._backend.register_agent(provider_data)
        except StorageError:
            raise
        except Exception:
            # Pages show a reason, but stay on "Loading" for ever after any other answer.
            logger.exception("A worker could not be given an agent")
            return AgentDetails(failure_reason=BROKEN_REASON)

    def _uploads(self, request: web.Request) -> UploadBatch:
        deadline = body_deadline(request, self._limits)
        return UploadBatch(self._site.uploads, self._limits, deadline)

    def _skip_history(self, details: AgentDetails) -> None:
        """A page plays the history that it is given; what is in it must not be sent again."""
        data = details.init_task_data
        history = data.get("past_live_updates") if isinstance(data, dict) else None
        if details.agent_id is not None and isinstance(history, list):
            known = [update.get("update_id") for update in history if isinstance(update, dict)]
            self._hub.drop_known(details.agent_id, [str(update_id) for update_id in known])

    @contextmanager
    def _silenced(self, token: str) -> Iterator[None]:
        """The socket of an onboarding stays open after it; whatever came over it would be shown
        to the worker as the state of the task that follows.
        """
        if not token.startswith("onboarding"):
            yield
            return
        self._hub.forget(token)
        try:
            yield
        except BaseException:
            self._hub.recall(token)
            raise


@contextmanager
def _kept_unless_refused(uploads: UploadBatch) -> Iterator[None]:
    """Files are removed only when it is certain that no stored answer refers to them."""
    try:
        yield
    except (StorageError, UnknownAgentError):
        raise
    except BaseException:
        uploads.keep()
        raise
