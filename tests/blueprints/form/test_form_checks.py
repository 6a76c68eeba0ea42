"""What is wrong with a form is said, each thing at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from form_files import field, form, options, section, write
from hypothesis import given
from hypothesis import strategies as st

from mephisto_blueprints.form.checks import Surroundings, item_problems
from mephisto_blueprints.form.regular_expressions import regexp_fault
from mephisto_blueprints.form.scripts import Script, Scripts, for_browser
from mephisto_blueprints.form.structure import FIELD_TYPES

KNOWN = (
    "classes, help, id, label, name, placeholder, show_preview, tooltip, triggers, type, "
    "validators, value"
)
FIELD = "form.sections[0].fieldsets[0].rows[0].fields[0]"


def problems(item: Any, folder: Path = Path("/nowhere")) -> list[str]:
    return [str(problem) for problem in item_problems(item, Surroundings(folder, Scripts(folder)))]


def without(mapping: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


def test_a_form_with_every_type_of_field_has_no_problems() -> None:
    fields = [
        field(kind, kind, **({"options": options(1, "b")} if kind in ("radio", "select") else {}))
        for kind in FIELD_TYPES
        if kind != "checkbox"
    ]
    assert problems(form(*fields, field("c", "checkbox", options=options("a")))) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            field(kind="raido"),
            [f"{FIELD}.type: unknown 'raido' (did you mean 'radio'?)"],
        ),
        (
            field(kind="input", lable="x"),
            [f"{FIELD}.lable: unknown attribute 'lable' (did you mean 'label'?)"],
        ),
        (without(field(), "name"), [f"{FIELD}.name: is missing"]),
        (without(field(), "type"), [f"{FIELD}.type: is missing"]),
        (field(""), [f"{FIELD}.name: is empty"]),
        (field(show_preview="yes"), [f"{FIELD}.show_preview: is a text (true or false)"]),
        (field(value=3), [f"{FIELD}.value: is a number (a text)"]),
        (field(help=None), [f"{FIELD}.help: is empty (a text)"]),
        ("words", [f"{FIELD}: is a text (a mapping of attributes)"]),
        (field(colour="red"), [f"{FIELD}.colour: unknown attribute 'colour' (known: {KNOWN})"]),
        (field(kind="radio"), [f"{FIELD}.options: is missing"]),
        (field(kind="radio", options=[]), [f"{FIELD}.options: is empty (one option or more)"]),
        (
            field(kind="radio", options=options("a", "a")),
            [f"{FIELD}.options: the value 'a' is given 2 times"],
        ),
        (
            field(kind="radio", options=[{"label": "A"}]),
            [f"{FIELD}.options[0].value: is missing"],
        ),
        (
            field(kind="radio", options=options("a", "b"), value="c"),
            [f"{FIELD}.value: 'c' is none of the options (options: a, b)"],
        ),
        (
            field(kind="select", options=options("a"), value=["a"]),
            [f"{FIELD}.value: is a list (a text, or `multiple: true`)"],
        ),
        (
            field(kind="checkbox", options=options("a"), value={"a": "on"}),
            [f"{FIELD}.value.a: is 'on' (true or false)"],
        ),
        (
            field(kind="radio", options=[{**o, "checked": True} for o in options(1, 2)]),
            [f"{FIELD}.options: 2 options are checked, at most one can be"],
        ),
        (field(id="my id"), [f"{FIELD}.id: 'my id' has a blank in it"]),
        (field("files"), [f"{FIELD}.name: 'files' is a name that each submission has already"]),
        (
            field(placeholder="{{name}}"),
            [
                f"{FIELD}.placeholder: token {{{{name}}}} is not filled in here"
                " (help, instruction, label, title, tooltip)"
            ],
        ),
        (
            field(help='{{getPresignedUrl("x")}}'),
            [
                f"{FIELD}.help: {{{{getPresignedUrl(…)}}}} calls a procedure of the server,"
                " and there is none (give the finished value as a token)"
            ],
        ),
        (
            field(help="insertions/none.html"),
            [f"{FIELD}.help: cannot read /nowhere/insertions/none.html: No such file or directory"],
        ),
        (
            field(help="insertions/../../x.html"),
            [f"{FIELD}.help: insertions/../../x.html leads out of the form's folder"],
        ),
    ],
)
def test_what_is_wrong_with_a_field_is_said(spec: Any, expected: list[str]) -> None:
    assert problems(form(spec)) == expected


VALIDATOR_FAULTS = [
    ({"required": "true"}, "required: is 'true', not true or false"),
    ({"minLength": -1}, "minLength: is -1, not a whole number from 0 upwards"),
    ({"minLength": True}, "minLength: is True, not a whole number from 0 upwards"),
    ({"regexp": 3}, "regexp: is 3, not a regular expression, or a list of one and its flags"),
    ({"regexp": "a("}, "regexp: is no regular expression: missing ), unterminated subpattern"),
    ({"regexp": ["a", "ix"]}, "regexp: unknown flag 'x'; known: dgimsuvy"),
    ({"fileExtension": []}, "fileExtension: is [], not a list of file name extensions"),
    ({"requierd": True}, "requierd: unknown validator 'requierd' (did you mean 'required'?)"),
    (
        {"ownRule": True},
        "ownRule: unknown validator 'ownRule' (no function of insertions/custom_validators.js)",
    ),
]


@pytest.mark.parametrize(("rules", "expected"), VALIDATOR_FAULTS)
def test_what_is_wrong_with_a_validator_is_said(rules: Any, expected: str) -> None:
    assert problems(form(field(validators=rules))) == [f"{FIELD}.validators.{expected}"]


def test_lengths_that_nobody_can_meet_are_problems() -> None:
    rules = {"minLength": 3, "maxLength": 2}
    [found] = problems(form(field(validators=rules)))
    assert found == f"{FIELD}.validators: minLength 3 is more than maxLength 2"
    boxes = field(kind="checkbox", options=options("a", "b"), validators={"minLength": 3})
    [found] = problems(form(boxes))
    assert found == f"{FIELD}.validators.minLength: asks for 3 of 2 options"


@pytest.mark.parametrize(
    ("triggers", "expected"),
    [
        ({"onchange": "f"}, "onchange: unknown event 'onchange' (did you mean 'onChange'?)"),
        ({"onChange": 3}, "onChange: is 3 (a function's name, or [name, arguments])"),
        ({"onChange": ["f", 1, 2]}, "onChange: is ['f', 1, 2] (a function's name, or [name, arg"),
        ({"onChange": "goo"}, "onChange: unknown function 'goo' (did you mean 'good'?)"),
    ],
)
def test_what_is_wrong_with_a_trigger_is_said(tmp_path: Path, triggers: Any, expected: str) -> None:
    write(tmp_path / "insertions" / "custom_triggers.js", "export function good() {}")
    [found] = problems(form(field(triggers=triggers)), tmp_path)
    assert found.startswith(f"{FIELD}.triggers.{expected}")


def test_a_section_and_the_button_can_only_be_clicked(tmp_path: Path) -> None:
    write(tmp_path / "insertions" / "custom_triggers.js", "export const f = () => 1")
    item = form(field(), submit_button={"text": "Go", "triggers": {"onClick": ["f"]}})
    item["form"]["sections"][0]["triggers"] = {"onBlur": "f"}
    [found] = problems(item, tmp_path)
    assert found == "form.sections[0].triggers.onBlur: unknown event 'onBlur' (known: onClick)"


@pytest.mark.parametrize("attribute", ["name", "id"])
def test_a_name_or_id_that_is_taken_is_named_with_its_owner(attribute: str) -> None:
    first, second = field("a", id="x"), field("b", id="y")
    second[attribute] = first[attribute]
    [found] = problems(form(first, second))
    other = FIELD.replace("fields[0]", "fields[1]")
    expected = f"{other}.{attribute}: {first[attribute]!r} is taken (it is that of {FIELD}."
    assert found.startswith(expected)


def test_an_id_is_taken_whatever_element_has_it() -> None:
    item = form(field(id="here"))
    item["form"]["sections"][0]["id"] = "here"
    assert len(problems(item)) == 1


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ([], "form: is a list (a mapping with `form`)"),
        ({}, "form: is missing"),
        ({"form": []}, "form: is a list (a mapping of attributes)"),
        ({"from": 1, **form(field())}, "from: unknown attribute 'from' (did you mean 'form'?)"),
        ({"form": without(form(field())["form"], "title")}, "form.title: is missing"),
        (form(), "form: asks nothing: there is no field in it"),
        (
            form(field(), submit_button={}),
            "form.submit_button.text: is missing",
        ),
    ],
)
def test_what_is_wrong_around_the_fields_is_said(item: Any, expected: str) -> None:
    assert problems(item)[0] == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data(), JSON)
def test_anything_in_the_place_of_a_part_is_judged_and_never_raises(
    data: st.DataObject, stranger: Any
) -> None:
    rules = {"required": True, "minLength": 1, "maxLength": 2, "regexp": ["a", "i"]}
    item = form(
        field("a", validators=rules, triggers={"onClick": ["f", 1]}),
        field("b", "checkbox", options=options(1, 2), value={"1": True}),
        field("c", "select", options=options("x"), multiple=True, value=["x"]),
    )
    node: Any = item
    key: Any = "form"
    while isinstance(node[key], dict | list) and node[key] and data.draw(st.integers(0, 9)):
        node = node[key]
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
    node[key] = stranger
    assert all(problem.startswith(("form", "[")) for problem in problems(item))


def test_many_mistakes_are_all_reported() -> None:
    item = form(field(kind="raido"), field("answer"), section="x", title=3)
    item["form"]["sections"].append(section(field("b", validators={"regexp": "["})))
    assert len(problems(item)) == 5


@pytest.mark.parametrize(
    "pattern",
    [r"^[\w-.]$", r"\p{L}+", r"(?<=a+)b", r"(?<y>\d)", "[^]", "[]", r"\/", "a{,2}", "[[]", "^$"],
)
def test_what_only_javascript_understands_is_let_through(pattern: str) -> None:
    assert regexp_fault(pattern, "u") == ""


@pytest.mark.parametrize("pattern", ["[a", "a)", "*a", "a**", "a{3,2}", "[z-a]", "a\\", "(?:a"])
def test_what_no_language_understands_is_a_fault(pattern: str) -> None:
    assert regexp_fault(pattern)


def test_the_exports_of_a_script_are_found(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.js",
        """
        // export function commented() {}
        /* export const blocked = 1 */
        const url = "https://example.org"; export function after() {}
        export async function later() {}
        export const arrow = () => "export function quoted() {}";
        function inner() {}
        export { inner as outer, other };
        export { far } from "./far.js";
        """,
    )
    script = Script(path)
    assert set(script.names) == {"after", "later", "arrow", "outer", "other", "far"}
    assert not script.has("inner")


def test_export_star_may_bring_any_function(tmp_path: Path) -> None:
    assert Script(write(tmp_path / "a.js", "export * from './b.js'")).has("whatever")


def test_an_import_that_only_a_bundler_finds_is_a_problem(tmp_path: Path) -> None:
    source = "import _ from 'lodash'; import {v} from \"react-form-composer\"; import './b.js';"
    write(tmp_path / "insertions" / "custom_validators.js", source)
    [found] = Scripts(tmp_path).problems()
    assert str(found).startswith("insertions/custom_validators.js: imports 'lodash'")
    assert for_browser(source) == source.replace('"react-form-composer"', '"/form/addons.js"')
