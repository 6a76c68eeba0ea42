"""The tables, one module a noun family, and the tables of legal status moves."""

from __future__ import annotations

from mephisto_engine.data_model.agents import (
    Agent,
    AgentMetadata,
    LiveUpdate,
    OnboardingAgent,
    Presence,
    Submission,
    Upload,
)
from mephisto_engine.data_model.base import Table
from mephisto_engine.data_model.imports import Imported
from mephisto_engine.data_model.journal import Event
from mephisto_engine.data_model.money import Intent
from mephisto_engine.data_model.projects import Project, Requester, Task
from mephisto_engine.data_model.review import Decision, WorkerNote
from mephisto_engine.data_model.runs import Command, Lease, TaskRun
from mephisto_engine.data_model.units import Assignment, Judgement, Unit
from mephisto_engine.data_model.workers import GrantedQualification, Qualification, Worker

TABLES: tuple[type[Table], ...] = (
    Project,
    Task,
    Requester,
    TaskRun,
    Lease,
    Command,
    Worker,
    Qualification,
    GrantedQualification,
    Assignment,
    Unit,
    Judgement,
    Agent,
    OnboardingAgent,
    Presence,
    Submission,
    Upload,
    AgentMetadata,
    LiveUpdate,
    Decision,
    Intent,
    WorkerNote,
    Imported,
    Event,
)

__all__ = [
    "TABLES",
    "Agent",
    "AgentMetadata",
    "Assignment",
    "Command",
    "Decision",
    "Event",
    "GrantedQualification",
    "Imported",
    "Intent",
    "Judgement",
    "Lease",
    "LiveUpdate",
    "OnboardingAgent",
    "Presence",
    "Project",
    "Qualification",
    "Requester",
    "Submission",
    "Table",
    "Task",
    "TaskRun",
    "Unit",
    "Upload",
    "Worker",
    "WorkerNote",
]
