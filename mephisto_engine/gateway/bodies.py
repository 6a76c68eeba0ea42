"""Reading what a page posts: JSON, a form with files, or a url-encoded form."""

from __future__ import annotations

import asyncio
import json
import warnings
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import BadContentDispositionHeader, BodyPartReader, web
from aiohttp.http import HttpProcessingError

from mephisto_engine.abstractions.site import Limits
from mephisto_engine.gateway.packets import loads
from mephisto_engine.gateway.refusals import RequestRefusedError
from mephisto_engine.gateway.uploads import UploadBatch, storable

MAX_FIELDS: Final = 5000
MAX_NESTING: Final = 8
MULTIPART: Final = "multipart/form-data"
URL_ENCODED: Final = "application/x-www-form-urlencoded"
_SLOWEST_BYTES_PER_SECOND: Final = 64 * 1024
"""Large uploads over a slow line get longer than the limit, as long as they are this fast."""

_MALFORMED_FORM: Final = (ValueError, AssertionError, HttpProcessingError, Warning)
"""How aiohttp's reader complains of a malformed form."""

# It also warns of part headers that it cannot read; these are refused below, and a warning would
# only be printed into the operator's terminal.
warnings.filterwarnings("ignore", category=BadContentDispositionHeader)

_ONCE: Final = (b'"USED_AGENT_ID"', b'"final_data"', b'"final_string_data"', b'"provider_data"')
"""Fields that decide whose answer is stored and which; given twice, none of them can be trusted."""


async def read_fields(
    request: web.Request, limits: Limits, uploads: UploadBatch | None = None
) -> dict[str, Any]:
    """The fields of a request's body; file parts go to ``uploads``.

    Raises:
        RequestRefusedError: the body is malformed or too large, or comes too slowly.
        OSError: the disk did not take a file.
    """
    kind = request.content_type
    try:
        if kind == MULTIPART:
            if uploads is None:
                raise RequestRefusedError(400, "Files cannot be sent here.")
            return await _read_form(request, limits, uploads)
        body = await _read_body(request, limits)
    except TimeoutError:
        raise RequestRefusedError(
            408, "The request took too long to arrive.", journalled=False
        ) from None
    return _read_url_encoded(body) if kind == URL_ENCODED else parse_object(body)


def body_deadline(request: web.Request, limits: Limits) -> float:
    """Event loop time by which the body must be there; a large one is given longer."""
    declared = min(request.content_length or 0, limits.max_body_bytes + limits.max_upload_bytes)
    allowed = limits.body_timeout_seconds + declared / _SLOWEST_BYTES_PER_SECOND
    return asyncio.get_running_loop().time() + allowed


def parse_json(text: str | bytes, what: str) -> Any:
    """Parse JSON strictly: no NaN, no lone surrogates, no bottomless nesting.

    Raises:
        RequestRefusedError: it is not such JSON; ``what`` names it in the reason.
    """
    try:
        return loads(text)
    except ValueError as error:
        raise RequestRefusedError(400, f"{what} is not valid JSON: {error}") from None


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON body that must be an object without doubtful fields."""
    fields = parse_json(body, "The request")
    if not isinstance(fields, dict):
        raise RequestRefusedError(400, "The request is not a JSON object.")
    # Looking for the names in the text is much cheaper than a parser that reports repeats.
    if any(body.count(name) > 1 for name in _ONCE):
        json.loads(body, object_pairs_hook=_refuse_repeats)
    return fields


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RequestRefusedError(400, "The request gives a field twice.")
    return fields


async def _read_body(request: web.Request, limits: Limits) -> bytes:
    if (request.content_length or 0) > limits.max_body_bytes:
        raise _too_large(limits)
    try:
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout_at(body_deadline(request, limits)):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large(limits) from None


def _too_large(limits: Limits) -> RequestRefusedError:
    return RequestRefusedError(
        413, f"The request is too large: at most {limits.max_body_bytes} bytes can be sent."
    )


def _read_url_encoded(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise RequestRefusedError(400, f"The form cannot be read: {error}") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        _place(fields, name, value)
    return fields


def _place(fields: dict[str, Any], name: str, value: str) -> None:
    """Put ``a[b][c]=value`` where it belongs; a name given twice makes a list."""
    first, *inner = name.replace("]", "").split("[", MAX_NESTING)
    keys = [first, *(key for key in inner if key)]
    target = fields
    for key in keys[:-1]:
        target = target.setdefault(key, {})
        if not isinstance(target, dict):
            raise RequestRefusedError(400, "The form uses one name for a value and a group.")
    _add(target, keys[-1], value)


def _add(fields: dict[str, Any], name: str, value: str) -> None:
    present = fields.get(name)
    if name not in fields:
        fields[name] = value
    elif isinstance(present, list):
        present.append(value)
    else:
        fields[name] = [present, value]


async def _read_form(request: web.Request, limits: Limits, uploads: UploadBatch) -> dict[str, Any]:
    # What a form spends on boundaries and headers is not counted against its contents.
    most = limits.max_body_bytes + limits.max_upload_bytes + 2**20
    if (request.content_length or 0) > most:
        raise RequestRefusedError(
            413,
            f"The request is too large: at most {limits.max_upload_bytes} bytes of files and "
            f"{limits.max_body_bytes} bytes of text can be sent.",
        )
    try:
        return await _read_parts(request, limits, uploads)
    except _MALFORMED_FORM as error:
        raise RequestRefusedError(400, f"The form cannot be read: {error}") from None


async def _read_parts(request: web.Request, limits: Limits, uploads: UploadBatch) -> dict[str, Any]:
    deadline = body_deadline(request, limits)
    reader = await request.multipart()
    fields: dict[str, Any] = {}
    left = limits.max_body_bytes
    for _ in range(MAX_FIELDS):
        async with asyncio.timeout_at(deadline):
            part = await reader.next()
        if part is None:
            return fields
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise RequestRefusedError(400, "The form has a part without a name.")
        if part.filename:
            mime_type = part.headers.get("Content-Type", "application/octet-stream")
            await uploads.store(part, part.name, part.filename, mime_type)
            continue
        async with asyncio.timeout_at(deadline):
            value = await _read_text(part, left)
        left -= len(value)
        # An input for files in which nothing was chosen comes as a part with an empty name.
        if part.filename is None:
            _add(fields, storable(part.name), value.decode("utf-8"))
    raise RequestRefusedError(413, f"The form has more than {MAX_FIELDS} fields.")


async def _read_text(part: BodyPartReader, limit: int) -> bytes:
    value = bytearray()
    while chunk := await part.read_chunk():
        value += chunk
        if len(value) > limit:
            raise RequestRefusedError(413, f"The form's text is too large by more than {limit}.")
    return bytes(value)
