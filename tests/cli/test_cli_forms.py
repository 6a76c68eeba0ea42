"""`forms`: checking form files, and making new ones of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mephisto_tui.cli.main import app

EXAMPLE = Path(__file__).parents[2] / "examples" / "form"
FORM: dict[str, Any] = {
    "form": {
        "title": "On {{thing}}",
        "sections": [
            {
                "title": "Part",
                "fieldsets": [
                    {
                        "rows": [
                            {"fields": [{"label": "{{size}}?", "name": "size", "type": "input"}]},
                        ]
                    }
                ],
            }
        ],
        "submit_button": {"text": "Send"},
    }
}
SEPARATE = {"thing": ["a cup", "ein Löffel"], "size": [1, 2]}


def run(home: Path, *arguments: Any) -> Result:
    environment = {"MEPHISTO_HOME": str(home)}
    return CliRunner().invoke(app, ["forms", *map(str, arguments)], env=environment)


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    write(folder / "unit_config.json", FORM)
    write(folder / "separate_token_values_config.json", SEPARATE)
    return folder


def test_a_sound_file_is_described(tmp_path: Path) -> None:
    path = EXAMPLE / "form.yaml"
    done = run(tmp_path, "check", path)
    assert done.exit_code == 0
    assert done.stdout == f"{path}: 1 form, 7 fields, tokens: product, review\n"


def test_every_file_of_a_folder_is_checked(folder: Path) -> None:
    done = run(folder, "check", folder)
    assert done.exit_code == 0, done.stderr
    assert [line.rpartition("/")[2] for line in done.stdout.splitlines()] == [
        "unit_config.json: 1 form, 1 field, tokens: thing, size",
        "separate_token_values_config.json: 4 token sets",
    ]


def test_what_is_wrong_goes_to_stderr_with_its_place(folder: Path) -> None:
    text = json.dumps(FORM).replace('"input"', '"imput"')
    (folder / "unit_config.json").write_text(text)
    done = run(folder, "check", folder)
    assert done.exit_code == 2
    assert "unit_config.json" not in done.stdout
    place = "form.sections[0].fieldsets[0].rows[0].fields[0].type"
    assert f"{place}: unknown 'imput' (did you mean 'input'?)" in done.stderr


def test_findings_can_be_had_as_json(folder: Path) -> None:
    write(folder / "token_sets_values_config.json", [{"tokens_values": {"thing": 1, "sise": 2}}])
    done = run(folder, "check", folder, "--json")
    assert done.exit_code == 2
    found = {Path(item["file"]).name: item for item in json.loads(done.stdout)}
    assert [problem["what"] for problem in found["unit_config.json"]["problems"]] == [
        "gives no value for token 'size'",
        "is no token of the form",
    ]
    assert found["separate_token_values_config.json"]["problems"] == []


def test_a_folder_without_a_form_is_an_error(tmp_path: Path) -> None:
    done = run(tmp_path, "check", tmp_path)
    assert done.exit_code == 2
    assert "has no form in it" in done.stderr


def test_permuting_gives_every_combination_in_one_order(folder: Path) -> None:
    out = folder / "sets.json"
    source = folder / "separate_token_values_config.json"
    printed = run(folder, "permute", source)
    assert [list(item["tokens_values"].values()) for item in json.loads(printed.stdout)] == [
        ["a cup", 1],
        ["a cup", 2],
        ["ein Löffel", 1],
        ["ein Löffel", 2],
    ]
    written = run(folder, "permute", source, "-o", out)
    assert (written.exit_code, written.stdout) == (0, "")
    assert f"4 token sets written to {out}" in written.stderr
    assert json.loads(out.read_text("utf-8")) == json.loads(printed.stdout)
    assert "Löffel" in out.read_text("utf-8")


def test_extrapolating_a_folder_writes_its_task_data(folder: Path) -> None:
    done = run(folder, "extrapolate", folder)
    assert done.exit_code == 0, done.stderr
    first = (folder / "task_data.json").read_bytes()
    assert len(json.loads(first)) == 4
    assert json.loads(first)[3]["form"]["title"] == "On ein Löffel"
    assert run(folder, "check", folder / "task_data.json").exit_code == 0
    run(folder, "extrapolate", folder, "--force")
    assert (folder / "task_data.json").read_bytes() == first


def test_a_template_and_token_sets_can_be_named(folder: Path) -> None:
    sets = write(folder / "s.json", [{"thing": "tea", "size": "big"}])
    template = folder / "unit_config.json"
    done = run(folder, "extrapolate", "--template", template, "--tokens", sets)
    [item] = json.loads(done.stdout)
    assert item["form"]["title"] == "On tea"
    assert set(item) == {"form"}


@pytest.mark.parametrize("command", ["extrapolate", "permute"])
def test_a_file_that_is_there_is_kept_unless_forced(folder: Path, command: str) -> None:
    source = folder if command == "extrapolate" else folder / "separate_token_values_config.json"
    out = folder / "out.json"
    out.write_text("precious")
    done = run(folder, command, source, "-o", out)
    assert done.exit_code == 1
    assert "is there already" in done.stderr
    assert "--force" in done.stderr
    assert out.read_text() == "precious"
    done = run(folder, command, source, "-o", out, "--force", "--json")
    assert json.loads(done.stdout) == {"file": str(out), "count": 4}
    assert len(json.loads(out.read_text())) == 4


def test_nothing_is_written_where_tokens_do_not_match(folder: Path) -> None:
    sets = write(folder / "s.json", [{"thing": "tea"}])
    template, out = folder / "unit_config.json", folder / "out.json"
    done = run(folder, "extrapolate", "--template", template, "--tokens", sets, "-o", out)
    assert done.exit_code == 2
    assert "s.json[0]: gives no value for token 'size'" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("arguments", [[], ["x", "--template", "y"]])
def test_extrapolate_takes_a_folder_or_a_template(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, "extrapolate", *arguments)
    assert done.exit_code == 2
    assert "give DIR, or --template with --tokens" in done.stderr
