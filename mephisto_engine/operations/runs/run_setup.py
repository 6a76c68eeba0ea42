"""What is stored of a run's blueprint, for those who read its units long after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.database.queries import browse
from mephisto_engine.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class RunSetup:
    """The blueprint of a run."""

    task_id: int
    blueprint_type: str
    args: Mapping[str, Any]
    """Its options as the run was launched with them, unchecked."""

    def blueprint(self, registry: Registry) -> Any:
        """The blueprint's class. Raises `PluginError` if it is not installed or broken."""
        return registry.load(PluginKind.BLUEPRINT, self.blueprint_type)

    def label_fields(self, registry: Registry, shared: Mapping[str, Any]) -> list[LabelField]:
        """Which fields of answers are labels, as far as the blueprint says; never raises."""
        try:
            return self.blueprint(registry).get_label_fields(self.args, shared) or []
        except Exception:
            # Flags are then found from the values alone.
            return []


def run_setup(run_id: int) -> RunSetup:
    """The blueprint of a run, inside `MephistoDB.read`.

    Raises:
        NotFoundError: there is no such run.
    """
    found = browse.run_blueprint(run_id)
    if found is None:
        raise NotFoundError(f"There is no run {run_id}.")
    task_id, blueprint_type, config = found
    return RunSetup(task_id, blueprint_type, _blueprint_args(config))


def _blueprint_args(config: Any) -> dict[str, Any]:
    node = config.get("mephisto", config) if isinstance(config, dict) else {}
    args = node.get("blueprint") if isinstance(node, dict) else None
    return args if isinstance(args, dict) else {}
