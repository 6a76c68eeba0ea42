"""A Worker at work: Agents, their presence, and everything they hand in."""

from __future__ import annotations

from peewee import SQL, BooleanField, ForeignKeyField, IntegerField, TextField

from mephisto_engine.data_model.base import JsonField, Table, UtcField
from mephisto_engine.data_model.runs import TaskRun
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.data_model.units import Assignment, Unit
from mephisto_engine.data_model.workers import Worker


class Agent(Table):
    """One Worker on one Unit."""

    token = TextField(unique=True)
    """128 random bits: the agent id that the worker's page knows, and its secret."""
    registration_id = TextField()
    """What the page registered with; the same worker with the same one means the same agent."""
    worker = ForeignKeyField(Worker, backref="agents", on_delete="RESTRICT")
    unit = ForeignKeyField(Unit, backref="agents", on_delete="RESTRICT")
    assignment = ForeignKeyField(Assignment, index=False, on_delete="RESTRICT")
    task_run = ForeignKeyField(TaskRun, backref="agents", on_delete="RESTRICT")
    status = TextField()
    status_at = UtcField()
    deadline_at = UtcField(null=True)
    """When the engine ends it if it has not submitted; survives a restart."""
    created_at = UtcField()
    submitted_at = UtcField(null=True)

    class Meta:
        indexes = (
            (("task_run", "registration_id", "worker"), True),
            (("task_run", "status", "status_at"), False),
        )


_HOLDS = SQL(f"status IN ({str(sorted(HOLDING_AGENT))[1:-1]})")
Agent.add_index(Agent.index(Agent.unit, unique=True, where=_HOLDS, name="agent_holds_unit"))
Agent.add_index(
    Agent.index(
        Agent.assignment, Agent.worker, unique=True, where=_HOLDS, name="agent_once_an_assignment"
    )
)


class OnboardingAgent(Table):
    """A Worker on the qualifying task of a run."""

    token = TextField(unique=True)
    registration_id = TextField()
    worker = ForeignKeyField(Worker, backref="onboarding_agents", on_delete="RESTRICT")
    task_run = ForeignKeyField(TaskRun, index=False, on_delete="RESTRICT")
    status = TextField()
    status_at = UtcField()
    answer = JsonField(null=True)
    """What the worker handed in."""
    created_at = UtcField()

    class Meta:
        indexes = ((("task_run", "registration_id", "worker"), True),)


class Presence(Table):
    """When a live agent's page last gave a sign of life; written in batches, a hint only."""

    agent = ForeignKeyField(Agent, primary_key=True, on_delete="CASCADE")
    last_seen_at = UtcField()


class Submission(Table):
    """The answer of one agent, stored byte for byte before it is acknowledged."""

    agent = ForeignKeyField(Agent, unique=True, backref="submissions", on_delete="RESTRICT")
    body = TextField()
    """JSON text as it was received."""
    sha256 = TextField()
    is_late = BooleanField(default=False)
    """Came after the agent had been ended: kept, but no unit is completed by it."""
    client_at = UtcField(null=True)
    received_at = UtcField()


class Upload(Table):
    """A file that a worker sent, stored under a name of our own."""

    agent = ForeignKeyField(Agent, backref="uploads", on_delete="RESTRICT")
    field_name = TextField()
    original_name = TextField()
    stored_name = TextField(unique=True)
    mime_type = TextField()
    size = IntegerField()
    sha256 = TextField()
    archived_in = TextField(null=True)
    """Folder of the export that has it, once it was removed here for that."""
    created_at = UtcField()


class LiveUpdate(Table):
    """One message between a worker's page and the task's code, in the order of arrival."""

    agent = ForeignKeyField(Agent, backref="live_updates", on_delete="CASCADE")
    is_from_worker = BooleanField()
    body = JsonField()
    at = UtcField()


class AgentMetadata(Table):
    """Tips, feedback, worker opinions and other things a page sends beside its answer."""

    agent = ForeignKeyField(Agent, backref="metadata", on_delete="RESTRICT")
    body = JsonField()
    received_at = UtcField()
