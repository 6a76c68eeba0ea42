"""Options and arguments that several commands share, so that each reads the same everywhere."""

from __future__ import annotations

from typing import Annotated, Final

import typer

Json = Annotated[bool, typer.Option("--json/--plain", help="Print JSON, or lines of text.")]
Headless = Annotated[
    bool, typer.Option("--headless", help="No console: one line an event on stdout.")
]
Detach = Annotated[
    bool,
    typer.Option(
        "--detach", help="Run the engine as a process of its own that outlives this terminal."
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Print units, price and worst-case cost; create nothing."),
]
ReportFd = Annotated[int | None, typer.Option("--report-fd", hidden=True)]
LARGEST_ID: Final = 2**63 - 1
"""What a database can hold as a row's number."""
Run = Annotated[
    int,
    typer.Argument(metavar="RUN", max=LARGEST_ID, help="Number of the run; `runs` lists them."),
]
SomeRun = Annotated[
    int | None,
    typer.Argument(
        metavar="[RUN]", max=LARGEST_ID, help="Number of the run; all runs if not given."
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[OVERRIDES]...", help="Hydra overrides, as mephisto.task.task_reward=0.10"
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Print no more rows than this.")]
Status = Annotated[str, typer.Option("--status", help="Only rows with this status.")]
Match = Annotated[
    str,
    typer.Option("--match", help="Only rows with these words; also !without, ~fuzzy, state:live."),
]
