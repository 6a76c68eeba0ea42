"""Where the forms of a task come from: one file, or a folder as FormComposer lays it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from mephisto_blueprints.form.checks import Surroundings, item_problems
from mephisto_blueprints.form.documents import read_document
from mephisto_blueprints.form.insertions import with_insertions
from mephisto_blueprints.form.scripts import Scripts
from mephisto_blueprints.form.tokens import (
    fill,
    missing_tokens,
    read_token_sets,
    surplus_tokens,
    tokens_of,
)
from mephisto_engine.errors import ConfigError, Problem

FINISHED = ("task_data.json",)
TEMPLATES = ("unit_config.json", "form_config.json", "form.yaml", "form.yml", "form.json")
TOKEN_SETS = "token_sets_values_config.json"
SEPARATE_VALUES = "separate_token_values_config.json"
MAX_PROBLEMS = 50
"""How many problems of one file are reported; after that a person wants to look at the file."""

FormItem = dict[str, Any]
"""One form as the page gets it: ``{"form": {…}}``."""


@dataclass(frozen=True)
class FormSource:
    """A file of one form (a template, if it has tokens) or of a list of forms."""

    path: Path
    token_file: Path | None = None
    """Token sets that stand beside a template."""

    @property
    def folder(self) -> Path:
        """Where the folder `insertions` is looked for."""
        return self.path.parent

    @cached_property
    def scripts(self) -> Scripts:
        """The JavaScript beside the form."""
        return Scripts(self.folder)

    @cached_property
    def document(self) -> Any:
        """What the file holds. Raises `ConfigError` if it cannot be read."""
        return read_document(self.path)

    @property
    def is_list(self) -> bool:
        """Whether the file holds finished forms, to which nothing can be filled in."""
        return isinstance(self.document, list)

    def problems(self) -> list[Problem]:
        """Everything that is wrong with the forms, token values left out."""
        try:
            return list(islice(self._problems(), MAX_PROBLEMS))
        except ConfigError as error:
            return error.problems

    def _problems(self) -> Iterator[Problem]:
        around = Surroundings(self.folder, self.scripts)
        yield from self.scripts.problems()
        if not self.is_list:
            yield from item_problems(self.document, around)
            return
        if not self.document:
            yield Problem(str(self.path), "has no forms")
        for index, item in enumerate(self.document):
            found = list(item_problems(item, around, f"[{index}]."))
            yield from found
            if not found:
                yield from _left_over(item, self.folder, f"[{index}].form")

    @cached_property
    def template(self) -> FormItem:
        """The one form of the file, with its HTML files in their places.

        Raises:
            ConfigError: the file has something wrong with it, or holds a list.
        """
        if self.is_list:
            raise ConfigError([Problem(str(self.path), "is a list of forms, not one form")])
        self._raise_problems()
        return with_insertions(self.document, self.folder)

    @cached_property
    def tokens(self) -> list[str]:
        """The tokens of the template."""
        return tokens_of(self.template["form"])

    def own_items(self) -> Iterator[FormItem]:
        """The forms of the file, or the template with each of its token sets.

        Raises:
            ConfigError: something is wrong with a form or a token set.
        """
        if self.is_list:
            self._raise_problems()
            for item in self.document:
                yield with_insertions(item, self.folder)
        else:
            sets = self.token_sets()
            for values, item in zip(sets, self.filled(sets), strict=True):
                yield {**values, **item}

    def token_sets(self) -> list[dict[str, Any]]:
        """The token sets beside the template; one without any token if there is no such file."""
        if self.token_file is None:
            return [{}]
        return read_token_sets(read_document(self.token_file), self.token_file.name)

    def filled(self, token_sets: list[dict[str, Any]]) -> list[FormItem]:
        """The template with each of some token sets.

        Raises:
            ConfigError: a set lacks a token of the form, or has one that the form lacks.
        """
        name = self.token_file.name if self.token_file else self.path.name
        problems: list[Problem] = []
        for index, values in enumerate(token_sets):
            where = f"{name}[{index}]"
            if not self.token_file:
                problems += (
                    Problem("form", f"no value for token {{{{{t}}}}}") for t in self.tokens
                )
            else:
                problems += missing_tokens(self.tokens, values, where)
                problems += surplus_tokens(self.tokens, values, where)
        if problems:
            raise ConfigError(problems[:MAX_PROBLEMS])
        return [fill(self.template, values, self.folder) for values in token_sets]

    def _raise_problems(self) -> None:
        problems = self.problems()
        if problems:
            raise ConfigError(problems)


def _left_over(item: FormItem, folder: Path, where: str) -> Iterator[Problem]:
    for token in tokens_of(with_insertions(item, folder)["form"]):
        yield Problem(where, f"no value for token {{{{{token}}}}}", "a list holds finished forms")


def find_source(path: Path) -> FormSource:
    """The forms of a file, or of a folder in the layout of FormComposer.

    In a folder, `task_data.json` goes before a template with token sets, and token sets go before
    separate values.

    Raises:
        ConfigError: there is nothing of the kind.
    """
    path = path.expanduser()
    if not path.is_dir():
        return FormSource(path)
    finished = _first(path, FINISHED)
    template = _first(path, TEMPLATES)
    if finished is None and template is None:
        names = ", ".join((*FINISHED, *TEMPLATES))
        raise ConfigError([Problem(str(path), "has no form in it", f"one of {names}")])
    return FormSource(finished) if finished else template_in(path)


def template_in(folder: Path) -> FormSource:
    """The template of a folder, with the token sets beside it.

    Raises:
        ConfigError: there is no template.
    """
    template = _first(folder, TEMPLATES)
    if template is None:
        raise ConfigError(
            [Problem(str(folder), "has no template", f"one of {', '.join(TEMPLATES)}")]
        )
    return FormSource(template, _first(folder, (TOKEN_SETS, SEPARATE_VALUES)))


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
