"""The one place where an error becomes words and an exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from mephisto_engine.errors import (
    ArchitectError,
    ConfigError,
    LeaseHeldError,
    MephistoError,
    PluginError,
    ProviderError,
)
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import Settings

CODES: Final[dict[type[MephistoError], ExitCode]] = {
    ConfigError: ExitCode.USAGE,
    PluginError: ExitCode.USAGE,
    ArchitectError: ExitCode.OUTSIDE,
    ProviderError: ExitCode.OUTSIDE,
    LeaseHeldError: ExitCode.LEASE_HELD,
}


def exit_code_of(error: MephistoError) -> ExitCode:
    """Everything that no row names was refused by the state of things."""
    for kind, code in CODES.items():
        if isinstance(error, kind):
            return code
    return ExitCode.REFUSED


def describe(error: MephistoError) -> list[str]:
    """Title, one line a problem, and what the person can do about it."""
    if isinstance(error, ConfigError) and len(error.problems) > 1:
        lines = [f"{error.title}: {len(error.problems)} problems"]
        lines += [f"  {problem}" for problem in error.problems]
    else:
        first, *rest = error.message.splitlines() or [""]
        lines = [f"{error.title}: {first}", *(f"  {line}" for line in rest)]
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    return lines


def record_crash(error: BaseException, logs: Path) -> Path:
    """Write the traceback to a file that only its owner can read, and return where it is."""
    import traceback

    name = f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    path = logs / name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return path


def describe_crash(error: BaseException, settings: Settings) -> list[str]:
    """One line on a fault of our own; the traceback goes to a file beside the other logs."""
    first = next(iter(str(error).splitlines()), "")
    line = f"Fault in mephisto-tui: {type(error).__name__}: {first}"
    try:
        return [line, f"  traceback in {record_crash(error, settings.logs)}"]
    except OSError as refusal:
        return [line, f"  its traceback could not be stored: {refusal}"]


@contextmanager
def errors_as_words(settings: Callable[[], Settings]) -> Iterator[None]:
    """Let nothing but an exit code leave the block; ``settings`` is asked after a fault."""
    try:
        yield
    except MephistoError as error:
        say("\n".join(describe(error)))
        raise typer.Exit(exit_code_of(error)) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(ExitCode.INTERRUPTED) from error
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error, which the parser words by itself
            raise
        say("\n".join(describe_crash(error, settings())))
        raise typer.Exit(ExitCode.CRASHED) from error
