"""Where workers reach a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.channel import Backend, Channel
from mephisto_engine.abstractions.site import Site
from mephisto_engine.data_model.records import RunRecord
from mephisto_engine.errors import Problem


@dataclass
class ArchitectArgs:
    """Options that every architect has; plugins add theirs in a subclass."""

    _architect_type: str = "architect"
    server_type: str = arg("gateway", "kept for existing configs; the gateway serves in every case")
    server_source_path: str | None = arg(
        None, "kept for existing configs; there is no server source to build"
    )


@dataclass(frozen=True)
class ArchitectContext:
    """What an architect works with for one run."""

    run: RunRecord
    site: Site
    backend: Backend


class Architect(ABC):
    """Puts a site on line and gives the channel to the pages that it serves.

    Life cycle: ``assert_task_args`` (before anything exists) → ``prepare`` → ``deploy`` → …
    ``shutdown``. ``shutdown`` is called after any failure too, and more than once does no harm.
    """

    ARCHITECT_TYPE: ClassVar[str]
    ArgsClass: ClassVar[type[ArchitectArgs]] = ArchitectArgs

    def __init__(self, args: Any, context: ArchitectContext) -> None:
        self.args = args
        self.context = context

    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        """Everything that is wrong with the options; creates and changes nothing."""
        return ()

    async def prepare(self) -> None:  # noqa: B027 - an architect may have nothing to prepare
        """Build what ``deploy`` needs. Raises `ArchitectError`."""

    @abstractmethod
    async def deploy(self) -> str:
        """Put the site on line and return the URL that workers open.

        Raises:
            ArchitectError: it cannot be put on line; nothing is left behind.
        """

    @abstractmethod
    async def shutdown(self) -> None:
        """Take the site off line. Requests that are being answered are answered first."""

    @abstractmethod
    def get_channel(self) -> Channel:
        """The way to the pages, valid between ``deploy`` and ``shutdown``."""

    def get_upload(self, stored_name: str) -> Path:
        """Local path of an uploaded file; `stored_name` is one of our own names."""
        return self.context.site.uploads / Path(stored_name).name
