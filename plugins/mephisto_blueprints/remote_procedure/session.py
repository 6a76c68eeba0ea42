"""One agent's calls: taken from the mailbox, run side by side, each answered once."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

import orjson

from mephisto_blueprints.remote_procedure.caller import Caller
from mephisto_blueprints.remote_procedure.failures import CallFailedError, FailureKind
from mephisto_blueprints.remote_procedure.procedures import Procedures
from mephisto_blueprints.remote_procedure.requests import (
    is_request,
    read_args,
    unanswered,
    write_result,
)
from mephisto_engine.abstractions.agent import AgentSubmittedError, LiveAgent

log = logging.getLogger(__name__)

MOST_AT_A_TIME: Final = 8
"""Calls of one agent that run side by side."""
MOST_OPEN: Final = 64
"""Calls of one agent that run or wait; one more is refused."""

_MOST_DETAIL: Final = 2000
_MOST_NAME: Final = 100


class Session:
    """Answers what one agent's page calls, until the agent is through."""

    def __init__(self, agent: LiveAgent, procedures: Procedures, answer_errors: bool) -> None:
        self._agent = agent
        self._procedures = procedures
        self._answer_errors = answer_errors
        self._caller = Caller(agent)
        self._slots = asyncio.Semaphore(MOST_AT_A_TIME)
        self._open: set[asyncio.Task[None]] = set()
        self._left_behind = unanswered(agent.history)
        asked = {item["request_id"] for item in agent.history if is_request(item)}
        self._known = asked.difference(self._left_behind)

    async def serve(self) -> None:
        """Answer calls until the worker submits; those made before are carried out.

        Raises:
            AbsentAgentError: the worker is gone; what still ran is cancelled.
        """
        # Once all that is in the mailbox already has been taken; that is in the history, too.
        asyncio.get_running_loop().call_soon(self._answer_left_behind)
        try:
            while True:
                self._take(await self._agent.get_live_update())
        except AgentSubmittedError:
            await asyncio.gather(*self._open)
        finally:
            for task in self._open:
                task.cancel()

    def _answer_left_behind(self) -> None:
        """What ran when the engine went away is not run again: it may have been what ended it."""
        for request_id in self._left_behind:
            if request_id in self._known:
                continue
            self._known.add(request_id)
            message = "the server was restarted while the function ran"
            error = CallFailedError(FailureKind.INTERRUPTED, message)
            self._refuse(request_id, error, time.time())

    def _take(self, update: dict[str, Any]) -> None:
        """Begin a call. A request that came before has its answer, or will have it."""
        if not is_request(update):
            if "target" in update:
                log.warning("agent %d: a call without a request_id", self._agent.id)
            return
        request_id = update["request_id"]
        if request_id in self._known:
            return
        self._known.add(request_id)
        received_at = time.time()
        if len(self._open) >= MOST_OPEN:
            error = CallFailedError(FailureKind.TOO_MANY_CALLS, "too many calls at a time")
            self._refuse(request_id, error, received_at, update.get("target"))
            return
        work = self._call(request_id, update, received_at)
        task = asyncio.get_running_loop().create_task(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _call(self, request_id: str, update: dict[str, Any], received_at: float) -> None:
        try:
            args = read_args(update.get("args"))
            async with self._slots:
                result = await self._procedures.call(
                    update.get("target"), request_id, args, self._caller
                )
            response = write_result(result)
        except CallFailedError as error:
            self._refuse(request_id, error, received_at, update.get("target"))
        else:
            self._respond(request_id, response, received_at)

    def _refuse(
        self, request_id: str, error: CallFailedError, received_at: float, target: Any = None
    ) -> None:
        """Answer with the failure, and keep with the agent what is not for the worker to see."""
        log.warning("agent %d: %s: %s", self._agent.id, error.kind, error.detail)
        detail = error.detail[-_MOST_DETAIL:]
        call = str(target)[:_MOST_NAME]
        self._agent.report({"call": call, "kind": error.kind.value, "error": detail})
        self._agent.note({"failed": request_id, "kind": error.kind.value, "error": detail})
        answer = {"error": {"kind": error.kind.value, "message": error.message}}
        response = orjson.dumps(answer).decode() if self._answer_errors else "null"
        self._respond(request_id, response, received_at)

    def _respond(self, request_id: str, response: str, received_at: float) -> None:
        self._agent.observe(
            {
                "handles": request_id,
                "response": response,
                "received_at": received_at,
                "timestamp": time.time(),
            }
        )
