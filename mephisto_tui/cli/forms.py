"""`forms`: work on the files of a form task before there is a run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

import typer

from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say

if TYPE_CHECKING:
    from mephisto_engine.errors import Problem

app = typer.Typer(
    help="Check form files, and fill in their tokens.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Out = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="OUT", help="File to write; standard output if not given."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite OUT if it is there.")]


class CheckedFile(Protocol):
    """What the blueprint says of one file."""

    file: str
    summary: str
    problems: list[Problem]


class FormFiles(Protocol):
    """What the blueprint `form` offers for its files."""

    def check(self, path: Path) -> list[CheckedFile]: ...
    def extrapolate(self, template: Path, tokens: Path | None) -> list[dict[str, Any]]: ...
    def permute(self, separate_values: Path) -> list[dict[str, Any]]: ...


def _form_files() -> FormFiles:
    from mephisto_engine.abstractions.registry import Registry

    return cast(FormFiles, Registry().load("blueprint", "form"))


@app.callback()
def group() -> None:
    """Check form files, and fill in their tokens."""


@app.command()
def check(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A form's file, or a folder with its files.")
    ],
    as_json: Json = False,
) -> None:
    """Say what is wrong with forms and token values.

    A folder is looked through for the files of FormComposer. Exit code 2 if anything is wrong.
    """
    from mephisto_tui.safe_text import clean

    found = _form_files().check(path)
    if as_json:
        put_json([vars(item) for item in found])
    else:
        put_lines(clean(f"{item.file}: {item.summary}") for item in found if not item.problems)
        for item in found:
            for problem in item.problems:
                say(f"{item.file}: {problem}")
    if any(item.problems for item in found):
        raise typer.Exit(ExitCode.USAGE)


@app.command()
def extrapolate(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Folder with a template and its token sets."),
    ] = None,
    template: Annotated[
        Path | None, typer.Option("--template", metavar="T", help="The form with tokens in it.")
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option("--tokens", metavar="S", help="Token sets, or separate token values."),
    ] = None,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Fill token sets into a template, a form for each.

    The result is a `task_data.json`; with DIR it is written there.
    """
    if (folder is None) == (template is None):
        raise typer.BadParameter("give DIR, or --template with --tokens")
    source = folder or cast(Path, template)
    if folder is not None and out is None and not as_json:
        out = folder / "task_data.json"
    _put(_form_files().extrapolate(source, tokens), "forms", out, force, as_json)


@app.command()
def permute(
    separate_values: Annotated[
        Path,
        typer.Argument(metavar="SEPARATE_VALUES", help="File of tokens, each with its values."),
    ],
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Combine separate token values into token sets.

    Every value of each token meets every value of the others, the last token changing fastest.
    """
    _put(_form_files().permute(separate_values), "token sets", out, force, as_json)


def _put(
    rows: list[dict[str, Any]], noun: str, out: Path | None, force: bool, as_json: bool
) -> None:
    """To the file, saying so; or to standard output, where it can be piped on."""
    if out is not None:
        _write(out, rows, force)
        say(f"{len(rows)} {noun} written to {out}")
    if out is None:
        put_json(rows)
    elif as_json:
        put_json({"file": str(out), "count": len(rows)})


def _write(out: Path, rows: list[dict[str, Any]], force: bool) -> None:
    """Put the whole file in its place, or leave what is there."""
    from mephisto_engine.errors import StateError

    if out.exists() and not force:
        raise StateError(f"{out} is there already", "--force overwrites it")
    text = json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        beside.write_text(text, "utf-8")
        beside.replace(out)
    except OSError as error:
        beside.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise StateError(f"{out} cannot be written: {reason}") from error
