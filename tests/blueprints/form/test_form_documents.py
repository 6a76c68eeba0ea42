from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from form_files import write

from mephisto_blueprints.form.documents import read_document
from mephisto_engine.errors import ConfigError


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    return str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("off", "off"),
        ("2024-01-31", "2024-01-31"),
        ("12:30", "12:30"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("true", True),
        ("7", 7),
        ("-1.5", -1.5),
        ("null", None),
        ('"7"', "7"),
    ],
)
def test_yaml_scalars_are_what_they_look_like(tmp_path: Path, text: str, value: Any) -> None:
    assert read_document(write(tmp_path / "a.yaml", f"key: {text}")) == {"key": value}


def test_yaml_and_json_of_one_content_are_equal(tmp_path: Path) -> None:
    yaml = write(tmp_path / "a.yml", "form:\n  title: T\n  list: [1, {a: b}]\n")
    json = write(tmp_path / "a.json", '{"form": {"title": "T", "list": [1, {"a": "b"}]}}')
    assert read_document(yaml) == read_document(json)


def test_yaml_parts_can_be_merged(tmp_path: Path) -> None:
    text = "base: &base {a: 1}\nmore:\n  <<: *base\n  b: 2\n"
    assert read_document(write(tmp_path / "a.yaml", text))["more"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        ("a.json", '{\n "a": 1,\n}', ":3:1", "is not JSON"),
        ("a.json", '{"a": 1, "a": 2}', "", "one object gives 'a' twice"),
        ("a.json", '{"a": NaN}', "", "NaN is no JSON number"),
        ("a.json", "[" * 100_000, "", "is not usable JSON"),
        ("a.json", " \n", "", "is empty"),
        ("a.yaml", "a: [1\nb: 2", ":2:2", "is not YAML"),
        ("a.yaml", "a: 1\na: 2\n", ":2:1", "'a' is given twice"),
        ("a.yaml", "1: x\n", ":1:1", "the key 1 is no text"),
        ("a.yaml", "a: !!python/name:os.system x\n", ":1:4", "could not determine a constructor"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(
    tmp_path: Path, name: str, text: str, where: str, what: str
) -> None:
    path = write(tmp_path / name, text)
    found = complaint(path)
    assert found.startswith(f"{path}{where}: ")
    assert what in found


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in complaint(tmp_path / "none.json")
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text" in complaint(tmp_path / "a.json")
