"""All tables of the first version; a frozen copy, independent of the models."""
from peewee import *

HOLDS = (
    "status IN ('accepted', 'approved', 'completed', 'in task', 'none', "
    "'partner disconnect', 'rejected', 'soft_rejected', 'waiting')"
)


def up(migrator, db):
    class Worker(Model):
        provider_type = TextField()
        name = TextField()
        blocked_at = BigIntegerField(null=True)
        block_reason = TextField(null=True)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'worker'
            indexes = ((('provider_type', 'name'), True),)
    db.create_tables([Worker])

    class Project(Model):
        name = TextField(unique=True)
        budget_cents = IntegerField(null=True)
        archived_at = BigIntegerField(null=True)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'project'
    db.create_tables([Project])

    class Task(Model):
        name = TextField(unique=True)
        task_type = TextField()
        project = ForeignKeyField(Project, null=True, on_delete='RESTRICT')
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'task'
    db.create_tables([Task])

    class Requester(Model):
        provider_type = TextField()
        name = TextField()
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'requester'
            indexes = ((('provider_type', 'name'), True),)
    db.create_tables([Requester])

    class TaskRun(Model):
        task = ForeignKeyField(Task, on_delete='RESTRICT')
        requester = ForeignKeyField(Requester, on_delete='RESTRICT')
        blueprint_type = TextField()
        architect_type = TextField()
        provider_type = TextField()
        is_sandbox = BooleanField()
        config = TextField()
        config_path = TextField(null=True)
        status = TextField(index=True)
        status_at = BigIntegerField()
        status_reason = TextField(null=True)
        url = TextField(null=True)
        pay_cents = IntegerField()
        unit_cost_cents = IntegerField()
        budget_cents = IntegerField(null=True)
        items_taken = IntegerField(default=0)
        is_data_exhausted = BooleanField(default=False)
        engine_version = TextField()
        created_at = BigIntegerField(index=True)
        started_at = BigIntegerField(null=True)
        ended_at = BigIntegerField(null=True)
        class Meta:
            database = db
            table_name = 'task_run'
    db.create_tables([TaskRun])

    class Assignment(Model):
        task_run = ForeignKeyField(TaskRun, on_delete='RESTRICT')
        item_index = IntegerField()
        data = TextField()
        requeued_from = ForeignKeyField('self', null=True, on_delete='SET NULL')
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'assignment'
    db.create_tables([Assignment])

    class Unit(Model):
        assignment = ForeignKeyField(Assignment, index=False, on_delete='RESTRICT')
        task_run = ForeignKeyField(TaskRun, index=False, on_delete='RESTRICT')
        unit_index = IntegerField()
        data = TextField()
        pay_cents = IntegerField()
        status = TextField()
        status_at = BigIntegerField()
        worker = ForeignKeyField(Worker, null=True, on_delete='RESTRICT')
        provider_ref = TextField(null=True)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'unit'
            indexes = ((('assignment', 'unit_index'), True), (('task_run', 'status', 'status_at'), False), (('task_run', 'status_at'), False))
    db.create_tables([Unit])

    class Agent(Model):
        token = TextField(unique=True)
        registration_id = TextField()
        worker = ForeignKeyField(Worker, on_delete='RESTRICT')
        unit = ForeignKeyField(Unit, on_delete='RESTRICT')
        assignment = ForeignKeyField(Assignment, index=False, on_delete='RESTRICT')
        task_run = ForeignKeyField(TaskRun, on_delete='RESTRICT')
        status = TextField()
        status_at = BigIntegerField()
        deadline_at = BigIntegerField(null=True)
        created_at = BigIntegerField()
        submitted_at = BigIntegerField(null=True)
        class Meta:
            database = db
            table_name = 'agent'
            indexes = ((('task_run', 'registration_id', 'worker'), True), (('task_run', 'status', 'status_at'), False))
    db.create_tables([Agent])

    class AgentMetadata(Model):
        agent = ForeignKeyField(Agent, on_delete='RESTRICT')
        body = TextField()
        received_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'agent_metadata'
    db.create_tables([AgentMetadata])

    class Command(Model):
        task_run = ForeignKeyField(TaskRun, null=True, on_delete='CASCADE')
        kind = TextField()
        args = TextField(default=dict)
        status = TextField(index=True)
        status_at = BigIntegerField()
        issued_by = TextField()
        issued_at = BigIntegerField()
        outcome = TextField(null=True)
        class Meta:
            database = db
            table_name = 'command'
    db.create_tables([Command])

    class Event(Model):
        at = BigIntegerField()
        kind = TextField()
        actor = TextField()
        task_run = IntegerField(null=True)
        subject = TextField()
        subject_id = IntegerField()
        before = TextField(null=True)
        after = TextField(null=True)
        data = TextField(null=True)
        chain = TextField()
        class Meta:
            database = db
            table_name = 'event'
            indexes = ((('task_run', 'id'), False),)
    db.create_tables([Event])

    class Qualification(Model):
        name = TextField(unique=True)
        description = TextField(default='')
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'qualification'
    db.create_tables([Qualification])

    class GrantedQualification(Model):
        worker = ForeignKeyField(Worker, index=False, on_delete='CASCADE')
        qualification = ForeignKeyField(Qualification, on_delete='CASCADE')
        value = IntegerField()
        granted_at = BigIntegerField()
        updated_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'granted_qualification'
            indexes = ((('worker', 'qualification'), True),)
    db.create_tables([GrantedQualification])

    class Intent(Model):
        key = TextField(unique=True)
        kind = TextField()
        task_run = ForeignKeyField(TaskRun, null=True, on_delete='RESTRICT')
        unit = ForeignKeyField(Unit, null=True, on_delete='RESTRICT')
        worker = ForeignKeyField(Worker, null=True, on_delete='RESTRICT')
        amount_cents = IntegerField(default=0)
        status = TextField(index=True)
        status_at = BigIntegerField()
        attempts = IntegerField(default=0)
        provider_ref = TextField(null=True)
        error = TextField(null=True)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'intent'
    db.create_tables([Intent])

    class Lease(Model):
        task_run = ForeignKeyField(TaskRun, primary_key=True, on_delete='CASCADE')
        holder = TextField()
        host = TextField()
        pid = IntegerField()
        fence = IntegerField()
        acquired_at = BigIntegerField()
        renewed_at = BigIntegerField()
        health = TextField(default=dict)
        class Meta:
            database = db
            table_name = 'lease'
    db.create_tables([Lease])

    class LiveUpdate(Model):
        agent = ForeignKeyField(Agent, on_delete='CASCADE')
        is_from_worker = BooleanField()
        body = TextField()
        at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'live_update'
    db.create_tables([LiveUpdate])

    class OnboardingAgent(Model):
        token = TextField(unique=True)
        registration_id = TextField()
        worker = ForeignKeyField(Worker, on_delete='RESTRICT')
        task_run = ForeignKeyField(TaskRun, index=False, on_delete='RESTRICT')
        status = TextField()
        status_at = BigIntegerField()
        answer = TextField(null=True)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'onboarding_agent'
            indexes = ((('task_run', 'registration_id', 'worker'), True),)
    db.create_tables([OnboardingAgent])

    class Presence(Model):
        agent = ForeignKeyField(Agent, primary_key=True, on_delete='CASCADE')
        last_seen_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'presence'
    db.create_tables([Presence])

    class Submission(Model):
        agent = ForeignKeyField(Agent, unique=True, on_delete='RESTRICT')
        body = TextField()
        sha256 = TextField()
        is_late = BooleanField(default=False)
        client_at = BigIntegerField(null=True)
        received_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'submission'
    db.create_tables([Submission])

    class Upload(Model):
        agent = ForeignKeyField(Agent, on_delete='RESTRICT')
        field_name = TextField()
        original_name = TextField()
        stored_name = TextField(unique=True)
        mime_type = TextField()
        size = IntegerField()
        sha256 = TextField()
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'upload'
    db.create_tables([Upload])

    db.execute_sql(
        'CREATE UNIQUE INDEX "agent_holds_unit" ON "agent" ("unit_id") WHERE ' + HOLDS
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX "agent_once_an_assignment" '
        'ON "agent" ("assignment_id", "worker_id") WHERE ' + HOLDS
    )
