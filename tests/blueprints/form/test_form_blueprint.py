"""The blueprint: its options, its items, its site, and answers of simulated workers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from form_files import field, form, options, write
from hypothesis import given
from hypothesis import strategies as st

from mephisto_blueprints.form import FormBlueprint
from mephisto_blueprints.form.answers import answer_field
from mephisto_blueprints.form.regular_expressions import example_of
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config import load_launch_config
from mephisto_engine.errors import ConfigError
from mephisto_engine.testing.conformance import BlueprintCase, BlueprintConformance

OPTION = "mephisto.blueprint."
EXAMPLE = Path(__file__).parents[3] / "examples" / "form"
ANY_PORT = ["mephisto.architect.port=0"]
TEMPLATE = form(field(help="About {{thing}}"), title="On {{thing}}")
Make = Callable[..., FormBlueprint]


def problems(state: SharedStaticTaskState | None = None, **options: Any) -> list[str]:
    args = FormBlueprint.ArgsClass(**options)
    found = FormBlueprint.assert_task_args(args, state or SharedStaticTaskState())
    return [str(problem) for problem in found]


def titles(blueprint: FormBlueprint) -> list[str]:
    return [item.shared["form"]["title"] for item in blueprint.get_initialization_data()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as FormComposer lays it out."""
    write(tmp_path / "unit_config.json", TEMPLATE)
    sets = [{"tokens_values": {"thing": thing}} for thing in ("tea", "milk")]
    write(tmp_path / "token_sets_values_config.json", sets)
    write(tmp_path / "separate_token_values_config.json", {"thing": ["one", "two", "three"]})
    return tmp_path


def test_one_form_without_tokens_is_one_item(tmp_path: Path, make: Make) -> None:
    path = write(tmp_path / "form.json", form(field()))
    assert problems(form=str(path)) == []
    [item] = make(form=str(path), units_per_assignment=3).get_initialization_data()
    assert item.shared == form(field())
    assert item.unit_data == [{}, {}, {}]


def test_a_list_of_forms_is_an_item_each(tmp_path: Path, make: Make) -> None:
    path = write(tmp_path / "task_data.json", [form(field(), title=t) for t in ("A", "B")])
    assert problems(form=str(path)) == []
    assert titles(make(form=str(path))) == ["A", "B"]


def test_a_folder_is_read_as_formcomposer_lays_it_out(folder: Path, make: Make) -> None:
    assert problems(form=str(folder)) == []
    assert titles(make(form=str(folder))) == ["On tea", "On milk"]
    (folder / "token_sets_values_config.json").unlink()
    assert titles(make(form=str(folder))) == ["On one", "On two", "On three"]
    write(folder / "task_data.json", [form(field(), title="Finished")])
    assert titles(make(form=str(folder))) == ["Finished"]


@pytest.mark.parametrize(
    ("option", "name", "content"),
    [
        ("data_csv", "d.csv", "id,thing\n1,tea\n2,milk\n"),
        ("data_json", "d.json", '[{"id": "1", "thing": "tea"}, {"id": "2", "thing": "milk"}]'),
        ("data_jsonl", "d.jsonl", '{"id": "1", "thing": "tea"}\n{"id": "2", "thing": "milk"}'),
    ],
)
def test_a_data_file_gives_the_values_of_tokens(
    tmp_path: Path, make: Make, option: str, name: str, content: str
) -> None:
    given = {
        "form": str(write(tmp_path / "form.json", TEMPLATE)),
        option: str(write(tmp_path / name, content)),
    }
    assert problems(**given) == []
    blueprint = make(**given)
    assert titles(blueprint) == ["On tea", "On milk"]
    first = next(iter(blueprint.get_initialization_data())).shared
    assert (first["id"], first["thing"]) == ("1", "tea")
    write(tmp_path / "more.json", [{"thing": "soup"}])
    [more] = blueprint.read_items(tmp_path / "more.json")
    assert more.shared["form"]["title"] == "On soup"
    write(tmp_path / "more.json", [{"id": "3"}])
    with pytest.raises(ConfigError, match="thing"):
        blueprint.read_items(tmp_path / "more.json")


def test_formcomposers_token_sets_can_be_the_data_file(folder: Path, make: Make) -> None:
    form_file = str(folder / "unit_config.json")
    data = str(folder / "token_sets_values_config.json")
    assert problems(form=form_file, data_json=data) == []
    assert titles(make(form=form_file, data_json=data)) == ["On tea", "On milk"]


def test_a_generator_gives_the_values_of_tokens_one_by_one(folder: Path, make: Make) -> None:
    def things() -> Any:
        yield from ({"thing": n} for n in range(10**9))

    state = SharedStaticTaskState(static_task_data=things)
    given = {"form": str(folder / "unit_config.json")}
    assert problems(state, **given) == []
    blueprint = make(state, **given)
    assert blueprint.has_lazy_data()
    items = iter(blueprint.get_initialization_data())
    assert [next(items).shared["form"]["title"] for _ in range(2)] == ["On 0", "On 1"]


def test_a_list_in_the_task_code_is_checked_before_the_launch(folder: Path) -> None:
    state = SharedStaticTaskState(static_task_data=[{"thing": "tea"}, {"thng": "milk"}])
    [found] = problems(state, form=str(folder / "unit_config.json"))
    assert found.startswith("static_task_data: item 2: gives no value for token 'thing'")


def test_an_item_may_bring_a_whole_form(folder: Path, make: Make) -> None:
    state = SharedStaticTaskState(static_task_data=[form(field(), title="Own")])
    given = {"form": str(folder / "unit_config.json")}
    assert problems(state, **given) == []
    assert titles(make(state, **given)) == ["Own"]
    state.static_task_data = [form(field(kind="raido"))]
    [found] = problems(state, **given)
    assert "item 1: form.sections[0]" in found


def test_html_files_become_their_content(tmp_path: Path, make: Make) -> None:
    write(tmp_path / "insertions" / "help.html", "<b>{{thing}}</b>")
    path = write(tmp_path / "form.json", form(field(), instruction="insertions/help.html"))
    data = write(tmp_path / "d.csv", "thing\ntea\n")
    assert problems(form=str(path), data_csv=str(data)) == []
    [item] = make(form=str(path), data_csv=str(data)).get_initialization_data()
    assert item.shared["form"]["instruction"] == "<b>tea</b>"


def test_options_that_cannot_be_used_are_named(folder: Path, tmp_path: Path) -> None:
    template = str(folder / "unit_config.json")
    assert problems() == [f"{OPTION}form: is required (the path of a file or folder)"]
    assert problems(form="/nowhere") == [
        f"{OPTION}form: cannot read /nowhere: there is no such file or folder"
    ]
    (tmp_path / "empty").mkdir()
    assert "has no form in it" in problems(form=str(tmp_path / "empty"))[0]
    [found] = problems(form=template, units_per_assignment=0)[:1]
    assert found.startswith(f"{OPTION}units_per_assignment: is 0")
    assert problems(form=template) == ["form: no value for token {{thing}}"]


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (
            [{"thing": "a"}, {"other": "b"}],
            [
                "token_sets_values_config.json[1]: gives no value for token 'thing'",
                "token_sets_values_config.json[1].other: is no token of the form (tokens: thing)",
            ],
        ),
        ([{"thing": []}], ["token_sets_values_config.json[0].thing: is no text or number"]),
        (
            [{"thing": "insertions/no.html"}],
            ["insertions/no.html: cannot read {folder}/insertions/no.html: "],
        ),
    ],
)
def test_token_sets_that_do_not_match_are_problems(
    folder: Path, sets: Any, expected: list[str]
) -> None:
    write(folder / "token_sets_values_config.json", sets)
    found = problems(form=str(folder))
    assert len(found) == len(expected)
    for problem, start in zip(found, expected, strict=True):
        assert problem.startswith(start.format(folder=folder))


def test_a_row_without_a_value_is_named_and_columns_beyond_the_tokens_are_kept(
    folder: Path,
) -> None:
    data = write(folder / "d.jsonl", '{"thing": "a", "id": [1]}\n{"id": 2}\n{"thing": null}\n')
    found = problems(form=str(folder / "unit_config.json"), data_jsonl=str(data))
    assert found == [
        f"{data}: item 2: gives no value for token 'thing'",
        f"{data}: item 3.thing: is no text or number",
    ]


def test_finished_forms_take_no_data_and_have_no_open_tokens(tmp_path: Path) -> None:
    path = write(tmp_path / "task_data.json", [form(field()), TEMPLATE])
    assert problems(form=str(path)) == [
        "[1].form: no value for token {{thing}} (a list holds finished forms)"
    ]
    path = write(tmp_path / "task_data.json", [form(field())])
    data = write(tmp_path / "d.csv", "thing\ntea\n")
    [found] = problems(form=str(path), data_csv=str(data))
    assert "is a list of finished forms, in which data has no place" in found


def test_the_site_has_the_page_and_the_insertions(tmp_path: Path, make: Make) -> None:
    task = tmp_path / "task"
    write(task / "insertions" / "custom_triggers.js", 'import {x} from "mephisto-addons";')
    write(task / "insertions" / "sub" / "part.js", "export {};")
    write(task / "insertions" / "own.css", "")
    write(tmp_path / "extra" / "picture.svg", "<svg/>")
    path = write(task / "form.json", TEMPLATE)
    root = tmp_path / "site"
    root.mkdir()
    blueprint = make(form=str(path), extra_source_dir=str(tmp_path / "extra"))
    blueprint.TaskBuilderClass(blueprint).build_in_dir(root)
    triggers = (root / "insertions" / "custom_triggers.js").read_text()
    assert triggers == 'import {x} from "/form/addons.js";'
    assert (root / "insertions" / "custom_validators.js").read_text() == "export {};\n"
    assert (root / "insertions" / "sub" / "part.js").exists()
    assert (root / "insertions.css").read_text() == '@import url("insertions/own.css");\n'
    assert (root / "picture.svg").exists()
    assert json.loads((root / "preview.json").read_text())["form"]["title"] == "On …"


def test_the_example_is_sound(make: Make) -> None:
    config = load_launch_config(EXAMPLE / "conf.yaml", ANY_PORT, Registry())
    args = config.blueprint_args
    assert list(FormBlueprint.assert_task_args(args, SharedStaticTaskState())) == []


RULES = st.fixed_dictionaries(
    {},
    optional={
        "required": st.booleans(),
        "minLength": st.integers(0, 2),
        "maxLength": st.integers(2, 4),
    },
)


@given(st.sampled_from(["checkbox", "radio", "select", "input", "textarea"]), RULES, st.integers())
def test_example_answers_meet_the_rules(kind: str, rules: dict[str, Any], seed: int) -> None:
    is_many = kind == "checkbox"
    spec = field(kind=kind, validators=rules)
    if kind in ("checkbox", "radio", "select"):
        spec["options"] = options("a", 2, True)
    value = answer_field(spec, random.Random(seed))
    if is_many:
        assert set(value) == {"a", "2", "true"}
    count = sum(value.values()) if is_many else len(value)
    if rules.get("required"):
        assert count > 0
    if is_many or kind in ("input", "textarea"):
        assert rules.get("minLength", 0) <= count
        assert count <= rules.get("maxLength", count)


@given(st.integers())
def test_example_answers_match_plain_patterns(seed: int) -> None:
    rng = random.Random(seed)
    spec = field(validators={"regexp": [r"^[A-C]{2}-\d+\.x?$", "g"]})
    assert example_of(r"^[A-C]{2}-\d+\.x?$", "g", rng)
    assert answer_field(spec, rng)[2] == "-"
    mail = field(kind="email", validators={"regexp": [r"^[a-z.]+@mephisto\.ai$", "ig"]})
    assert answer_field(mail, rng).endswith("@mephisto.ai")


def test_no_file_and_no_choice_have_their_own_shapes() -> None:
    rng = random.Random(1)
    assert answer_field(field(kind="file"), rng) is None
    assert answer_field(field(kind="hidden", value="v"), rng) == "v"
    several = field(kind="select", multiple=True, options=options("a", "b"))
    assert isinstance(answer_field(several, rng), list)


class TestFormBlueprint(BlueprintConformance):
    @pytest.fixture
    def case(self, folder: Path) -> BlueprintCase:
        args = FormBlueprint.ArgsClass
        template = str(folder / "unit_config.json")
        broken = str(write(folder / "broken.yaml", "form: ["))
        data = str(write(folder / "items.csv", "thing\ntea\nmilk\n"))
        return BlueprintCase(
            FormBlueprint,
            args(form=template, data_csv=data, units_per_assignment=2),
            wrong_args=[
                args(form="/nowhere.yaml"),
                args(form=template),
                args(form=broken),
                args(form=template, data_csv="/nowhere.csv"),
                args(form=template, data_csv=data, units_per_assignment=0),
            ],
            shared_state=SharedStaticTaskState(),
            page_files=["index.html", "form/main.js", "form/form.css", "preview.json"],
        )


class TestFormBlueprintOfAFolder(BlueprintConformance):
    @pytest.fixture
    def case(self) -> BlueprintCase:
        config = load_launch_config(EXAMPLE / "conf.yaml", ANY_PORT, Registry())
        return BlueprintCase(
            FormBlueprint,
            config.blueprint_args,
            shared_state=SharedStaticTaskState(),
            page_files=["insertions/custom_triggers.js", "insertions/custom_validators.js"],
        )
