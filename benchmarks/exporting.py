"""Reading and packaging what many workers did, and the memory that takes."""

from __future__ import annotations

import os
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
from mephisto_engine.operations.packaging.files import sync_file_system
from mephisto_engine.operations.packaging.manifest import read_manifest
from mephisto_engine.operations.packaging.package import package
from mephisto_engine.operations.packaging.request import Format, PackageRequest

UNITS = 100_000
READ_UNITS = 10_000
READ_SECONDS = 2.0
EXPORT_SECONDS = 20.0
MOST_MEBIBYTES = 250.0
TIMEOUT = 300.0
WORKERS = 2_000
BARE_UNITS = 20_000
BARE = b"x" * 250
"""About as much as there is in a file of an export."""


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
            note = f"{told['files']:,.0f} files, {told['mebibytes']:.0f} MiB"
            figures.append(Figure(name, told["seconds"], "s", EXPORT_SECONDS, note=note))
            if file_format is Format.MEPHISTO:
                figures += _beside_the_floor(told, home)
            memory = Figure(f"peak memory, {file_format}", told["peak"], "MiB", MOST_MEBIBYTES)
            figures.append(memory)
    return figures


def _beside_the_floor(told: dict[str, float], home: Path) -> list[Figure]:
    """How many files a second, and how many a loop makes here that does nothing else."""
    floor = in_child(bare_loop, BARE_UNITS, str(home / "bare"), home=home, timeout=TIMEOUT)
    rate, bare = told["files"] / told["seconds"], 3 * BARE_UNITS / floor["seconds"]
    note = f"{BARE_UNITS:,} units, made durable as well"
    return [
        Figure("files a second, mephisto", rate, "1/s"),
        Figure("files a second, bare loop", bare, "1/s", note=note),
        Figure("bare loop over export", bare / rate, "×"),
    ]


def bare_loop(units: int, folder: str) -> dict[str, float]:
    """Make the folders and files of so many units, with nothing but system calls."""
    os.mkdir(folder)
    root = os.open(folder, os.O_RDONLY)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    started = time.perf_counter()
    for number in range(units):
        item, agent = f"{number}", f"{number}/{number}"
        os.mkdir(item, dir_fd=root)
        os.mkdir(agent, dir_fd=root)
        for name in (f"{item}/a.json", f"{agent}/b.json", f"{agent}/c.json"):
            file = os.open(name, flags, dir_fd=root)
            os.write(file, BARE)
            os.close(file)
    sync_file_system(Path(folder))
    return {"seconds": time.perf_counter() - started}


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
    files = read_manifest(out)["files"]
    size = files["bytes"] / 2**20
    return {
        "seconds": seconds,
        "peak": peak_mebibytes(),
        "files": files["number"],
        "mebibytes": size,
    }


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
