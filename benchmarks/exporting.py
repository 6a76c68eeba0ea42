"""Reading and packaging what many workers did, and the memory that takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson

from benchmarks.child import in_child, new_home, peak_mebibytes
from benchmarks.figure import Figure
from mephisto_engine import DataBrowser
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database import MephistoDB, default_home
from mephisto_engine.database.operations import agents, runs, submissions
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.operations.packaging.package import package
from mephisto_engine.operations.packaging.request import Format, PackageRequest

UNITS = 100_000
READ_UNITS = 10_000
READ_SECONDS = 2.0
EXPORT_SECONDS = 20.0
MOST_MEBIBYTES = 250.0
TIMEOUT = 300.0
WORKERS = 2_000


def measure() -> list[Figure]:
    figures = []
    with new_home() as home:
        in_child(fill, READ_UNITS, home=home, timeout=TIMEOUT)
        told = in_child(browse, home=home, timeout=TIMEOUT)
    name = f"get_data over {READ_UNITS:,} units"
    figures.append(Figure(name, told["seconds"], "s", READ_SECONDS, note=f"{told['units']} read"))
    with new_home() as home:
        in_child(fill, UNITS, home=home, timeout=TIMEOUT)
        for file_format in Format:
            told = in_child(export, file_format.value, home=home, timeout=TIMEOUT)
            name = f"export {UNITS:,} units, {file_format}"
            note = f"{told['mebibytes']:.0f} MiB on disk"
            # A folder and two files a unit: the file system sets the pace.
            target = None if file_format is Format.MEPHISTO else EXPORT_SECONDS
            figures.append(Figure(name, told["seconds"], "s", target, note=note))
            memory = Figure(f"peak memory, {file_format}", told["peak"], "MiB", MOST_MEBIBYTES)
            figures.append(memory)
    return figures


def fill(units: int) -> dict[str, int]:
    """Store a run of so many units, each done by a worker."""
    with MephistoDB.open(home=default_home()) as db:
        run_id = db.write_now(runs.create_run, _run())
        items = [runs.NewAssignment(index, _item(index), ("{}",)) for index in range(units)]
        added = db.write_now(runs.add_assignments, run_id, items, 10, True)
        db.write_now(runs.launch_units, run_id, [unit for unit, _ in added])
        for start in range(0, units, 2000):
            db.write_now(answer, run_id, added[start : start + 2000])
    return {"units": units}


def more_units(db: MephistoDB, run_id: int, number: int) -> list[tuple[int, int]]:
    """``(unit id, assignment id)`` of new units of a stored run, on offer."""
    items = [runs.NewAssignment(UNITS + index, _item(index), ("{}",)) for index in range(number)]
    added = db.write_now(runs.add_assignments, run_id, items, 10, True)
    db.write_now(runs.launch_units, run_id, [unit for unit, _ in added])
    return added


def browse() -> dict[str, float]:
    with DataBrowser() as browser:
        started = time.perf_counter()
        units = sum(1 for _ in browser.get_data(task_name="exported"))
        return {"seconds": time.perf_counter() - started, "units": units}


def export(file_format: str) -> dict[str, float]:
    home = default_home()
    out = home / f"export-{file_format}"
    with MephistoDB.open(home=home) as db:
        started = time.perf_counter()
        package(db, home, Registry(), PackageRequest((1,), out, Format(file_format)))
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak": peak_mebibytes(), "mebibytes": _size(out) / 2**20}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _run() -> runs.NewRun:
    return runs.NewRun(
        task_name="exported",
        task_type="static_task",
        project_name=None,
        requester_name="lab",
        blueprint_type="static_task",
        architect_type="mock",
        provider_type="mock",
        is_sandbox=True,
        config={"mephisto": {}},
        config_path=None,
        pay_cents=10,
        unit_cost_cents=10,
        budget_cents=None,
        engine_version="0",
        actor="operator:bench",
    )


def _item(index: int) -> str:
    text = f"What is the {index}th sentence of a text that is as long as many are?"
    return orjson.dumps({"id": index, "text": text}).decode()


def answer(tx: Transaction, run_id: int, units: list[Any]) -> None:
    """Have units of the run done, each by a worker."""
    for unit_id, assignment_id in units:
        worker = f"A{unit_id % WORKERS:013}"
        arrived = agents.arrive(
            tx,
            agents.Arrival(
                run_id=run_id,
                provider_type="mock",
                worker_name=worker,
                registration_id=f"tab-{unit_id}",
                claim=(assignment_id, unit_id),
                token=f"{unit_id:032x}",
                status=AgentStatus.IN_TASK,
                deadline_ms=tx.now_ms + 600_000,
                has_limits=False,
                judge=lambda standing: "",
            ),
        )
        answer = {"label": unit_id % 7, "comment": "It says what it has to say, and well. " * 4}
        submissions.submit(
            tx,
            submissions.NewSubmission(
                agent_id=arrived.agent_id,
                unit_id=unit_id,
                run_id=run_id,
                worker_id=arrived.worker.id,
                body=orjson.dumps(answer).decode(),
                uploads=(),
                client_ms=None,
            ),
        )
