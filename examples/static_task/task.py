"""Code of the task: what happens when a worker has answered.

conf.yaml names this file as `mephisto.task.code`. Every name here that is a field of the
blueprint's shared state is used for it: `on_unit_submitted` and `task_config` in this file, and
for instance `static_task_data`, `worker_can_do_unit` or `qualifications` in others.
"""

from __future__ import annotations

import logging

from mephisto_engine.data_model.records import UnitRecord

_log = logging.getLogger(__name__)

task_config = {"block_mobile": False}


def on_unit_submitted(unit: UnitRecord) -> None:
    """Called once for each unit, after its answer is stored."""
    _log.info("item %s was rated by worker %s", unit.shared["id"], unit.worker_id)
