"""What becomes of the form of a launch: a file, or a run."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mephisto_engine.errors import ConfigError, MephistoError
from mephisto_tui.keymap import with_keys
from mephisto_tui.screens.draft_form import DraftForm
from mephisto_tui.screens.launch_questions import how_to_launch, how_to_replace
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.view.configs import shown_path

if TYPE_CHECKING:
    from mephisto_engine.operations.drafting import DraftCheck

log = logging.getLogger(__name__)


class DraftScreen(DraftForm):
    """The form with its two ends: a YAML file that can be launched again, and the launch."""

    def do_draft_save(self) -> None:
        if self.app.refusal:
            self.say(self.app.refusal, "warn")
            return
        path = self.draft.path
        proposed = shown_path(path) if path else f"{shown_path(self.draft.folder)}/launch.yaml"
        question = PromptScreen("Save as YAML", "a config to launch from again", proposed)
        self.app.push_screen(question, self._save)

    def _save(self, typed: str | None, *, replaces: bool = False) -> None:
        if typed is not None:
            path = Path(typed).expanduser().absolute()
            self.run_worker(self._write(path, replaces), exit_on_error=False)

    async def _write(self, path: Path, replaces: bool) -> None:
        from mephisto_engine.config.draft import LaunchDraft

        try:
            saved = await asyncio.wrap_future(
                self.launching.save(self.draft, path, replaces=replaces)
            )
        except FileExistsError:
            self.ask(how_to_replace(path), lambda: self._save(str(path), replaces=True))
        except MephistoError as error:
            self.say(f"{error.message} {error.hint}".strip(), "bad")
        else:
            self.draft = LaunchDraft(path=saved)
            self.recheck()
            self.say(f"saved: {saved}")

    def do_draft_launch(self) -> None:
        if self.app.refusal:
            self.say(self.app.refusal, "warn")
        elif self.is_launching:
            self.say("it is being launched")
        elif self.is_checking or self.check is None:
            self.say("the check has not ended")
        elif not self.check.can_launch or self.check.plan is None:
            self.say(
                with_keys("the problems come first: {draft.next_problem} goes to the next"), "warn"
            )
        elif self.check.plan.is_sandbox:
            self._launch(self.check)
        else:
            self.ask(how_to_launch(self.check.plan), partial(self._launch, self.check))

    def _launch(self, check: DraftCheck) -> None:
        self.is_launching = True
        self.show_form()
        self.run_worker(self._await_launch(check), exit_on_error=False)

    async def _await_launch(self, check: DraftCheck) -> None:
        try:
            run_id = await asyncio.wrap_future(self.launching.launch(check))
        except ConfigError as error:
            self.say(f"not launched: {error.problems[0]}", "bad")
            self.recheck()
        except MephistoError as error:
            words = "; ".join(line.strip() for line in error.message.splitlines())
            self.say(f"not launched: {words} {error.hint}".strip(), "bad")
            self.recheck()
        except Exception as error:
            log.exception("a launch failed")
            self.say(f"not launched: {type(error).__name__}: {error}", "bad")
        else:
            # A worker of the form would end with it, half way.
            self.app.call_later(self.app.show_launched, run_id, self)
        finally:
            self.is_launching = False
            self.show_form()
