"""Files of decisions: CSV or JSON lines in, `NewDecision`s and problems out.

Columns: unit, verdict, and if wanted note, tell, bonus (dollars) and block (a reason). A line that
`review queue --json` printed can be completed and given back.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

from mephisto_engine.cells import plain_cell
from mephisto_engine.cents import as_cents
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.errors import ConfigError, Problem

VERDICTS: Final = {
    "accept": "accepted",
    "accepted": "accepted",
    "approve": "accepted",
    "approved": "accepted",
    "pass": "soft_rejected",
    "soft_reject": "soft_rejected",
    "soft_rejected": "soft_rejected",
    "reject": "rejected",
    "rejected": "rejected",
}
"""What a file may call a verdict."""

_YES: Final = frozenset({"1", "true", "yes", "y"})
_NO: Final = frozenset({"", "0", "false", "no", "n"})


@dataclass(frozen=True)
class Line:
    """One line of a file: a decision, or what is wrong with it."""

    number: int
    unit: str
    decision: NewDecision | None
    fault: str = ""


def read_decisions(file: Path) -> list[Line]:
    """Every line of a file that says anything.

    Raises:
        ConfigError: the file cannot be read, or its first line does not name the columns.
    """
    text = _text_of(file)
    is_json = file.suffix.lower() in (".json", ".jsonl", ".ndjson")
    rows = _json_rows(text) if is_json else _csv_rows(text, file)
    return [_line(number, row) for number, row in rows]


def dollars_as_cents(text: str) -> int:
    """An amount in dollars as whole cents.

    Raises:
        ValueError: it is none; the message says why.
    """
    try:
        return as_cents(text)
    except ValueError as error:
        raise ValueError(f"{text!r} {error}, such as 0.50") from None


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError([Problem(str(file), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(str(file), f"is not UTF-8: {error.reason}")]) from error


def _json_rows(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"is not JSON: {error}"


def _csv_rows(text: str, file: Path) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(StringIO(text, newline=""))
    header = [cell.strip().lower() for cell in next(reader, [])]
    if not {"unit", "unit_id"} & set(header) or "verdict" not in header:
        what = "the first line has to name the columns unit and verdict"
        raise ConfigError([Problem(f"{file}:1", what)])
    for cells in reader:
        if any(cell.strip() for cell in cells):
            values = [plain_cell(cell) for cell in cells]
            yield reader.line_num, dict(zip(header, values, strict=False))


def _line(number: int, row: Any) -> Line:
    if not isinstance(row, dict):
        return Line(number, "", None, row if isinstance(row, str) else "is not an object")
    unit = str(row.get("unit", row.get("unit_id", ""))).strip()
    try:
        return Line(number, unit, _decision(unit, row))
    except ValueError as error:
        return Line(number, unit, None, str(error))


def _decision(unit: str, row: dict[str, Any]) -> NewDecision:
    if not unit.isascii() or not unit.isdigit() or len(unit) > 18:
        raise ValueError(f"{unit!r} is not the number of a unit")
    said = str(row.get("verdict") or "").strip().lower()
    verdict = VERDICTS.get(said)
    if verdict is None:
        raise ValueError(f"{said!r} is no verdict: accept, pass or reject")
    block = row.get("block") or row.get("block_reason")
    return NewDecision(
        unit_id=int(unit),
        verdict=verdict,
        note=str(row.get("note") or ""),
        is_note_sent=_flag(row.get("tell")),
        bonus_cents=dollars_as_cents(str(row.get("bonus") or "0")),
        block_reason=str(block) if block else None,
    )


def _flag(value: Any) -> bool:
    text = "" if value is None else str(value).strip().lower()
    if text in _YES or text in _NO:
        return text in _YES
    raise ValueError(f"tell is {value!r}; it is yes or no")
