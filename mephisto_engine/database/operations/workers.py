"""Workers over time: blocks and qualifications. Every change is journalled with who made it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from mephisto_engine.data_model import GrantedQualification, Qualification, Worker
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError, StateError

LARGEST_VALUE: Final = 2**63 - 1
"""What a database column holds; the smallest value is its negative."""

_WORKER = Compiled(
    lambda: Worker.select(Worker.name, Worker.blocked_at).where(Worker.id == param("id"))
)
_WORKER_ID = Compiled(
    lambda: Worker.select(Worker.id).where(
        (Worker.provider_type == param("provider")) & (Worker.name == param("name"))
    )
)
_QUALIFICATION_ID = Compiled(
    lambda: Qualification.select(Qualification.id).where(Qualification.name == param("name"))
)
_HELD = Compiled(
    lambda: GrantedQualification.select(GrantedQualification.value).where(
        (GrantedQualification.worker == param("worker"))
        & (GrantedQualification.qualification == param("qualification"))
    )
)
_HOLDERS = Compiled(
    lambda: (
        GrantedQualification.select(GrantedQualification.worker, GrantedQualification.value)
        .where(GrantedQualification.qualification == param("qualification"))
        .order_by(GrantedQualification.worker)
    )
)
_CHANGE = Compiled(
    lambda: GrantedQualification.update(
        {
            GrantedQualification.value: param("value"),
            GrantedQualification.updated_at: param("now"),
        }
    ).where(
        (GrantedQualification.worker == param("worker"))
        & (GrantedQualification.qualification == param("qualification"))
    )
)
_REVOKE = Compiled(
    lambda: GrantedQualification.delete().where(
        (GrantedQualification.worker == param("worker"))
        & (GrantedQualification.qualification == param("qualification"))
    )
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A value for a worker who need not have come yet."""

    provider_type: str
    worker_name: str
    qualification_name: str
    value: int


@dataclass(slots=True)
class Imported:
    """What became of many grants."""

    granted: int = 0
    changed: int = 0
    """Held before, with another value."""
    unchanged: int = 0
    workers_added: int = 0


class RehearsedError(Exception):
    """What an import would have done; raised so that nothing of it is stored."""

    def __init__(self, imported: Imported) -> None:
        super().__init__("a rehearsal stores nothing")
        self.imported = imported


def block_worker(tx: Transaction, worker_id: int, reason: str, actor: str) -> None:
    """Keep a worker out of every run of this installation; a second block changes the reason.

    Raises:
        NotFoundError: there is no such worker.
    """
    _worker(tx, worker_id)
    _update_worker(tx, worker_id, tx.now, reason)
    tx.record("worker.blocked", "worker", worker_id, actor=actor, data={"reason": reason})


def unblock_worker(tx: Transaction, worker_id: int, actor: str) -> None:
    """Let a blocked worker in again.

    Raises:
        NotFoundError: there is no such worker.
        StateError: they are not blocked.
    """
    name, blocked_at = _worker(tx, worker_id)
    if blocked_at is None:
        raise StateError(f"Worker {worker_id} ({name}) is not blocked.")
    _update_worker(tx, worker_id, None, None)
    tx.record("worker.unblocked", "worker", worker_id, actor=actor)


def note_worker(tx: Transaction, worker_id: int, text: str, actor: str) -> int:
    """Keep a note on a worker, which they are never shown; its id comes back.

    Raises:
        NotFoundError: there is no such worker.
        StateError: the note says nothing.
    """
    _worker(tx, worker_id)
    if not text.strip():
        raise StateError("A note needs some text.")
    note_id = tx.insert(
        "worker_note", worker=worker_id, text=text, written_by=actor, created_at=tx.now_ms
    )
    tx.record("worker.noted", "worker", worker_id, actor=actor, data={"text": text})
    return note_id


def for_each(
    tx: Transaction,
    worker_ids: Iterable[int],
    operation: Callable[..., object],
    arguments: tuple[Any, ...],
) -> list[tuple[int, str]]:
    """Make a change to many workers, whatever becomes of the others.

    Args:
        tx: the transaction.
        worker_ids: whom to change.
        operation: one of this module's, which looks at everything before it writes anything.
        arguments: what it takes behind the worker's id.

    Returns:
        Who was not changed, and why.
    """
    refused = []
    for worker_id in worker_ids:
        try:
            operation(tx, worker_id, *arguments)
        except (NotFoundError, StateError) as error:
            refused.append((worker_id, error.message))
    return refused


def create_qualification(tx: Transaction, name: str, description: str, actor: str) -> int:
    """Add a kind of label; its id comes back.

    Raises:
        StateError: there is one of that name, or the name cannot be used.
    """
    _check_new_name(tx, name)
    row_id = tx.insert("qualification", name=name, description=description, created_at=tx.now_ms)
    data = {"name": name, "description": description}
    tx.record("qualification.created", "qualification", row_id, actor=actor, data=data)
    return row_id


def rename_qualification(tx: Transaction, name: str, new_name: str, actor: str) -> None:
    """Give a kind of label another name; its holders keep it.

    Requirements name labels: a run that asks for the old name finds no holder any more.

    Raises:
        NotFoundError: there is no such qualification.
        StateError: the new name is taken or cannot be used.
    """
    qualification = _qualification(tx, name)
    _check_new_name(tx, new_name)
    _update_qualification(tx, qualification, {"name": new_name})
    data = {"name": name, "new_name": new_name}
    tx.record("qualification.renamed", "qualification", qualification, actor=actor, data=data)


def describe_qualification(tx: Transaction, name: str, description: str, actor: str) -> None:
    """Say what a kind of label means.

    Raises:
        NotFoundError: there is no such qualification.
    """
    qualification = _qualification(tx, name)
    _update_qualification(tx, qualification, {"description": description})
    data = {"name": name, "description": description}
    tx.record("qualification.described", "qualification", qualification, actor=actor, data=data)


def delete_qualification(tx: Transaction, name: str, is_forced: bool, actor: str) -> int:
    """Remove a kind of label, and with ``is_forced`` also take it from all who hold it.

    Returns:
        How many workers held it.

    Raises:
        NotFoundError: there is no such qualification.
        StateError: somebody holds it.
    """
    qualification = _qualification(tx, name)
    holders = tx.all(_HOLDERS, qualification=qualification)
    if holders and not is_forced:
        held = "1 worker holds" if len(holders) == 1 else f"{len(holders)} workers hold"
        raise StateError(
            f"{held} the qualification {name!r}.",
            "Revoke it from them first, or delete it with --force.",
        )
    for worker_id, value in holders:
        _revoke(tx, worker_id, qualification, name, value, actor)
    tx.select(Qualification.delete().where(Qualification.id == qualification))
    data = {"name": name, "holders": len(holders)}
    tx.record("qualification.deleted", "qualification", qualification, actor=actor, data=data)
    return len(holders)


def grant_qualification(
    tx: Transaction, worker_id: int, name: str, value: int, actor: str
) -> int | None:
    """Give a worker a value for a qualification; a second grant changes the value.

    Returns:
        The value that they held before; None if there was none.

    Raises:
        NotFoundError: there is no such worker or qualification.
        StateError: the value is too large to be stored.
    """
    _worker(tx, worker_id)
    qualification = _qualification(tx, name)
    before = _held(tx, worker_id, qualification)
    _grant(tx, worker_id, qualification, name, value, before, actor)
    return before


def revoke_qualification(tx: Transaction, worker_id: int, name: str, actor: str) -> int:
    """Take a qualification from a worker; the value that they held comes back.

    Raises:
        NotFoundError: there is no such worker or qualification.
        StateError: the worker does not hold it.
    """
    worker_name, _ = _worker(tx, worker_id)
    qualification = _qualification(tx, name)
    held = _held(tx, worker_id, qualification)
    if held is None:
        raise StateError(f"Worker {worker_id} ({worker_name}) does not hold {name!r}.")
    _revoke(tx, worker_id, qualification, name, held, actor)
    return held


def import_grants(tx: Transaction, grants: Iterable[Grant], actor: str) -> Imported:
    """Make all of these grants, or none; workers who have not come yet are added.

    What is held already with the same value is left alone, so that a second import changes nothing.

    Raises:
        NotFoundError: there is no such qualification.
        StateError: a value is too large to be stored.
    """
    done = Imported()
    qualifications: dict[str, int] = {}
    for grant in grants:
        name = grant.qualification_name
        if name not in qualifications:
            qualifications[name] = _qualification(tx, name)
        worker_id = _worker_to_import(tx, grant, actor, done)
        before = _held(tx, worker_id, qualifications[name])
        if before == grant.value:
            done.unchanged += 1
            continue
        done.granted += before is None
        done.changed += before is not None
        _grant(tx, worker_id, qualifications[name], name, grant.value, before, actor)
    return done


def rehearse_import(tx: Transaction, grants: Iterable[Grant], actor: str) -> None:
    """Find out what `import_grants` would do, and store nothing.

    Raises:
        RehearsedError: always, with the answer.
    """
    raise RehearsedError(import_grants(tx, grants, actor))


def held_value(tx: Transaction, worker_id: int, name: str) -> int | None:
    """A worker's value for a qualification; None if they do not hold it.

    Raises:
        NotFoundError: there is no such qualification.
    """
    return _held(tx, worker_id, _qualification(tx, name))


def _worker_to_import(tx: Transaction, grant: Grant, actor: str, done: Imported) -> int:
    row = tx.one(_WORKER_ID, provider=grant.provider_type, name=grant.worker_name)
    if row is not None:
        return int(row[0])
    done.workers_added += 1
    worker_id = tx.insert(
        "worker",
        provider_type=grant.provider_type,
        name=grant.worker_name,
        created_at=tx.now_ms,
    )
    data = {"name": grant.worker_name}
    tx.record("worker.created", "worker", worker_id, actor=actor, data=data)
    return worker_id


def _grant(
    tx: Transaction,
    worker_id: int,
    qualification: int,
    name: str,
    value: int,
    before: int | None,
    actor: str,
) -> None:
    if abs(value) > LARGEST_VALUE:
        raise StateError(f"{value} cannot be stored.", f"At most {LARGEST_VALUE}.")
    key = {"worker": worker_id, "qualification": qualification}
    if before is None:
        times = {"granted_at": tx.now_ms, "updated_at": tx.now_ms}
        tx.insert("granted_qualification", **key, value=value, **times)
    else:
        tx.run(_CHANGE, **key, value=value, now=tx.now_ms)
    data = {"qualification": name, "value": value, "before": before}
    tx.record("worker.granted", "worker", worker_id, actor=actor, data=data)


def _revoke(
    tx: Transaction, worker_id: int, qualification: int, name: str, value: int, actor: str
) -> None:
    tx.run(_REVOKE, worker=worker_id, qualification=qualification)
    data = {"qualification": name, "value": value}
    tx.record("worker.revoked", "worker", worker_id, actor=actor, data=data)


def _held(tx: Transaction, worker_id: int, qualification: int) -> int | None:
    row = tx.one(_HELD, worker=worker_id, qualification=qualification)
    return None if row is None else int(row[0])


def _worker(tx: Transaction, worker_id: int) -> tuple[str, int | None]:
    """Name and time of the block of a worker."""
    row = tx.one(_WORKER, id=worker_id)
    if row is None:
        raise NotFoundError(f"There is no worker {worker_id}.")
    return row[0], row[1]


def _qualification(tx: Transaction, name: str) -> int:
    row = tx.one(_QUALIFICATION_ID, name=name)
    if row is None:
        raise NotFoundError(
            f"There is no qualification {name!r}.", "`mephisto-tui qualifications list` lists them."
        )
    return int(row[0])


def _check_new_name(tx: Transaction, name: str) -> None:
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise StateError(
            f"{name!r} cannot be the name of a qualification.",
            "A name is not empty, on one line, without blanks at its ends.",
        )
    if tx.one(_QUALIFICATION_ID, name=name) is not None:
        raise StateError(f"There is a qualification {name!r} already.")


def _update_worker(tx: Transaction, worker_id: int, blocked_at: Any, reason: str | None) -> None:
    change = Worker.update(blocked_at=blocked_at, block_reason=reason)
    tx.select(change.where(Worker.id == worker_id))


def _update_qualification(tx: Transaction, row_id: int, columns: dict[str, str]) -> None:
    tx.select(Qualification.update(columns).where(Qualification.id == row_id))
