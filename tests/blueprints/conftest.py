from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mephisto_engine.abstractions.blueprint import Blueprint, SharedTaskState
from mephisto_engine.data_model.records import RunRecord


def run_record(blueprint_type: str) -> RunRecord:
    return RunRecord(
        id=1,
        task_name="test",
        status="running",
        blueprint_type=blueprint_type,
        architect_type="mock",
        provider_type="mock",
        is_sandbox=True,
        pay_cents=10,
        requester_name="MOCK_REQUESTER",
    )


Make = Callable[..., Blueprint]


@pytest.fixture
def make() -> Make:
    """A blueprint of some class with some options and shared state."""

    def make_blueprint(
        blueprint_class: type[Blueprint], state: SharedTaskState | None = None, **options: Any
    ) -> Blueprint:
        args = blueprint_class.ArgsClass(**options)
        shared_state = state or blueprint_class.SharedStateClass()
        return blueprint_class(args, shared_state, run_record(blueprint_class.BLUEPRINT_TYPE))

    return make_blueprint


@pytest.fixture
def task_files(tmp_path: Path) -> Path:
    """A folder with the sources of a small HTML task."""
    (tmp_path / "task.html").write_text("<p>${text}</p><input name='answer' required>")
    (tmp_path / "data.csv").write_text("text\none\ntwo\n")
    return tmp_path
