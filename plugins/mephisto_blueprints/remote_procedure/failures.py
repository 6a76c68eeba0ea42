"""Why a call got no result."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """What a page can tell apart, as ``error.kind`` of the answer."""

    MALFORMED = "malformed"
    """The request itself, or its arguments, are not what they have to be."""
    UNKNOWN_FUNCTION = "unknown_function"
    """The task has no function of that name."""
    TOO_MANY_CALLS = "too_many_calls"
    """The page has more calls open than are kept waiting."""
    FAILED = "failed"
    """The function raised."""
    TIMEOUT = "timeout"
    """The function took longer than ``call_timeout_seconds``."""
    BAD_RESULT = "bad_result"
    """What the function returned cannot be sent."""
    INTERRUPTED = "interrupted"
    """The engine was away while the function ran; it may have done its work or not."""


class CallFailedError(Exception):
    """A call has no result; ``message`` may be shown to the worker, ``detail`` may not."""

    def __init__(self, kind: FailureKind, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail or message
        """For the log and the agent's history: it may quote an exception, paths and all."""
