"""Events of the journal as words, for logs, consoles and people."""

from __future__ import annotations

from typing import Any, Final

_ERRORS: Final = frozenset(
    {
        "run.failed",
        "run.publishing_failed",
        "run.hook_failed",
        "agent.task_failed",
        "agent.call_failed",
        "agent.page_error",
        "command.failed",
        "intent.failed",
    }
)
_WARNINGS: Final = frozenset(
    {
        "agent.disconnect",
        "agent.timeout",
        "agent.returned",
        "agent.expired",
        "agent.submitted_late",
        "agent.submitted_otherwise",
        "gateway.refused",
        "run.draining",
        "run.held_back",
        "run.pays_too_little",
        "run.stopped",
        "worker.blocked",
        "intent.unknown",
    }
)

_SENTENCES: Final[dict[str, str]] = {
    "agent.call_failed": "a call of {call} by agent {id} failed: {error}",
    "agent.completed": "agent {id} submitted unit {unit}",
    "agent.created": "agent {id}, worker {worker}, began unit {unit}",
    "agent.disconnect": "agent {id} disconnected from unit {unit}: {reason}",
    "agent.expired": "agent {id} was ended: {reason}",
    "agent.filled_in": "what agent {id} handed in was missing, and came with a later import",
    "agent.metadata": "agent {id} sent metadata",
    "agent.page_error": "the page of agent {id} reported an error: {error}",
    "agent.returned": "agent {id} returned its unit",
    "agent.submitted_late": "agent {id} submitted after its time; the answer is kept",
    "agent.submitted_otherwise": "agent {id} submitted again, differently; the first answer stands",
    "agent.task_failed": "the task's code failed beside agent {id}: {error}",
    "agent.timeout": "agent {id} timed out on unit {unit}: {reason}",
    "database.imported": "a database of Mephisto was brought in ({source})",
    "command.created": "{actor} asked for {kind}",
    "command.failed": "command {id} was refused: {outcome}",
    "decision.created": "unit {unit} staged {verdict} by {actor} (not yet sent)",
    "decision.sent": "the decision about unit {unit} was sent",
    "decision.withdrawn": "the decision about unit {unit} was taken back by {actor}",
    "intent.confirmed": "{key}: done, {cents} cents",
    "intent.failed": "{key}: {error}",
    "intent.unknown": "{key}: not known whether it was done: {error}",
    "project.budget_set": "{actor} set the budget of project {name} to {budget_cents} cents",
    "gateway.refused": "a request was refused: {reason} ({where})",
    "run.changed": "run {id} was changed by {actor}: {changes}",
    "project.archived": "the project {name} was archived by {actor}",
    "run.archived": "run {id} was archived by {actor}: {files} files, {bytes} bytes were freed",
    "run.completed": "run {id} has completed",
    "run.created": "run {id} was created by {actor}",
    "run.data_exhausted": "all {items} items of the task data are units now",
    "run.draining": "run {id} takes no new workers: {reason}",
    "run.extended": "run {id} was extended by {actor}: {units} units more, of {items} items",
    "run.failed": "run {id} failed: {reason}",
    "run.hook_failed": "the operator's function {hook} failed: {error}",
    "run.held_back": "run {id} publishes nothing more: the budget of {owner} does not cover it "
    "({waiting} units wait)",
    "run.lease_taken": "run {id} is driven by process {pid} on {host}",
    "run.live": "run {id} is live",
    "run.paused": "run {id} was paused by {actor}: nothing is published, nobody is let in",
    "run.pays_too_little": "run {id}: {warning}",
    "run.publishing_failed": "publishing failed: {error}; next try in {next_try_seconds} s",
    "run.stopped": "run {id} was stopped: {reason}",
    "unit.assigned": "unit {id} assigned to agent {agent}",
    "unit.accepted": "unit {id} was accepted by {actor}",
    "unit.compensated": "worker {worker} was compensated with {cents} cents: {reason}",
    "unit.rejected": "unit {id} was rejected by {actor}: {note}",
    "unit.judged": "unit {id} was judged: right {is_right}, {more_units} more asked for",
    "unit.soft_rejected": "unit {id} was passed (paid, not kept) by {actor}",
    "unit.completed": "unit {id} completed by agent {agent}",
    "worker.blocked": "worker {id} was blocked by {actor}: {reason}",
    "worker.granted": "worker {id} holds {qualification} = {value} now ({actor})",
    "worker.onboarding_reset": "worker {id} may do the qualifying task for {qualification} again "
    "({actor})",
    "worker.revoked": "worker {id} lost {qualification} ({actor})",
    "worker.unblocked": "worker {id} was let in again by {actor}",
    "worker.created": "worker {id} ({name}) came for the first time",
    "worker.refused": "worker {id} got no unit: {reason} {detail}",
}


class _Given(dict[str, Any]):
    """Details of an event; what it does not have reads as a dash."""

    def __missing__(self, key: str) -> str:
        return "-"


def level_of(kind: str) -> str:
    """``info``, ``warn`` or ``error``."""
    if kind in _ERRORS:
        return "error"
    return "warn" if kind in _WARNINGS else "info"


def in_words(
    kind: str, actor: str, subject: str, subject_id: int, after: str | None, data: Any
) -> str:
    """One line that says what happened. Foreign text in it is raw."""
    details = data if isinstance(data, dict) else {}
    number = range_size(details)
    if number is not None:
        return f"{number} {subject}{'s' if number != 1 else ''} {after}"
    given = _Given({**details, "id": subject_id, "actor": actor, "after": after})
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        verb = kind.partition(".")[2].replace("_", " ")
        return f"{subject.replace('_', ' ')} {subject_id} {verb}"
    return sentence.format_map(given).rstrip()


def range_size(details: dict[str, Any]) -> int | None:
    """How many rows an event about ranges of ids names; None for an event about one row."""
    ranges = details.get("ranges")
    if not isinstance(ranges, list):
        return None
    return int(sum(last - first + 1 for first, last in ranges))
