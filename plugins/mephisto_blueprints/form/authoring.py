"""Work on form files before there is a run: check them, fill in tokens, combine token values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_blueprints.form.documents import read_document
from mephisto_blueprints.form.sources import (
    FINISHED,
    SEPARATE_VALUES,
    TEMPLATES,
    TOKEN_SETS,
    FormSource,
    template_in,
)
from mephisto_blueprints.form.structure import fields
from mephisto_blueprints.form.tokens import (
    TOKENS_VALUES,
    read_separate_values,
    read_token_sets,
)
from mephisto_blueprints.form.tokens import (
    permute as permute_values,
)
from mephisto_engine.errors import ConfigError, Problem


@dataclass(frozen=True)
class CheckedFile:
    """What was found about one file."""

    file: str
    summary: str
    """What it holds, in a few words; empty if it cannot be used."""
    problems: list[Problem]


def check(path: Path) -> list[CheckedFile]:
    """Check one file of forms or token values, or all of them that a folder has.

    Raises:
        ConfigError: there is nothing to check.
    """
    path = path.expanduser()
    if not path.is_dir():
        return [_checked(path)]
    names = (*FINISHED, *TEMPLATES, TOKEN_SETS, SEPARATE_VALUES)
    found = [_checked(path / name) for name in names if (path / name).is_file()]
    if not found:
        raise ConfigError([Problem(str(path), "has no form in it", f"one of {', '.join(names)}")])
    return found


def extrapolate(template: Path, tokens: Path | None = None) -> list[dict[str, Any]]:
    """A template with each of some token sets: the content of a `task_data.json`.

    Args:
        template: the form, or a folder with it and its token sets.
        tokens: token sets, or separate values, of which every combination is taken.

    Raises:
        ConfigError: a file has something wrong with it, or the tokens do not match.
    """
    template = template.expanduser()
    source = template_in(template) if template.is_dir() else FormSource(template)
    if tokens is not None:
        source = FormSource(source.path, tokens.expanduser())
    return source.filled(source.token_sets())


def permute(separate_values: Path) -> list[dict[str, Any]]:
    """Every combination of separate values: the content of a `token_sets_values_config.json`.

    Raises:
        ConfigError: the file has something wrong with it.
    """
    path = separate_values.expanduser()
    if path.is_dir():
        path /= SEPARATE_VALUES
    values = read_separate_values(read_document(path), path.name)
    return [{TOKENS_VALUES: combination} for combination in permute_values(values)]


def _checked(path: Path) -> CheckedFile:
    try:
        document = read_document(path)
        if path.name == SEPARATE_VALUES or path.name == TOKEN_SETS:
            return CheckedFile(str(path), *_token_findings(path, document))
        return CheckedFile(str(path), *_form_findings(path, document))
    except ConfigError as error:
        return CheckedFile(str(path), "", error.problems)


def _token_findings(path: Path, document: Any) -> tuple[str, list[Problem]]:
    sets = read_token_sets(document, path.name)
    return _counted(len(sets), "token set"), []


def _form_findings(path: Path, document: Any) -> tuple[str, list[Problem]]:
    source = FormSource(path)
    problems = source.problems()
    if problems:
        return "", problems
    if source.is_list:
        return _counted(len(document), "form"), []
    count = sum(1 for _ in fields(document["form"]))
    summary = f"1 form, {_counted(count, 'field')}"
    if source.tokens:
        summary += f", tokens: {', '.join(source.tokens)}"
    return summary, list(_token_matches(path, source))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _token_matches(path: Path, source: FormSource) -> Iterator[Problem]:
    """How a template and the token sets beside it fit together."""
    if path.name not in TEMPLATES:
        return
    token_file = template_in(path.parent).token_file
    if token_file is None:
        return
    beside = FormSource(path, token_file)
    try:
        beside.filled(beside.token_sets())
    except ConfigError as error:
        # What is wrong with the token file itself is said where that file is checked.
        yield from (problem for problem in error.problems if "token" in problem.what)
