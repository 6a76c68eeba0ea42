"""A task whose page is a bundle that its author built, with `mephisto-task` inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_blueprints.static.args import StaticArgs, given, key
from mephisto_blueprints.static.blueprint import StaticBlueprint
from mephisto_blueprints.static.files import copy_folder, copy_page, copy_source, source_problems
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_engine.abstractions.args import arg, required
from mephisto_engine.abstractions.blueprint import TaskBuilder
from mephisto_engine.errors import ConfigError, Problem


@dataclass
class StaticReactTaskArgs(StaticArgs):
    """Options of `static_react_task`."""

    _blueprint_type: str = "static_react_task"
    task_source: str = required("JavaScript bundle of the task, already built")
    link_task_source: bool = arg(
        False,
        "link the bundle and do not copy it, so that a rebuild in place shows without a new launch",
    )


class StaticReactTaskBuilder(TaskBuilder):
    """Puts the bundle beside an index page; a task's own `index.html` wins."""

    def build_in_dir(self, root: Path) -> None:
        args = self.blueprint.args
        copy_page(root, "index.html", "mephisto_page.css")
        bundle = root / "bundle.js"
        if args.link_task_source:
            link_bundle(args.task_source, bundle)
        else:
            copy_source(args.task_source, bundle)
        extra = given(args, "extra_source_dir")
        if extra:
            copy_folder(extra, root)


def link_bundle(path: str, target: Path) -> None:
    """Give a bundle a second name in the site.

    A hard link, for a server gives out nothing that a symbolic link leads to outside of its site.

    Raises:
        ConfigError: it cannot be linked.
    """
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(Path(path).expanduser().resolve())
    except OSError as error:
        raise ConfigError(
            [Problem(key("link_task_source"), f"cannot link {path}: {error.strerror or error}")],
            "A link needs both folders on one file system; leave the option out to copy.",
        ) from error


class StaticReactTaskBlueprint(StaticBlueprint):
    """Hands each item to the page's bundle as `initialTaskData`."""

    BLUEPRINT_TYPE = "static_react_task"
    ArgsClass = StaticReactTaskArgs
    SharedStateClass = SharedStaticTaskState
    TaskBuilderClass = StaticReactTaskBuilder

    @classmethod
    def page_problems(cls, args: Any, fields: set[str] | None) -> Iterable[Problem]:
        return source_problems("task_source", given(args, "task_source"))
