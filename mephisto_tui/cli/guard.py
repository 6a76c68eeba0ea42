"""The group that all commands hang on; whatever one of them raises ends here as words."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from mephisto_tui.cli.errors import errors_as_words
from mephisto_tui.cli.settings import settings_of


class GuardedGroup(TyperGroup):
    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        with errors_as_words(lambda: settings_of(ctx)):
            return super().invoke(ctx)
