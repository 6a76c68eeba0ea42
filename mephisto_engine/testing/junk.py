"""What careless and hostile pages send, one kind at a time."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import Any

from mephisto_engine.testing.page_client import PageClient, RequestFailedError


class JunkKind(StrEnum):
    """One way to misbehave."""

    WRONG_TYPES = "wrong types"
    MALFORMED_JSON = "malformed JSON"
    FORGED_TOKEN = "forged token"
    DOUBLE_SUBMIT = "double submit"
    LATE_SUBMIT = "late submit"


async def send_junk(
    client: PageClient, kind: JunkKind, rng: random.Random, *, old_token: str, answer: Any
) -> str:
    """Send one request that should not count, and return how it was answered.

    Args:
        client: the page that misbehaves.
        kind: in which way.
        rng: decides what exactly is sent.
        old_token: the token of a unit that this worker has already submitted.
        answer: what that unit was, or another one is, answered with.
    """
    try:
        if kind is JunkKind.MALFORMED_JSON:
            body = rng.choice([b'{"USED_AGENT_ID": "', b"\x00\xff\xfe", b"[]", b"null", b""])
            return f"HTTP {await client.post_raw('/submit_task', body)}"
        await client.submit_task(*_submission(kind, rng, old_token, answer))
    except RequestFailedError as error:
        return error.cause
    return "HTTP 200"


def _submission(kind: JunkKind, rng: random.Random, old_token: str, answer: Any) -> tuple[Any, Any]:
    if kind is JunkKind.FORGED_TOKEN:
        return f"{rng.getrandbits(128):032x}", answer
    if kind is JunkKind.WRONG_TYPES:
        return rng.choice([17, None, True, ["a"], {"token": 1}]), rng.choice([7, "text", [[]]])
    if kind is JunkKind.DOUBLE_SUBMIT:
        return old_token, answer
    return old_token, {"answer": "changed my mind", "draw": rng.random()}
