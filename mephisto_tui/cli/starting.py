"""The two ways in which an engine is given a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from mephisto_engine.config import LaunchConfig
    from mephisto_engine.engine import Engine


class Start(Protocol):
    def on(self, engine: Engine) -> int:
        """Bring the run on line; returns its number when workers can come."""
        ...


@dataclass(frozen=True)
class FromConfig:
    launch_config: LaunchConfig

    @classmethod
    def read(cls, path: Path, overrides: Sequence[str]) -> Self:
        """Compose and check before anything exists: not even the data folder is made."""
        from mephisto_engine.abstractions.registry import Registry
        from mephisto_engine.config import load_launch_config
        from mephisto_tui.cli.output import say

        found = load_launch_config(path, list(overrides), Registry())
        for warning in found.warnings:
            say(f"note: {warning}")
        return cls(found)

    def on(self, engine: Engine) -> int:
        return engine.launch(self.launch_config)


@dataclass(frozen=True)
class Resumed:
    run_id: int

    def on(self, engine: Engine) -> int:
        from mephisto_tui.cli.control import say_who_is_listened_for

        say_who_is_listened_for(engine.db, self.run_id)
        engine.resume(self.run_id)
        return self.run_id
