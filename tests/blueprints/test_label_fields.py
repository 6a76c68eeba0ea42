from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mephisto_blueprints.form import FormBlueprint
from mephisto_blueprints.mock import MockBlueprint
from mephisto_blueprints.static_task import StaticTaskBlueprint
from mephisto_engine.analysis.fields import LabelField

OPTIONS = [{"label": "Yes", "value": "yes"}, {"label": "No", "value": "no"}]


def form_of(*fields: dict[str, Any]) -> dict[str, Any]:
    rows = [{"fields": [{"label": "x", **field}]} for field in fields]
    return {"form": {"title": "t", "sections": [{"fieldsets": [{"rows": rows}]}]}}


def test_choices_of_a_form_are_labels_in_the_order_of_the_page() -> None:
    shared = form_of(
        {"type": "radio", "name": "good", "options": OPTIONS},
        {"type": "textarea", "name": "why"},
        {"type": "checkbox", "name": "has", "options": OPTIONS},
        {"type": "select", "name": "several", "multiple": True, "options": OPTIONS},
        {"type": "select", "name": "kind", "options": [{"label": "-", "value": ""}, *OPTIONS]},
    )

    assert FormBlueprint.get_label_fields({}, shared) == [
        LabelField("good", ("yes", "no")),
        LabelField("has.yes", ("false", "true")),
        LabelField("has.no", ("false", "true")),
        LabelField("several"),
        LabelField("kind", ("yes", "no")),
    ]


@pytest.mark.parametrize("shared", [{}, {"form": None}, {"form": {"sections": 3}}, {"form": [1]}])
def test_a_form_that_is_none_has_no_labels(shared: dict[str, Any]) -> None:
    assert FormBlueprint.get_label_fields({}, shared) == []


def test_radio_buttons_and_selects_of_a_page_are_labels(tmp_path: Path) -> None:
    page = tmp_path / "task.html"
    page.write_text(
        '<input type="radio" name="r_${id}" value="1"><input type="radio" name="r_${id}" value="2">'
        '<select name="kind"><option>a</option><option value="b">B</option></select>'
        '<textarea name="why"></textarea><input type="checkbox" name="box">'
    )
    args = {"task_source": str(page)}

    assert StaticTaskBlueprint.get_label_fields(args, {"id": 7}) == [
        LabelField("r_7", ("1", "2")),
        LabelField("kind", ("a", "b")),
    ]


@pytest.mark.parametrize("args", [{}, {"task_source": "/nowhere/x.html"}, {"task_source": "a\0b"}])
def test_a_page_that_is_gone_leaves_it_to_the_values(args: dict[str, Any]) -> None:
    assert StaticTaskBlueprint.get_label_fields(args, {}) is None


def test_other_blueprints_leave_it_to_the_values() -> None:
    assert MockBlueprint.get_label_fields({}, {}) is None
