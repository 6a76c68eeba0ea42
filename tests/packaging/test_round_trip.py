"""What was exported as a data folder of Mephisto comes back from it as it was."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter import Exporter, jsonl
from full_world import fill
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from stored_world import StoredWorld

from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents, money, review, submissions
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.importing.bring import import_mephisto
from mephisto_engine.operations.packaging.request import Format

MEPHISTOS_OWN = Path(__file__).parent / "mephisto_1_1_1" / "directory"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ANSWERS = st.dictionaries(TEXTS | st.sampled_from(["messages", "requests", "files"]), PLAIN)
ENDS = st.sampled_from(["disconnect", "timeout", "returned", "expired"])


@dataclass(frozen=True)
class Visit:
    """A worker on a unit who left it again."""

    worker: int
    end: str
    late_answer: Any


@dataclass(frozen=True)
class Work:
    """What became of one unit."""

    visits: list[Visit]
    answer: Any
    """None where nobody did it."""
    verdict: str | None
    bonus: int
    tip: str | None
    file: bytes | None


VISITS = st.builds(Visit, st.integers(0, 2), ENDS, st.none() | ANSWERS)
WORK = st.builds(
    Work,
    st.lists(VISITS, max_size=2),
    st.none() | ANSWERS,
    st.none() | st.sampled_from(["accepted", "soft_rejected"]),
    st.integers(0, 99),
    st.none() | TEXTS,
    st.none() | st.binary(max_size=8),
)
ITEMS = st.tuples(
    st.dictionaries(st.text("abc", min_size=1), TEXTS, max_size=2), st.lists(WORK, max_size=3)
)


@settings(
    max_examples=15,
    deadline=None,
    # Every example makes four exports: to shrink one takes longer than to read it.
    phases=[Phase.explicit, Phase.generate],
)
@given(items=st.lists(ITEMS.filter(lambda item: item[1]), min_size=1, max_size=3))
def test_every_run_comes_back(items: list[tuple[dict[str, Any], list[Work]]]) -> None:
    with new_world() as world:
        run_ids = []
        for shared, units in items:
            run_id = world.add_run([shared], task=f"task-{len(run_ids)}", each=len(units))
            for place, ((unit, _), work) in enumerate(
                zip(world.units_of[run_id], units, strict=True)
            ):
                do(world, run_id, unit, place, work)
            world.end(run_id)
            run_ids.append(run_id)
        check(world, run_ids)


def test_what_surrounds_the_units_comes_back() -> None:
    with new_world() as world:
        full = fill(world)
        world.end(full.run_id)
        check(world, [full.run_id])


def test_tables_have_their_columns_where_mephisto_has_them(
    world: StoredWorld, export: Exporter
) -> None:
    """Its migrations copy rows by the place of a column, not by its name."""
    written = export(world.answered_run(1), format=Format.MEPHISTO).path / "database.db"
    ours, theirs = columns(written), columns(MEPHISTOS_OWN / "database.db")
    assert {table: ours[table] for table in theirs if table in ours} == {
        table: names for table, names in theirs.items() if table in ours
    }
    assert set(theirs) - {"sqlite_sequence"} <= set(ours)
    assert ours["unit_review"][-1] == "created_at"


def columns(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            for (table,) in tables.fetchall()
        }


def check(world: StoredWorld, run_ids: list[int]) -> None:
    everything = {"has_every_status": True, "has_raw_workers": True}
    export = Exporter(world, world.home / "exports")
    folder = export(*run_ids, format=Format.MEPHISTO, **everything).path
    before = told(export(*run_ids, **everything))
    with new_world() as other:
        import_mephisto(other.db, other.home, folder)
        again = import_mephisto(other.db, other.home, folder)
        assert not again.counts
        runs = list(range(1, len(run_ids) + 1))
        after = told(Exporter(other, other.home / "exports")(*runs, **everything))
    for name, rows in before.items():
        assert after[name] == rows, name


def do(world: StoredWorld, run_id: int, unit: int, place: int, work: Work) -> None:
    for visit in work.visits:
        agent_id, worker_id = world.come(run_id, unit, f"visitor-{place}-{visit.worker}")
        lost = (visit.end, "launched", "engine", "gone")
        world.db.write_now(agents.end_agent, agent_id, unit, run_id, *lost)
        if visit.late_answer is not None:
            body = json.dumps(visit.late_answer)
            new = submissions.NewSubmission(agent_id, unit, run_id, worker_id, body, (), None)
            assert world.db.write_now(submissions.submit, new) == "late"
    if work.answer is None:
        return
    files = {} if work.file is None else {"picture": work.file}
    agent_id = world.answer(run_id, unit, f"worker-{place}", work.answer, files)
    if work.tip is not None:
        world.tell(run_id, agent_id, {"tips": {"header": "h", "text": work.tip}})
    if work.verdict is not None:
        decide(world, NewDecision(unit, work.verdict, note="so it is", bonus_cents=work.bonus))


def decide(world: StoredWorld, decision: NewDecision) -> None:
    decision_id = world.db.write_now(review.stage, decision, "operator:tester")
    for intent in world.db.write_now(money.plan_decision, decision_id, lambda cents: 0):
        world.db.write_now(money.begin, intent.id)
        world.db.write_now(money.confirm, intent.id)


@contextmanager
def new_world() -> Iterator[StoredWorld]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with MephistoDB.open(home=home) as db:
            yield StoredWorld(db, home)


def told(report: Any) -> dict[str, Any]:
    """What an export says, without the ids, which are others in every database."""
    units = jsonl(report)
    order = {row["assignment_id"]: None for row in units}
    items = {number: place for place, number in enumerate(order)}
    return {
        "units": sorted(map(str, ([items[row["assignment_id"]], *_unit(row)] for row in units))),
        "others": sorted(
            str([items[row["assignment_id"]], *_other(row)])
            for row in jsonl(report, "tables/other_agents")
        ),
        "qualifications": _table(
            report, "qualifications", "worker", "qualification", "value", "granted_at"
        ),
        "onboarding": _table(report, "onboarding", "worker", "status", "data", "started_at"),
        "feedback": _table(report, "feedback", "worker", "kind", "about", "text"),
    }


def _unit(row: dict[str, Any]) -> list[Any]:
    review = row["review"] or {"note": "", "bonus_cents": 0}
    says_something = bool(review["note"] or review["bonus_cents"])
    return [
        *(row[name] for name in ("task_name", "unit_index", "status", "agent_status", "worker")),
        *(row[name] for name in ("provider_type", "pay_cents", "started_at", "submitted_at")),
        row["data"],
        row["metadata"],
        [file["sha256"] for file in row["files"]],
        # A verdict that nothing is said of comes back as a decision that says nothing.
        [review[name] for name in ("note", "bonus_cents", "decided_at")] if says_something else [],
    ]


def _other(row: dict[str, Any]) -> list[Any]:
    return [
        *(row[name] for name in ("unit_index", "worker", "agent_status", "is_late_answer")),
        # There is one time at which they ended there: that of the answer, if one came.
        *(row[name] for name in ("started_at", "submitted_at", "data")),
        row["is_late_answer"] or row["ended_at"],
        [file["sha256"] for file in row["files"]],
    ]


def _table(report: Any, name: str, *columns: str) -> list[str]:
    rows = jsonl(report, f"tables/{name}")
    return sorted(str([row[column] for column in columns]) for row in rows)
