"""`python -m benchmarks [NAME …]`: run all benchmarks, or some, and print their figures."""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
import threading
import traceback
from contextlib import suppress

from benchmarks.child import new_home
from benchmarks.figure import Figure, as_json, table
from benchmarks.server import Server

NAMES = (
    "publishing",
    "claiming",
    "lifecycle",
    "crash",
    "talking",
    "starting",
    "console_bytes",
    "console_keys",
    "console_stall",
    "exporting",
    "analysis",
    "review",
)


def main() -> int:
    """0, or 1 when a benchmark could not be run, or a target was missed and ``--check`` given."""
    options = _options()
    if options.serve is not None:
        return _serve(options.serve)
    figures: list[Figure] = []
    failed: list[str] = []
    results = []
    for name in options.names or NAMES:
        try:
            measured = importlib.import_module(f"benchmarks.{name}").measure()
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        figures += measured
        results += as_json(name, measured)
        if not options.json:
            print("\n".join(["", name, *table(measured)]), flush=True)
    if options.json:
        print(json.dumps({"figures": results, "failed": failed}, indent=1))
    missed = [figure.name for figure in figures if figure.is_met is False]
    for line in _summary(figures, missed, failed):
        print(line, file=sys.stderr)
    return int(bool(failed or (options.check and missed)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of: " + ", ".join(NAMES))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument(
        "--serve",
        type=int,
        metavar="UNITS",
        help="serve the static run of `lifecycle` to other clients until ctrl+c or SIGTERM",
    )
    options = parser.parse_args()
    for name in options.names:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name!r}; there are: {', '.join(NAMES)}")
    return options


def _serve(units: int) -> int:
    with new_home() as home, Server("run", units, home) as server:
        facts = {"url": server.url, "pid": server.pid, "database": str(home / "data.db")}
        print(json.dumps(facts), flush=True)
        before = server.cpu_seconds()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
        print(f"engine: {server.cpu_seconds() - before:.2f} s CPU", file=sys.stderr)
    return 0


def _summary(figures: list[Figure], missed: list[str], failed: list[str]) -> list[str]:
    bounded = sum(figure.target is not None for figure in figures)
    lines = [f"{bounded - len(missed)} of {bounded} targets kept"]
    if missed:
        lines.append("missed: " + "; ".join(missed))
    if failed:
        lines.append("could not be run: " + ", ".join(failed))
    return ["", *lines]


if __name__ == "__main__":
    sys.exit(main())
