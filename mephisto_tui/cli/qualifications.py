"""`qualifications`: kinds of labels, who holds them, and files of grants that come and go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from mephisto_engine.cells import plain_cell, safe_cell
from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of
from mephisto_tui.cli.workers import Worker, change_worker

if TYPE_CHECKING:
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.database.operations.workers import Grant
    from mephisto_engine.database.queries.workers import GrantRow
    from mephisto_engine.errors import Problem

T = TypeVar("T")

COLUMNS: Final = ("provider_type", "worker_name", "qualification_name", "value")
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the qualification.")]
Meaning = Annotated[str, typer.Option("--description", help="What it means, for people.")]


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


app = typer.Typer(
    help="Label workers, and see who is labelled.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def group() -> None:
    """Label workers, and see who is labelled."""


@app.command("list")
def list_all(context: typer.Context, as_json: Json = False) -> None:
    """List the qualifications and how many workers hold them."""
    from mephisto_engine.database.queries import workers as queries
    from mephisto_tui import plain

    with settings_of(context).database() as db:
        found = db.read(queries.qualifications)
    if as_json:
        put_json(found)
    else:
        rows = ((row.name, row.holders, row.description) for row in found)
        put_lines(plain.table(("name", "holders", "description"), rows))
    if not found:
        say("No qualifications.")


@app.command()
def show(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show one qualification and who holds it."""
    from mephisto_engine.database.queries import workers as queries
    from mephisto_tui import plain

    with settings_of(context).database() as db:
        found = db.read(queries.qualification, name)
        holders = db.read(queries.grants, name)
    if as_json:
        facts = {"name": found.name, "description": found.description}
        put_json({**facts, "created_at": found.created_at, "holders": holders})
        return
    put_lines(plain.facts((("name", found.name), ("description", found.description))))
    rows = (
        (row.worker_id, row.provider_type, row.worker_name, row.value, plain.moment(row.updated_at))
        for row in holders
    )
    put_lines(plain.table(("worker", "provider", "name", "value", "since"), rows))
    if not holders:
        say("Nobody holds it.")


@app.command()
def create(context: typer.Context, name: Name, description: Meaning = "") -> None:
    """Add a qualification that workers can be granted."""
    from mephisto_engine.database.operations import workers as operations

    _change(context, operations.create_qualification, name, description)
    say(f"The qualification {name!r} was created.")


@app.command()
def rename(
    context: typer.Context,
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="Its name from now on.")],
) -> None:
    """Give a qualification another name; its holders keep it.

    Runs that ask for it by its old name let nobody in for it any more.
    """
    from mephisto_engine.database.operations import workers as operations

    _change(context, operations.rename_qualification, name, new_name)
    say(f"The qualification {name!r} is {new_name!r} now.")


@app.command()
def describe(
    context: typer.Context,
    name: Name,
    description: Annotated[str, typer.Argument(metavar="TEXT", help="What it means, for people.")],
) -> None:
    """Say what a qualification means."""
    from mephisto_engine.database.operations import workers as operations

    _change(context, operations.describe_qualification, name, description)
    say(f"The qualification {name!r} has a new description.")


@app.command()
def delete(
    context: typer.Context,
    name: Name,
    force: Annotated[
        bool, typer.Option("--force", help="Also take it from all workers who hold it.")
    ] = False,
) -> None:
    """Remove a qualification that nobody holds."""
    from mephisto_engine.database.operations import workers as operations

    holders = _change(context, operations.delete_qualification, name, force)
    say(f"The qualification {name!r} was deleted; {holders} workers held it.")


# A negative value is no option, though it looks like one.
@app.command(context_settings={"ignore_unknown_options": True})
def grant(
    context: typer.Context,
    worker: Worker,
    name: Name,
    value: Annotated[int, typer.Argument(metavar="[VALUE]", help="A whole number.")] = 1,
) -> None:
    """Give a worker a qualification, or another value."""
    from mephisto_engine.database.operations import workers as operations

    before, shown = change_worker(context, worker, operations.grant_qualification, name, value)
    was = "" if before is None else f" (was {before})"
    say(f"{shown} holds {name!r} with value {value}{was}.")


@app.command()
def revoke(context: typer.Context, worker: Worker, name: Name) -> None:
    """Take a qualification from a worker."""
    from mephisto_engine.database.operations import workers as operations

    held, shown = change_worker(context, worker, operations.revoke_qualification, name)
    say(f"{shown} does not hold {name!r} any more (was {held}).")


@app.command()
def export(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")
    ] = None,
    file_format: Annotated[
        Format | None,
        typer.Option("--format", help="By the file's name if not given, else csv."),
    ] = None,
) -> None:
    """Write down who holds what, for `import`.

    Columns: provider_type, worker_name, qualification_name, value.
    """
    from mephisto_engine.database.queries import workers as queries
    from mephisto_engine.errors import StorageError

    with settings_of(context).database() as db:
        rows = db.read(queries.grants)
    if _format_of(output, file_format) is Format.JSON:
        text = _as_json(rows)
    else:
        rows = _fit_for_csv(rows)
        text = _as_csv(rows)
    if output is None:
        put_lines([text])
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{output} could not be written: {error.strerror}.") from error
    say(f"{len(rows)} grants in {output}")


@app.command("import")
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or JSON if named so.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
) -> None:
    """Grant what a file says, all of it or nothing.

    Columns: provider_type, worker_name, qualification_name, value. Workers who have not come yet
    are added; a qualification has to be there. A second import of the same file changes nothing.
    """
    from mephisto_engine.database.operations import workers as operations
    from mephisto_engine.operations.operator import operator_name

    rows = list(_rows_of(file))
    with settings_of(context).database() as db:
        grants = _checked(db, file.name, rows)
        try:
            if dry_run:
                db.write_now(operations.rehearse_import, grants, operator_name())
            done = db.write_now(operations.import_grants, grants, operator_name())
        except operations.RehearsedError as rehearsed:
            done = rehearsed.imported
    say(
        f"{'Dry run: ' if dry_run else ''}{done.granted} granted, {done.changed} changed, "
        f"{done.unchanged} as before; {done.workers_added} workers added."
    )


def _change(context: typer.Context, operation: Callable[..., T], *arguments: Any) -> T:
    """Run an operation on qualifications as the person at the keyboard."""
    from mephisto_engine.operations.operator import operator_name

    with settings_of(context).database() as db:
        return db.write_now(operation, *arguments, operator_name())


def _format_of(file: Path | None, given: Format | None) -> Format:
    if given is not None:
        return given
    is_json = file is not None and file.suffix.lower() == ".json"
    return Format.JSON if is_json else Format.CSV


def _as_json(rows: Iterable[GrantRow]) -> str:
    """One grant a line, so that a problem at import can name its line."""
    import json

    lines = (json.dumps({name: getattr(row, name) for name in COLUMNS}) for row in rows)
    return "[\n{}\n]".format(",\n".join(lines)).replace("\x7f", "\\u007f")


def _as_csv(rows: Iterable[GrantRow]) -> str:
    import csv
    from io import StringIO

    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow((*map(safe_cell, _names(row)), row.value))
    return text.getvalue().rstrip("\n")


def _fit_for_csv(rows: list[GrantRow]) -> list[GrantRow]:
    """What could steer a terminal or break a line is left to JSON, and said."""
    fit = [row for row in rows if not any(map(_has_controls, _names(row)))]
    if len(fit) < len(rows):
        number = len(rows) - len(fit)
        say(f"Left out because of control characters: {number}; --format json has them.")
    return fit


def _names(row: GrantRow) -> tuple[str, str, str]:
    return row.provider_type, row.worker_name, row.qualification_name


def _has_controls(text: str) -> bool:
    import unicodedata

    return any(unicodedata.category(character) == "Cc" for character in text)


def _rows_of(file: Path) -> Iterator[tuple[int, Any]]:
    """``(line, row)`` of a file: a dict of its cells, or a sentence on what is wrong with it."""
    from mephisto_engine.errors import ConfigError, Problem

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError([Problem(str(file), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(str(file), f"is not UTF-8: {error.reason}")]) from error
    is_json = _format_of(file, None) is Format.JSON
    yield from _json_rows(text) if is_json else _csv_rows(text)


def _csv_rows(text: str) -> Iterator[tuple[int, Any]]:
    import csv
    from io import StringIO

    reader = csv.reader(StringIO(text, newline=""), strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not header:
                header = cells
                missing = [name for name in COLUMNS if name not in header]
                if missing:
                    yield line, f"the first line has no column {', '.join(missing)}"
                    return
            elif len(cells) == len(header):
                yield line, _from_cells(dict(zip(header, cells, strict=True)))
            elif cells:
                yield line, f"has {len(cells)} cells; the first line has {len(header)}"
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, f"is not CSV: {error}"
    if not header:
        yield 1, f"is empty; the first line names the columns {', '.join(COLUMNS)}"


def _from_cells(cells: dict[str, str]) -> dict[str, Any]:
    value = cells["value"].strip()
    number: int | str = int(value) if _NUMBER.fullmatch(value) else value
    return {**{name: plain_cell(cell) for name, cell in cells.items()}, "value": number}


def _json_rows(text: str) -> Iterator[tuple[int, Any]]:
    """Items of a list one by one, for then it is known where each begins."""
    import json

    decoder = json.JSONDecoder()
    line, counted = 1, 0
    place = _next(text, 0)
    if text[place : place + 1] != "[":
        yield 1, "is not a list of objects"
        return
    place = _next(text, place + 1)
    while text[place : place + 1] != "]":
        line, counted = line + text.count("\n", counted, place), place
        try:
            item, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            yield error.lineno, f"is not JSON: {error.msg}"
            return
        except (ValueError, RecursionError):
            yield line, "is not JSON that can be read: a number too long, or too deep"
            return
        yield line, item
        place = _next(text, place)
        if text[place : place + 1] == ",":
            place = _next(text, place + 1)
        elif text[place : place + 1] != "]":
            yield line, "is not JSON: the list does not go on after it"
            return


def _next(text: str, place: int) -> int:
    """Where the next character is that is no blank."""
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


def _checked(db: MephistoDB, file_name: str, rows: Iterable[tuple[int, Any]]) -> list[Grant]:
    """The grants of a file.

    Raises:
        ConfigError: with everything that is wrong with it.
    """
    from mephisto_engine.abstractions.registry import PluginKind, Registry
    from mephisto_engine.database.operations.workers import Grant
    from mephisto_engine.database.queries import workers as queries
    from mephisto_engine.errors import ConfigError, Problem

    providers = {*Registry().names(PluginKind.PROVIDER), *db.read(queries.provider_types)}
    labels = {row.name for row in db.read(queries.qualifications)}
    problems: list[Problem] = []
    grants: dict[tuple[str, ...], tuple[int, Grant]] = {}
    for line, row in rows:
        faults = list(_faults(row, providers, labels))
        if not faults:
            grant = Grant(*(row[name] for name in COLUMNS))
            key = (grant.provider_type, grant.worker_name, grant.qualification_name)
            first, same = grants.setdefault(key, (line, grant))
            if same.value != grant.value:
                faults = [f"grants {grant.value}, but line {first} grants {same.value}"]
        problems += [Problem(f"{file_name}:{line}", fault) for fault in faults]
    if problems:
        raise ConfigError(problems, "Nothing was changed.")
    return [grant for _, grant in grants.values()]


def _faults(row: Any, providers: set[str], labels: set[str]) -> Iterator[str]:
    """What is wrong with one row, whatever its file was."""
    from mephisto_engine.database.operations.workers import LARGEST_VALUE

    if not isinstance(row, dict):
        yield row if isinstance(row, str) else "is not an object"
        return
    missing = [name for name in COLUMNS if name not in row]
    if missing:
        yield f"has no {', '.join(missing)}"
        return
    unusable = [name for name in COLUMNS[:3] if not _is_text(row[name])]
    yield from (f"{name} is not a text, or empty" for name in unusable)
    if "provider_type" not in unusable and row["provider_type"] not in providers:
        yield f"there is no provider {row['provider_type']!r} ({', '.join(sorted(providers))})"
    if "qualification_name" not in unusable and row["qualification_name"] not in labels:
        yield f"there is no qualification {row['qualification_name']!r} (create it first)"
    value = row["value"]
    if type(value) is not int:
        yield f"value is {value!r}, not a whole number"
    elif abs(value) > LARGEST_VALUE:
        yield f"value is {value}, more than can be stored"


def _is_text(value: Any) -> bool:
    """Whether it can be a name: half a surrogate pair cannot be stored."""
    return (
        isinstance(value, str) and bool(value) and value == value.encode("utf-8", "ignore").decode()
    )
