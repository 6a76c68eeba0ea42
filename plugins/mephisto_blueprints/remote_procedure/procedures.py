"""The functions of a task: what is wrong with them, and calling one in bounded time."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from mephisto_blueprints.remote_procedure.caller import Caller
from mephisto_blueprints.remote_procedure.failures import CallFailedError, FailureKind
from mephisto_blueprints.remote_procedure.threads import CallThreads
from mephisto_engine.errors import Problem

Function = Callable[..., Any]

WHERE: Final = "function_registry"

_ALL: Final = ("request_id", "args", "agent")
_SHORT: Final = ("args", "agent")


def taken_by(function: Function) -> tuple[str, ...]:
    """Which of `request_id`, `args` and `agent` a function is called with, in order.

    All three if it needs three, or if its first parameter is a `request_id`; otherwise as many of
    `args` and `agent` as it needs. Parameters with a default keep it.

    Raises:
        TypeError: it cannot be called with any of these.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # some functions that are written in C do not tell
        return _ALL
    parameters = signature.parameters.values()
    if any(item.kind is item.VAR_POSITIONAL for item in parameters):
        return _ALL
    places = [
        item
        for item in parameters
        if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)
    ]
    needed = sum(item.default is item.empty for item in places)
    if places and places[0].name.strip("_") == "request_id":
        taken = _ALL[: len(places)]
    else:
        taken = _ALL if needed == len(_ALL) else _SHORT[:needed]
    signature.bind(*taken)
    return taken


def registry_problems(registry: Any) -> Iterator[Problem]:
    """Everything that keeps the functions of a task from being called."""
    if not isinstance(registry, Mapping):
        yield Problem(WHERE, f"is of type {type(registry).__name__}", "a dict: name → function")
    elif not registry:
        yield Problem(WHERE, "is empty", "name the page's functions there, in the task code")
    else:
        for name, function in registry.items():
            yield from _function_problems(name, function)


def _function_problems(name: Any, function: Any) -> Iterator[Problem]:
    if not isinstance(name, str):
        yield Problem(WHERE, f"the name {name!r} is not a text")
        return
    where = f"{WHERE}[{name!r}]"
    if not callable(function):
        yield Problem(where, f"is of type {type(function).__name__}", "a function")
        return
    try:
        taken_by(function)
    except TypeError as error:
        allowed = "(args), (args, agent) or (request_id, args, agent_state)"
        yield Problem(where, f"cannot be called: {error}", f"a function of {allowed}")


class Procedures:
    """The functions of one run, as its pages call them."""

    def __init__(self, registry: Mapping[str, Function], timeout_seconds: float) -> None:
        self._functions = {
            name: (function, taken_by(function)) for name, function in registry.items()
        }
        self._timeout_seconds = timeout_seconds
        self._threads = CallThreads()
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def call(self, target: Any, request_id: str, args: Any, caller: Caller) -> Any:
        """What the function returned.

        An asynchronous function is awaited here, any other one runs in a thread. A function that
        does not return in time is cancelled, if it is asynchronous, and in any case left alone.

        Raises:
            CallFailedError: there is no such function, it raised, or it took too long.
        """
        if not isinstance(target, str) or target not in self._functions:
            raise CallFailedError(
                FailureKind.UNKNOWN_FUNCTION, f"there is no function {target!r:.80}"
            )
        function, taken = self._functions[target]
        values = {"request_id": request_id, "args": args, "agent": caller}
        work = self._run(function, [values[name] for name in taken])
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._forget)
        try:
            await asyncio.wait({task}, timeout=self._timeout_seconds)
        finally:
            if not task.done():
                self._abandon(task)
        if not task.done():
            detail = f"{target!r:.80} took longer than {self._timeout_seconds:g} s"
            raise CallFailedError(FailureKind.TIMEOUT, "the function took too long", detail)
        return task.result()

    async def _run(self, function: Function, values: list[Any]) -> Any:
        try:
            if inspect.iscoroutinefunction(function):
                return await function(*values)
            result = await self._threads.run(function, *values)
            return await result if inspect.isawaitable(result) else result
        except GeneratorExit:
            raise
        except asyncio.CancelledError as error:
            if asyncio.current_task() in self._abandoned:
                raise
            raise CallFailedError(FailureKind.FAILED, "the function failed", repr(error)) from error
        except BaseException as error:
            # A `sys.exit` in a task's function, too: it would end the loop of the engine.
            detail = "".join(traceback.format_exception(error))
            raise CallFailedError(FailureKind.FAILED, "the function failed", detail) from error

    def _abandon(self, task: asyncio.Task[Any]) -> None:
        """Cancel a call without waiting: its function may not obey."""
        task.cancel()
        self._abandoned.add(task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()  # or asyncio complains of a failure that nobody asked for
