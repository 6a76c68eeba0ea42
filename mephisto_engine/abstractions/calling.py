"""Calling a plugin author's function, plain or async, without holding up the loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def call(function: Callable[..., Any], *args: Any, timeout: float | None = None) -> Any:
    """The result of ``function(*args)``; a plain function runs in a thread.

    Raises:
        TimeoutError: it took longer than ``timeout`` seconds. (A thread cannot be stopped: a plain
            function goes on, and its result is dropped.)
    """
    if inspect.iscoroutinefunction(function):
        return await asyncio.wait_for(function(*args), timeout)
    result = await asyncio.wait_for(asyncio.to_thread(function, *args), timeout)
    return await asyncio.wait_for(result, timeout) if inspect.isawaitable(result) else result
