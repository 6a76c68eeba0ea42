"""A real run: engine, gateway and database, on a port that stays the same over a restart."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config import load_launch_config
from mephisto_engine.data_model import Agent, Submission, TaskRun, Upload
from mephisto_engine.database import MephistoDB
from mephisto_engine.engine import Engine


class LiveTask:
    """One launched run, which can be taken down and brought back."""

    def __init__(self, config: Path, home: Path, *overrides: str) -> None:
        self.home = home
        self.port = _free_port()
        self._db = MephistoDB.open(home=home)
        self._engine = Engine(self._db, home)
        settings = [
            "mephisto/architect=local",
            "mephisto/provider=inhouse",
            "mephisto.architect.hostname=127.0.0.1",
            f"mephisto.architect.port='{self.port}'",
            *overrides,
        ]
        self._engine.start()
        self.run_id = self._engine.launch(load_launch_config(config, settings, Registry()))

    def link(self, worker: str) -> str:
        return f"{self.url}?worker_id={worker}&id=a1"

    @property
    def url(self) -> str:
        return self._db.read(lambda: TaskRun.get_by_id(self.run_id).url)

    def take_down(self) -> None:
        """End the engine's process as far as workers can see."""
        self._engine.close()
        self._db.close()

    def bring_back(self) -> None:
        """A new engine takes the run up again."""
        self._db = MephistoDB.open(home=self.home)
        self._engine = Engine(self._db, self.home)
        self._engine.start()
        self._engine.resume(self.run_id)

    def answers(self) -> list[dict[str, Any]]:
        rows = self._db.read(lambda: list(Submission.select().order_by(Submission.id)))
        return [json.loads(row.body) for row in rows]

    def stored_answers(self, number: int) -> list[dict[str, Any]]:
        """The answers, once there are so many: pages say thanks before they are told."""
        deadline = time.monotonic() + 30
        while len(self.answers()) < number and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.answers()

    def agent_count(self) -> int:
        return self._db.read(lambda: Agent.select().count())

    def uploads(self) -> list[Upload]:
        return self._db.read(lambda: list(Upload.select()))

    def upload_path(self, upload: Upload) -> Path:
        return self.home / "runs" / str(self.run_id) / "uploads" / upload.stored_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
