"""The console's door to launching: configs that are at hand, checks of drafts, and the launch.

Everything runs in one thread of its own, for Hydra is slow and a deployment slower. Nothing here
imports Hydra, a plugin or the engine before it is asked for something.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mephisto_engine.errors import ConfigError, StateError
from mephisto_tui.daemon_worker import DaemonWorker

if TYPE_CHECKING:
    from mephisto_engine.abstractions.registry import PluginKind, Registry
    from mephisto_engine.config.discovery import FoundConfig
    from mephisto_engine.config.draft import LaunchDraft
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.database.queries.runs import LaunchedConfig
    from mephisto_engine.engine import Engine
    from mephisto_engine.operations.drafting import DraftCheck
    from mephisto_engine.operations.plan import StoredFacts

MOST_LAUNCHED: Final = 8
"""Configs that were launched lately, as far as they are offered again."""

StartDetached = Callable[[Path, Sequence[str]], int]
"""Path of a config and overrides → the run that a process of its own drives."""


@dataclass(frozen=True)
class ConfigsAtHand:
    """Where a launch can begin."""

    launched: tuple[LaunchedConfig, ...] = ()
    """Newest first; files that are gone are left out."""
    found: tuple[FoundConfig, ...] = ()
    """Below the current folder, those that were launched lately left out."""


class Launching:
    """Launches in the engine of this process, or in a process of its own where there is none."""

    def __init__(
        self,
        db: MephistoDB | None,
        home: Path,
        *,
        engine: Engine | None = None,
        start_detached: StartDetached | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._db = db
        self._home = home
        self._engine = engine
        self._start_detached = start_detached
        self._given_registry = registry
        self._last_check: Future[DraftCheck] | None = None
        self._last_launch: Future[int] | None = None

    def configs_at_hand(self, folder: Path) -> Future[ConfigsAtHand]:
        """Configs that were launched lately, and those below a folder."""
        return self._thread.submit(self._look, folder)

    def check(self, draft: LaunchDraft) -> Future[DraftCheck]:
        """Check a draft; checks that have not begun yet are dropped for the newest."""
        if self._last_check is not None:
            self._last_check.cancel()
        self._last_check = self._thread.submit(self._check, draft)
        return self._last_check

    def with_plugin(self, draft: LaunchDraft, kind: PluginKind, name: str) -> Future[LaunchDraft]:
        """The draft with another plugin."""
        return self._thread.submit(lambda: draft.with_plugin(kind, name, self.registry))

    def save(self, draft: LaunchDraft, path: Path, *, replaces: bool) -> Future[Path]:
        """Write a draft to a file. Errors as `save_draft`."""
        return self._thread.submit(self._save, draft, path, replaces)

    def launch(self, check: DraftCheck) -> Future[int]:
        """Launch what was checked and shown; the run's number, once workers can come.

        Fails with a ConfigError if it can no longer be launched, and with a StateError if it would
        no longer do what was shown.
        """
        self._last_launch = self._thread.submit(self._launch, check)
        return self._last_launch

    @property
    def is_launching(self) -> bool:
        """Whether a launch is under way."""
        return self._last_launch is not None and not self._last_launch.done()

    def close(self) -> None:
        """Let go of the thread; a launch that has begun goes on."""
        if "_thread" in self.__dict__:
            self._thread.close()

    @cached_property
    def registry(self) -> Registry:
        """Where plugins come from."""
        from mephisto_engine.abstractions.registry import Registry

        return self._given_registry or Registry()

    @cached_property
    def _thread(self) -> DaemonWorker:
        return DaemonWorker("console-launch")

    def _look(self, folder: Path) -> ConfigsAtHand:
        from mephisto_engine.config.discovery import find_configs
        from mephisto_engine.database.queries.runs import launched_configs

        launched = self._db.read(launched_configs, MOST_LAUNCHED) if self._db is not None else []
        there = tuple(config for config in launched if Path(config.path).is_file())
        known = {Path(config.path) for config in there}
        found = tuple(config for config in find_configs(folder) if config.path not in known)
        return ConfigsAtHand(there, found)

    def _stored(self) -> StoredFacts | None:
        from mephisto_engine.operations.plan import StoredFacts

        return None if self._db is None else StoredFacts.of(self._db)

    def _check(self, draft: LaunchDraft) -> DraftCheck:
        from mephisto_engine.operations.drafting import check_draft

        return check_draft(draft, self.registry, self._stored())

    def _save(self, draft: LaunchDraft, path: Path, replaces: bool) -> Path:
        from mephisto_engine.operations.drafting import save_draft

        return save_draft(draft, path, replaces=replaces)

    def _launch(self, check: DraftCheck) -> int:
        from mephisto_engine.config import load_launch_config
        from mephisto_engine.operations.drafting import stored_draft

        now = self._check(check.draft)
        if now.problems:
            raise ConfigError(now.problems)
        if now.plan != check.plan:
            raise StateError("It would no longer do what was shown.", "Look at the plan again.")
        draft = stored_draft(check.draft, self._home)
        path, overrides = Path(str(draft.path)), draft.overrides()
        if self._engine is not None:
            return self._engine.launch(load_launch_config(path, overrides, self.registry))
        if self._start_detached is None:
            raise StateError("This console has no engine to launch in.")
        return self._start_detached(path, overrides)
