from __future__ import annotations

from pathlib import Path

import pytest

from mephisto_blueprints.mock import MockArgs, MockBlueprint
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_blueprints.static_react_task import StaticReactTaskArgs, StaticReactTaskBlueprint
from mephisto_blueprints.static_task import StaticTaskArgs, StaticTaskBlueprint
from mephisto_engine.testing.conformance import BlueprintCase, BlueprintConformance

_FORM = """<h1>Is ${animal} an animal?</h1>
<label><input type="radio" name="verdict" value="yes" required> yes</label>
<label><input type="radio" name="verdict" value="no"> no</label>
<textarea name="why"></textarea>
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "task.html").write_text(_FORM, "utf-8")
    (folder / "items.csv").write_text("animal\ncat\ntable\n", "utf-8")
    (folder / "broken.csv").write_text("animal\ncat,dog,bird\n", "utf-8")
    (folder / "bundle.js").write_text("console.log('task')", "utf-8")
    return folder


class TestMockBlueprint(BlueprintConformance):
    @pytest.fixture
    def case(self) -> BlueprintCase:
        return BlueprintCase(
            MockBlueprint,
            MockArgs(num_assignments=3, units_per_assignment=2),
            wrong_args=[
                MockArgs(num_assignments=0),
                MockArgs(num_assignments=1, units_per_assignment=-1),
            ],
            shared_state=SharedStaticTaskState(),
            page_files=["index.html", "bundle.js"],
        )


class TestStaticTaskBlueprint(BlueprintConformance):
    @pytest.fixture
    def case(self, sources: Path) -> BlueprintCase:
        task, items = str(sources / "task.html"), str(sources / "items.csv")
        return BlueprintCase(
            StaticTaskBlueprint,
            StaticTaskArgs(task_source=task, data_csv=items, units_per_assignment=2),
            wrong_args=[
                StaticTaskArgs(task_source="/nowhere.html", data_csv=items),
                StaticTaskArgs(task_source=task, data_csv="/nowhere.csv"),
                StaticTaskArgs(task_source=task, data_csv=str(sources / "broken.csv")),
                StaticTaskArgs(task_source=task, data_csv=items, units_per_assignment=0),
            ],
            shared_state=SharedStaticTaskState(),
            page_files=["index.html", "bundle.js", "task.html", "preview.html"],
        )


class TestStaticReactTaskBlueprint(BlueprintConformance):
    @pytest.fixture
    def case(self, sources: Path) -> BlueprintCase:
        bundle, items = str(sources / "bundle.js"), str(sources / "items.csv")
        return BlueprintCase(
            StaticReactTaskBlueprint,
            StaticReactTaskArgs(task_source=bundle, data_csv=items),
            wrong_args=[StaticReactTaskArgs(task_source="/nowhere.js", data_csv=items)],
            shared_state=SharedStaticTaskState(),
            page_files=["index.html", "bundle.js"],
        )


class TestStaticReactTaskBlueprintWithPythonItems(BlueprintConformance):
    @pytest.fixture
    def case(self, sources: Path) -> BlueprintCase:
        return BlueprintCase(
            StaticReactTaskBlueprint,
            StaticReactTaskArgs(task_source=str(sources / "bundle.js")),
            shared_state=SharedStaticTaskState(static_task_data=[{"animal": "cat"}]),
        )
