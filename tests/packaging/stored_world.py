"""Runs with answers, written by the operations of the engine but without one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mephisto_engine.data_model import Unit
from mephisto_engine.data_model.records import UploadRecord
from mephisto_engine.data_model.status import AgentStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents, assignments, runs, submissions
from mephisto_engine.database.transaction import Transaction


@dataclass
class StoredWorld:
    """A database into which workers have handed in, seen from its tables."""

    db: MephistoDB
    home: Path
    tokens: int = 0
    units_of: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Run → ``(unit, assignment)``."""

    def add_run(
        self,
        items: list[dict[str, Any]],
        task: str = "sample",
        blueprint: str = "static_task",
        each: int = 1,
        project: str | None = None,
        config: dict[str, Any] | None = None,
    ) -> int:
        new = runs.NewRun(
            task_name=task,
            task_type=blueprint,
            project_name=project,
            requester_name="lab",
            blueprint_type=blueprint,
            architect_type="mock",
            provider_type="mock",
            is_sandbox=True,
            config={"mephisto": config or {"task": {"task_title": task}}},
            config_path=None,
            pay_cents=25,
            unit_cost_cents=30,
            budget_cents=None,
            engine_version="0",
            actor="operator:tester",
        )
        added = [
            runs.NewAssignment(index, json.dumps(item), ("{}",) * each)
            for index, item in enumerate(items)
        ]
        run_id = self.db.write_now(runs.create_run, new)
        self.units_of[run_id] = self.db.write_now(runs.add_assignments, run_id, added, 25, True)
        units = [unit for unit, _ in self.units_of[run_id]]
        self.db.write_now(runs.launch_units, run_id, units)
        return run_id

    def come(self, run_id: int, unit: int, worker: str) -> tuple[int, int]:
        """A worker begins a unit; the ids of agent and worker."""
        return self.db.write_now(self._come, run_id, unit, worker)

    def answer(
        self,
        run_id: int,
        unit: int,
        worker: str,
        body: Any = "yes",
        files: dict[str, bytes] | None = None,
    ) -> int:
        """A worker does a unit; the id of the agent."""
        agent_id, worker_id = self.come(run_id, unit, worker)
        self.submit(run_id, unit, agent_id, worker_id, body, files)
        return agent_id

    def submit(
        self,
        run_id: int,
        unit: int,
        agent_id: int,
        worker_id: int,
        body: Any,
        files: dict[str, bytes] | None = None,
    ) -> None:
        uploads = [self._file(run_id, name, data) for name, data in (files or {}).items()]
        answer = json.dumps(body, ensure_ascii=False)
        new = submissions.NewSubmission(agent_id, unit, run_id, worker_id, answer, uploads, None)
        assert self.db.write_now(submissions.submit, new) == "stored"

    def talk(self, agent_id: int, *updates: tuple[bool, dict[str, Any]]) -> None:
        rows = [(agent_id, is_worker, update) for is_worker, update in updates]
        self.db.write_now(assignments.store_live_updates, rows)

    def tell(self, run_id: int, agent_id: int, metadata: Any) -> None:
        self.db.write_now(submissions.store_metadata, agent_id, run_id, json.dumps(metadata), ())

    def judge(self, unit: int, agent_id: int, unit_status: str, agent_status: str) -> None:
        def move(tx: Transaction) -> None:
            tx.move("unit", unit, unit_status)
            tx.move("agent", agent_id, agent_status)

        self.db.write_now(move)

    def answered_run(self, number: int = 3, **options: Any) -> int:
        """A run all of whose units are done, each by another worker."""
        run_id = self.add_run([{"text": f"item {index}"} for index in range(number)], **options)
        for index, (unit, _) in enumerate(self.units_of[run_id]):
            self.answer(run_id, unit, f"WORKER-{index:05}", {"answer": f"yes {index}"})
        return run_id

    def end(self, run_id: int, status: str = "stopped") -> None:
        self.db.write_now(runs.expire_units, run_id, "operator:tester", "test")
        self.db.write_now(runs.move_run, run_id, status, "operator:tester")

    def count(self, run_id: int, *statuses: str) -> int:
        query = Unit.select(Unit.id).where(
            (Unit.task_run == run_id) & Unit.status.in_(statuses or list(UnitStatus))
        )
        return len(list(self.db.stream(query)))

    def _come(self, tx: Transaction, run_id: int, unit: int, worker: str) -> tuple[int, int]:
        self.tokens += 1
        assignment = next(a for u, a in self.units_of[run_id] if u == unit)
        arrival = agents.Arrival(
            run_id=run_id,
            provider_type="mock",
            worker_name=worker,
            registration_id=f"tab-{self.tokens}-{worker}",
            claim=(assignment, unit),
            token=f"{self.tokens:032x}",
            status=AgentStatus.IN_TASK,
            deadline_ms=tx.now_ms + 600_000,
            has_limits=False,
            judge=lambda standing: "",
        )
        arrived = agents.arrive(tx, arrival)
        return arrived.agent_id, arrived.worker.id

    def _file(self, run_id: int, name: str, data: bytes) -> UploadRecord:
        self.tokens += 1
        folder = self.home / "runs" / str(run_id) / "uploads"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stored = f"{self.tokens:032x}"
        (folder / stored).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        return UploadRecord("picture", name, stored, "image/png", len(data), digest, f"{folder}/")
