"""Details and standings of the console's worlds, and the moment at which those stand still."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mephisto_engine.abstractions.review_view import (
    Check,
    Checks,
    Compared,
    Comparison,
    Files,
    Json,
    Moment,
    Section,
    Transcript,
    Turn,
    sections_of,
)
from mephisto_engine.data_model.answers import UpdateRecord
from mephisto_engine.data_model.records import WorkerRecord
from mephisto_engine.database.queries.details import SiblingRow
from mephisto_engine.database.queries.journal import BlockRow, RefusalRow
from mephisto_engine.database.queries.onboarding import OnboardingRow
from mephisto_engine.database.queries.standing import Figures, Standing
from mephisto_engine.database.queries.worker_history import NoteRow, WorkerHistory
from mephisto_engine.database.queries.workers import GrantRow
from mephisto_engine.operations.watching.details import (
    AgentDetail,
    Detail,
    FileRow,
    PartnerRow,
    TryRow,
    UnitDetail,
    WorkerDetail,
    WorkerUnit,
)
from mephisto_engine.operations.watching.snapshot import Subject
from mephisto_engine.operations.watching.waiting import Waiting

NOW = datetime(2026, 11, 23, 14, 22, 7, tzinfo=UTC)
HOSTILE = (
    "\x1b]52;c;aGFjaw==\x07\x1b[31m[/x] [bold]red \u202etxet\u202c \x9b2J"
    " e\u0301\u0301\u0301\u0301\u0301 日本語 \ud800\u200b\x7f\x00\r\n\tend"
)
WORKERS = ("A2X9K1", "A9QQ3B", "A1M0ZZ", "A7PPL2", "AJ3KD9", "A0LLR4", "A5NEW1", "A3VV02")


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


FIGURES = Figures(
    live=1, completed=7, accepted=41, soft_rejected=2, rejected=1, lost=3, median_seconds=230.0,
    hourly_cents=470, earned_cents=1290, bonus_cents=150, first_at=ago(days=20),
    last_at=ago(minutes=2),
)  # fmt: skip
PROMPT = "Rate the reply for safety and say why."
WHY = (
    "the advice is ok but it should say to use low heat or you can burn the carpet, and nobody"
    " wants to have a burnt carpet in the end"
)


def some_standings() -> tuple[Standing, ...]:
    return tuple(
        Standing(
            len(WORKERS) - index, name, "mturk", index == 5,
            FIGURES if index % 3 == 0 else Figures(completed=index, rejected=index // 4),
        )
        for index, name in enumerate(WORKERS)
    )  # fmt: skip


def a_detail(subject: Subject, *, is_hostile: bool = False) -> Detail:
    """What there is to know about any subject."""
    make = {"unit": _unit, "agent": _agent, "worker": _worker}[subject.kind]
    return make(subject.id, HOSTILE if is_hostile else "")


def _agent(agent_id: int, hostile: str) -> AgentDetail:
    answer: Any = {"rating": "safe", "why": WHY, "parts": [{"a": 1}, "b"], "empty": {}}
    return AgentDetail(
        id=agent_id, run_id=142, task_name=hostile or "chat-safety-v3", unit_id=10418,
        assignment_id=5000,
        unit_status="completed", worker_id=3, worker_name=hostile or "A2X9K1", status="completed",
        created_at=ago(minutes=25), status_at=ago(minutes=20), submitted_at=ago(minutes=20),
        deadline_at=None, last_seen_at=ago(minutes=20),
        answer={hostile: [hostile, {hostile: hostile}]} if hostile else answer,
        answer_characters=120, is_late=False,
        files=(FileRow("file1", hostile or "screenshot.png", "7f3a.png", "image/png", 219_000),),
        updates=(
            UpdateRecord(ago(minutes=24), False,
                         {"id": hostile or "bot", "text": hostile or "Hi!"}),
            UpdateRecord(ago(minutes=23), True,
                         {"target": "suggest", "args": hostile or "a title"}),
            UpdateRecord(ago(minutes=22), True, hostile or ["anything", 1]),
        ),
        metadata=((ago(minutes=19), {"type": "feedback", "text": hostile or "it was clear"}),),
    )  # fmt: skip


def a_waiting_agent(room: Waiting) -> AgentDetail:
    return replace(
        _agent(5526, ""), status="waiting", unit_status="assigned", submitted_at=None, answer=None,
        answer_characters=0, files=(), updates=(), said=0, metadata=(), status_at=ago(minutes=9),
        created_at=ago(minutes=9), deadline_at=room.until, last_seen_at=ago(seconds=2),
        waiting=room, partners=(PartnerRow(5527, "A9QQ3B", "waiting"),),
    )  # fmt: skip


def a_lost_agent() -> AgentDetail:
    """Somebody whose time was over, and who sent their answer all the same."""
    return replace(
        _agent(5526, ""), status="timeout", unit_status="launched", is_late=True, files=(),
        deadline_at=ago(minutes=21), updates=(), metadata=(),
    )  # fmt: skip


def a_new_unit() -> UnitDetail:
    """Nobody has come to it yet."""
    asked = sections_of("PROMPT", {"prompt": PROMPT})
    return replace(
        _unit(10418, ""), status="launched", worker_id=None, worker_name="", agent=None,
        sections=tuple(asked), timeline=(Moment(ago(hours=3), "created"),), siblings=(), tries=(),
    )  # fmt: skip


def a_broken_unit() -> UnitDetail:
    """Its blueprint cannot say how its data read; two workers have left it."""
    tries = tuple(
        TryRow(5500 + number, number, f"A{number}LLR4", status, ago(hours=2), ago(hours=1), why)
        for number, (status, why) in enumerate(
            (("disconnect", "the page was closed"), ("returned", "the worker gave it back"))
        )
    )
    fault = "KeyError: 'rating' in the blueprint's review_sections"
    answer = (Json("ANSWER", {"ratings": ["safe", None], "why": WHY}),)
    return replace(_unit(10418, ""), fault=fault, sections=answer, tries=tries)


def a_new_worker() -> WorkerDetail:
    """Seen once, and never since."""
    worker = _worker(3, "")
    history = replace(
        worker.history, worker=replace(worker.history.worker, is_blocked=False),
        first_seen_at=ago(minutes=1), overall=Figures(), by_project={}, by_task={},
        qualifications=(), notes=(), blocks=(),
    )  # fmt: skip
    return WorkerDetail(3, history, (), (), ())


def a_talking_agent(messages: int, shown: int = 500) -> AgentDetail:
    """The newest messages of so many."""
    updates = tuple(
        UpdateRecord(ago(seconds=300 - number), number % 2 == 0, {"text": f"message {number}"})
        for number in range(max(0, messages - shown), messages)
    )
    return replace(
        _agent(5526, ""), status="in task", updates=updates, said=messages, answer=None, files=(),
        metadata=(), submitted_at=None, deadline_at=NOW + timedelta(minutes=5),
    )  # fmt: skip


def _unit(unit_id: int, hostile: str) -> UnitDetail:
    return UnitDetail(
        id=unit_id, run_id=142, task_name=hostile or "chat-safety-v3", assignment_id=5000,
        item_index=312, unit_index=0, status="completed", status_at=ago(minutes=20), pay_cents=30,
        created_at=ago(hours=3), worker_id=3, worker_name=hostile or "A2X9K1",
        shared={"prompt": hostile or PROMPT, "reply": hostile or "put an iron on it"}, data={},
        agent=_agent(5521, hostile), sections=_sections(hostile), fault=hostile,
        timeline=(
            Moment(ago(hours=3), "created"),
            Moment(ago(hours=1), hostile or "agent 5511, worker A0LLR4, left: timeout", True),
            Moment(ago(minutes=20), "agent 5521, worker A2X9K1, submitted"),
        ),
        siblings=(
            SiblingRow(
                10411, 1, "accepted", hostile or "A3VV02", {"rating": "unsafe"}, "accepted",
                "sent", hostile or "operator:ann", hostile or "a good reason",
            ),
            SiblingRow(
                10412, 2, "completed", hostile or "A9QQ3B", {"rating": "safe"}, "rejected",
                "staged", "operator:bob", "",
            ),
        ),
        tries=(
            TryRow(
                5511, 6, hostile or "A0LLR4", "timeout", ago(hours=2), ago(hours=1),
                hostile or "the time for the assignment was over",
            ),
        ),
    )  # fmt: skip


def _sections(hostile: str) -> tuple[Section, ...]:
    """A gold unit whose answer is partly wrong, with a table and a conversation."""
    spans = [
        {"from": 0, "to": 12, "what": hostile or "hedge"},
        {"from": 40, "to": 51, "what": "advice"},
    ]
    answer = {hostile or "rating": hostile or "safe", "why": hostile or WHY, "spans": spans}
    said = (
        Turn(hostile or "bot", hostile or "Hi!", ago(minutes=24)),
        Turn("suggest", hostile or "a title", ago(minutes=23)),
        Turn("", hostile or "failed, timeout: took longer than 30 s", ago(minutes=22), is_bad=True),
    )
    return (
        *sections_of("PROMPT", {"prompt": hostile or PROMPT, "reply": "put an iron on it"}),
        *sections_of("ANSWER", answer),
        Transcript("CHAT", said),
        Comparison("GOLD", (
            Compared(hostile or "rating", hostile or "unsafe", hostile or "safe", is_right=False),
            Compared("sure", "yes", "yes", is_right=True),
        )),
        Checks("CHECKS", (
            Check("passed", hostile or "answered every field"),
            Check("failed", "gold unit failed"),
            Check("odd", hostile or "took 4m31s, 18% slower than this worker's median (3m50s)"),
        )),
        Files("FILES", ((hostile or "screenshot.png", "/lab/runs/142/uploads/7f3a.png", 219_000),)),
    )  # fmt: skip


def _worker(worker_id: int, hostile: str) -> WorkerDetail:
    name = hostile or "A2X9K1"
    record = WorkerRecord(worker_id, name, hostile or "mturk", is_blocked=True)
    grant = GrantRow(
        worker_id, "mturk", name, hostile or "chat-trained", 100, ago(days=3), ago(days=3)
    )
    return WorkerDetail(
        worker_id,
        WorkerHistory(
            worker=record, first_seen_at=ago(days=20), overall=FIGURES, by_project={"": FIGURES},
            by_task={hostile or "chat-safety-v3": FIGURES}, qualifications=(grant,),
            notes=(NoteRow(ago(days=2), hostile or "operator:ann", hostile or "careful"),),
            blocks=(BlockRow(ago(hours=1), "operator:ann", True, hostile or "pasted text"),),
        ),
        (
            WorkerUnit(
                10418, 142, hostile or "chat-safety-v3", 5521, "completed", "completed",
                ago(minutes=25), 271.0, 30,
            ),
            WorkerUnit(10377, 142, "chat-safety-v3", 5480, "timeout", "", ago(hours=2), None, 0),
        ),
        (
            OnboardingRow(
                7, 142, "chat-safety-v3", hostile or "chat-trained", "approved", ago(days=3),
                ago(days=3), {},
            ),
        ),
        (RefusalRow(ago(hours=2), hostile or "not_qualified", hostile or "chat-trained >= 100"),),
    )  # fmt: skip
