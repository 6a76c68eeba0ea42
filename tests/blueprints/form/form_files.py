"""Forms and files for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mephisto_engine.data_model.records import RunRecord


def run_record() -> RunRecord:
    return RunRecord(
        id=1,
        task_name="test",
        status="running",
        blueprint_type="form",
        architect_type="mock",
        provider_type="mock",
        is_sandbox=True,
        pay_cents=10,
        requester_name="MOCK_REQUESTER",
    )


def field(name: str = "answer", kind: str = "input", **attributes: Any) -> dict[str, Any]:
    return {"label": f"About {name}", "name": name, "type": kind, **attributes}


def options(*values: Any) -> list[dict[str, Any]]:
    return [{"label": f"Option {value}", "value": value} for value in values]


def section(*fields: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {"title": "Part", "fieldsets": [{"rows": [{"fields": list(fields)}]}], **attributes}


def form(*fields: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {
        "form": {
            "title": "Survey",
            "sections": [section(*fields)],
            "submit_button": {"text": "Send"},
            **attributes,
        }
    }


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, "utf-8")
    return path
