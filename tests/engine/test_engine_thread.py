"""The engine's own thread and loop."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from mephisto_engine.database import MephistoDB
from mephisto_engine.engine import Engine


def test_a_function_that_does_not_return_is_known_after_the_deadline(tmp_path: Path) -> None:
    may_return = threading.Event()
    is_running = threading.Event()

    def blocks() -> None:
        is_running.set()
        may_return.wait()

    with MephistoDB.open(home=tmp_path) as db:
        engine = Engine(db, tmp_path).start()
        asyncio.run_coroutine_threadsafe(asyncio.to_thread(blocks), engine._loop)
        assert is_running.wait(10)
        engine.close(deadline=0.2)
        assert engine.is_held_up
        may_return.set()
        engine._thread.join(10)
        assert not engine.is_held_up
