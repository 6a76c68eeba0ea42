"""Rows and files of Mephisto, made of rows of a dataset."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import yaml

from mephisto_engine.operations.packaging.rows import Row

NO_PROJECT: Final = "NO_PROJECT"


LIVE_FILE: Final = "state.json"
"""Of blueprints whose pages and task code talk."""


def agent_data(row: Row, metadata: dict[str, Any], data_file: str) -> dict[str, Any]:
    """The answer as its blueprint's file has it, with the keys that older versions look for."""
    data: dict[str, Any] = row["data"]
    outputs = data.get("outputs")
    if data_file != LIVE_FILE or not isinstance(outputs, dict):
        return data
    times = {"start_time": metadata["task_start"], "end_time": metadata["task_end"]}
    if isinstance(outputs.get("messages"), list):
        messages = [
            {"task_data": {}, "timestamp": times["start_time"], **message}
            for message in outputs["messages"]
        ]
        return {**data, "outputs": {**outputs, "messages": messages}, "metadata": metadata}
    if "requests" in outputs and "final_submission" in outputs:
        return {**data, "init_data": data.get("inputs"), **outputs, **times}
    return data


def agent_metadata(row: Row) -> dict[str, Any]:
    """Times and what the page sent; what older versions do not know only where it is used."""
    found = row.get("metadata") or {"tips": None, "feedback": None}
    times = {
        "task_start": _seconds(row["started_at"]),
        "task_end": _seconds(row.get("submitted_at") or row.get("ended_at")),
    }
    lists = {"tips": found["tips"] or None, "feedback": found["feedback"] or None}
    newer = {key: found[key] for key in ("worker_opinion", "default") if found.get(key)}
    return {**times, **lists, **newer}


def named(run: dict[str, Any]) -> dict[str, Any]:
    """A copy of a run's facts, with what all of its rows have."""
    made = datetime.fromisoformat(run["created_at"])
    return {**run, "created": made.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]}


def task_row(run: dict[str, Any]) -> dict[str, Any]:
    """A type of work."""
    return {
        "task_id": run["task_id"],
        "task_name": run["task_name"],
        "task_type": run["task_type"],
        "project_id": run["project_id"],
        "creation_date": run["created"],
    }


def requester_row(run: dict[str, Any]) -> dict[str, Any]:
    """An account."""
    return {
        "requester_id": run["requester_id"],
        "requester_name": account(run),
        "provider_type": run["provider_type"],
        "creation_date": run["created"],
    }


def account(run: dict[str, Any]) -> str:
    """Requesters are unique over all providers there."""
    return f"{run['requester_name']} ({run['provider_type']})"


def run_row(run: dict[str, Any], config: Any) -> dict[str, Any]:
    """A launch."""
    node = config.get("mephisto", config) if isinstance(config, dict) else {}
    return {
        "task_run_id": run["id"],
        "init_params": json.dumps(yaml.safe_dump(node, sort_keys=True)),
        "is_completed": run["status"] in ("completed", "stopped", "failed"),
        "creation_date": run["created"],
        **_shared(run),
    }


def _shared(run: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_id": run["task_id"],
        "requester_id": run["requester_id"],
        "task_type": run["task_type"],
        "provider_type": run["provider_type"],
        "sandbox": run["is_sandbox"],
    }


def worker_row(row: Row, has_providers: bool) -> dict[str, Any]:
    """A worker; names are unique over all providers there."""
    name = row["worker"]
    return {
        "worker_id": _worker_key(row),
        "worker_name": f"{row['provider_type']}/{name}" if has_providers else name,
        "provider_type": row["provider_type"],
        "creation_date": _date(row.get("started_at") or row.get("granted_at")),
    }


def _worker_key(row: Row) -> int:
    """A number that follows from provider and name alone."""
    text = f"{row['provider_type']}\0{row['worker']}".encode()
    return int.from_bytes(blake2b(text, digest_size=7).digest(), "big")


def assignment_row(row: Row, run: dict[str, Any]) -> dict[str, Any]:
    """An item."""
    return {
        "assignment_id": row["assignment_id"],
        "task_run_id": row["task_run_id"],
        "creation_date": run["created"],
        **_shared(run),
    }


def unit_row(row: Row, run: dict[str, Any]) -> dict[str, Any]:
    """A contribution."""
    return {
        "unit_id": row["unit_id"],
        "assignment_id": row["assignment_id"],
        "task_run_id": row["task_run_id"],
        "unit_index": row["unit_index"],
        "pay_amount": row["pay_cents"],
        "status": row["status"],
        "agent_id": row["agent_id"],
        "worker_id": None if row["agent_id"] is None else _worker_key(row),
        "creation_date": run["created"],
        **_shared(run),
    }


def agent_row(row: Row, run: dict[str, Any]) -> dict[str, Any]:
    """A worker on a unit."""
    return {
        "agent_id": row["agent_id"],
        "worker_id": _worker_key(row),
        "unit_id": row["unit_id"],
        "task_id": run["task_id"],
        "task_run_id": row["task_run_id"],
        "assignment_id": row["assignment_id"],
        "task_type": run["task_type"],
        "provider_type": run["provider_type"],
        "status": row["agent_status"],
        "creation_date": _date(row["started_at"]),
    }


def onboarding_row(row: Row, run: dict[str, Any]) -> dict[str, Any]:
    """A worker on the qualifying task of a run."""
    return {
        "onboarding_agent_id": row["onboarding_agent_id"],
        "worker_id": _worker_key(row),
        "task_id": run["task_id"],
        "task_run_id": row["task_run_id"],
        "task_type": run["task_type"],
        "status": row["status"],
        "creation_date": _date(row["started_at"]),
    }


def qualification_row(row: Row, key: int) -> dict[str, Any]:
    """A kind of label."""
    return {
        "qualification_id": key,
        "qualification_name": row["qualification"],
        "creation_date": _date(row["granted_at"]),
    }


def grant_row(row: Row, key: int) -> dict[str, Any]:
    """A worker's label."""
    return {
        "worker_id": _worker_key(row),
        "qualification_id": key,
        "value": row["value"],
        "creation_date": _date(row["granted_at"]),
    }


def review_row(row: Row, run: dict[str, Any]) -> dict[str, Any]:
    """A decision that was sent."""
    review = row["review"]
    return {
        "unit_id": row["unit_id"],
        "worker_id": _worker_key(row),
        "task_id": run["task_id"],
        "status": review["verdict"],
        "review_note": review["note"],
        "bonus": review["bonus_cents"],
        "blocked_worker": False,
        "created_at": _date(review["decided_at"]),
    }


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _date(text: str | None) -> str | None:
    """A time of a row as Mephisto's tables have it: UTC, without saying so."""
    return None if text is None else text[:23].replace("T", " ")


def safe_name(project: str) -> str:
    """Folder of a project, which leads nowhere else whatever the project is called."""
    kept = "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in project)
    return kept.strip(". ") or NO_PROJECT
