"""Checks a draft of a launch config: its options, their values, all problems, and the plan."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.compose import Composition, compose
from mephisto_engine.config.draft import LaunchDraft
from mephisto_engine.config.launch import check_composed
from mephisto_engine.config.launch_config import LaunchConfig
from mephisto_engine.config.plain import to_json
from mephisto_engine.config.redaction import redacted
from mephisto_engine.config.schema import TASK, Description, describe
from mephisto_engine.errors import ConfigError, MephistoError, PluginError, Problem
from mephisto_engine.operations.plan import LaunchPlan, StoredFacts, launch_problems, plan_launch

FOLDER: Final = "launches"
"""Where the home folder keeps configs that were put together by hand and launched."""


@dataclass(frozen=True)
class DraftCheck:
    """A draft as it stands."""

    draft: LaunchDraft
    plugins: Mapping[PluginKind, str]
    """Those that are chosen, in the file or by hand."""
    choices: Mapping[PluginKind, tuple[str, ...]]
    """Those that are installed."""
    sections: tuple[Description, ...] = ()
    """The task's options, and those of the plugins that could be loaded."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Dotted key → value, secrets masked; ``???`` where one has to be given."""
    resolved: Mapping[str, Any] = field(default_factory=dict)
    """The whole config without secrets, as far as it could be composed."""
    problems: tuple[Problem, ...] = ()
    plan: LaunchPlan | None = None
    """What a launch would do, if the config is sound in itself."""
    config: LaunchConfig | None = None

    @property
    def can_launch(self) -> bool:
        """Whether nothing stands in the way."""
        return self.config is not None and self.plan is not None and not self.problems


def check_draft(
    draft: LaunchDraft, registry: Registry, stored: StoredFacts | None = None
) -> DraftCheck:
    """Compose a draft and find everything that is wrong with it.

    Blocks: Hydra composes, data files are read, the task's code is run. Nothing is created.

    Args:
        draft: what to check.
        registry: where plugins come from.
        stored: what the database knows.
    """
    composed = _composed(draft, registry)
    problems = [*draft.secrets_in_plain()]
    chosen = _chosen(composed.tree)
    check = DraftCheck(
        draft=draft,
        plugins=chosen,
        choices={kind: tuple(registry.names(kind)) for kind in PluginKind},
        sections=tuple(_sections(chosen, registry)),
        values=dict(_flat(redacted(to_json(composed.tree.get("mephisto", {}))), "mephisto")),
        resolved=redacted(to_json(composed.tree)),
    )
    try:
        config = check_composed(composed, registry)
        plan = plan_launch(config, registry, stored)
        unknown = stored.unknown_qualifications if stored is not None else None
        problems += asyncio.run(launch_problems(config, registry, unknown))
    except ConfigError as error:
        return replace(check, problems=(*problems, *error.problems))
    except Exception as error:  # data are strangers' files, or made by strangers' code
        problems.append(Problem("", f"the data cannot be read: {type(error).__name__}: {error}"))
        return replace(check, problems=tuple(problems))
    return replace(
        check, problems=tuple(problems), plan=plan, config=config, resolved=config.resolved
    )


def save_draft(draft: LaunchDraft, target: Path, *, replaces: bool = False) -> Path:
    """Write a draft as a launchable config, without secrets.

    Args:
        draft: what to write.
        target: a path that ends in ``.yaml``.
        replaces: write over a file that is there.

    Raises:
        FileExistsError: there is a file, and ``replaces`` is not given.
        MephistoError: the file cannot be written, or is not to be called so.
    """
    path = target.expanduser().absolute()
    if path.suffix != ".yaml" or "@" in path.name:
        raise MephistoError(f"{path.name} cannot be the name of a config.", "Call it NAME.yaml.")
    text = draft.as_yaml(path)
    try:
        if replaces:
            _replace(path, text)
        else:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError:
        raise
    except OSError as error:
        raise MephistoError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path


def stored_draft(draft: LaunchDraft, home: Path) -> LaunchDraft:
    """A draft that has a file to launch from, and to resume from later: its own, or a new one."""
    if draft.path is not None:
        return draft
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = 1
    while True:
        try:
            return LaunchDraft(path=save_draft(draft, folder / f"launch-{number}.yaml"))
        except FileExistsError:
            number += 1


def _replace(path: Path, text: str) -> None:
    """All of the new text or all of the old, whatever happens meanwhile."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        file.write(text)
    os.chmod(file.name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
    os.replace(file.name, path)


def _composed(draft: LaunchDraft, registry: Registry) -> Composition:
    if draft.path is not None:
        return compose(draft.path, draft.overrides(), registry)
    with tempfile.TemporaryDirectory(prefix="mephisto-draft-") as folder:
        path = Path(folder) / "draft.yaml"
        path.write_text(draft.as_yaml(path), encoding="utf-8")
        return compose(path, (), registry)


def _chosen(tree: Mapping[str, Any]) -> dict[PluginKind, str]:
    node = tree.get("mephisto")
    if not isinstance(node, Mapping):
        return {}
    found = {}
    for kind in PluginKind:
        values = node.get(kind.value)
        name = values.get(kind.type_key) if isinstance(values, Mapping) else None
        if isinstance(name, str):
            found[kind] = name
    return found


def _sections(chosen: Mapping[PluginKind, str], registry: Registry) -> Iterator[Description]:
    yield describe(TASK, TASK, registry)
    for kind, name in chosen.items():
        try:
            yield describe(kind, name, registry)
        except PluginError:
            continue  # it is among the problems, with what is installed


def _flat(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    """The options of the four nodes; what lies deeper is a value."""
    if not isinstance(node, Mapping):
        return
    for kind in (*PluginKind, TASK):
        values = node.get(str(kind))
        if isinstance(values, Mapping):
            yield from ((f"{where}.{kind}.{key}", value) for key, value in values.items())
