"""Have Mephisto 1.1.1 itself write a small data directory; see README.md beside this file."""

from __future__ import annotations

import json
import os
import sys
import time
import types
from pathlib import Path
from typing import Any

# ParlAI is far too large for this: the chat blueprint needs two of its names only to be imported.
for module, name in (("agents", "Agent"), ("message", "Message")):
    made = types.ModuleType(f"parlai.core.{module}")
    setattr(made, name, dict if name == "Message" else object)
    sys.modules[f"parlai.core.{module}"] = made
for package in ("parlai", "parlai.core"):
    sys.modules[package] = types.ModuleType(package)

from mephisto.abstractions.databases.local_database import LocalMephistoDB  # noqa: E402
from mephisto.abstractions.providers.mock.mock_agent import MockAgent  # noqa: E402
from mephisto.abstractions.providers.mock.mock_requester import MockRequester  # noqa: E402
from mephisto.abstractions.providers.mock.mock_worker import MockWorker  # noqa: E402
from mephisto.data_model import agent as agent_module  # noqa: E402
from mephisto.data_model.agent import OnboardingAgent  # noqa: E402
from mephisto.data_model.assignment import InitializationData  # noqa: E402
from mephisto.data_model.task_run import TaskRun  # noqa: E402
from mephisto.operations.task_launcher import TaskLauncher  # noqa: E402
from mephisto.utils.qualifications import find_or_create_qualification  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402

Step = tuple[str, dict[str, Any], str]


def launch(db: Any, requester: Any, name: str, kind: str, items: list[Any], reward: float) -> Any:
    """A run with its units published, made by the package's own launcher."""
    task_id = db.new_task(name, kind)
    config = OmegaConf.create(
        {
            "blueprint": {"_blueprint_type": kind, "units_per_assignment": 1},
            "provider": {"_provider_type": "mock", "requester_name": "lab"},
            "architect": {"_architect_type": "mock"},
            "task": {
                "task_name": name,
                "task_title": f"Title of {name}",
                "task_description": "A small task",
                "task_tags": "small,task",
                "task_reward": reward,
                "assignment_duration_in_seconds": 600,
            },
        }
    )
    text = json.dumps(OmegaConf.to_yaml(config, resolve=True))
    run_id = db.new_task_run(task_id, requester.db_id, text, "mock", kind, True)
    run = TaskRun.get(db, run_id)
    data = [InitializationData(shared=item, unit_data=units) for item, units in items]
    launcher = TaskLauncher(db, run, data)
    launcher.create_assignments()
    launcher.launch_units("http://localhost:3000")
    until = time.monotonic() + 30
    while any(unit.get_status() == "created" for unit in launcher.units):
        assert time.monotonic() < until
        time.sleep(0.05)
    launcher.shutdown()
    return run, launcher.units


def begin(db: Any, worker: Any, unit: Any) -> Any:
    agent = MockAgent.new(db, worker, unit)
    agent.update_status("in task")
    assignment = unit.get_assignment().get_assignment_data()
    agent.state.set_init_state({**assignment.shared, **assignment.unit_data[unit.unit_index]})
    return agent


def finish(agent: Any, answer: dict[str, Any]) -> None:
    agent.handle_submit(answer)
    agent.update_status("completed")
    agent.mark_done()
    agent.get_unit().sync_status()


def form_run(db: Any, requester: Any, workers: list[Any]) -> None:
    """Accepted, rejected, soft-rejected, unreviewed, returned and then done, expired."""
    items = [({"text": f"sentence {number}"}, [{}, {}]) for number in range(4)]
    run, units = launch(db, requester, "label-sentences", "static_task", items, 0.37)
    onboard(db, run, workers[0], True)
    onboard(db, run, workers[3], False)
    ann, bob, eve, _ = workers
    agents = []
    for unit, worker, answer in (
        (units[0], ann, {"label": "good", "comment": "=1+1"}),
        (units[1], bob, {"label": "bad", "comment": "naïve — “quotes”"}),
        (units[2], ann, {"label": "good", "files": [{"filename": "picture.png"}]}),
        (units[3], eve, {"label": None, "nested": {"deep": [1, 2, {"x": 0.1}]}}),
    ):
        agent = begin(db, worker, unit)
        finish(agent, answer)
        agents.append(agent)
    (Path(agents[2].get_data_dir()) / "picture.png").write_bytes(b"\x89PNG small picture")
    agents[0].handle_metadata_submit({"tips": {"header": "Tip", "text": "Read it twice."}})
    feedback = {"data": [{"question": "How was it?", "text": "Fine."}]}
    agents[0].handle_metadata_submit({"feedback": feedback})
    agents[0].approve_work()
    agents[1].reject_work("not what was asked for")
    agents[2].soft_reject_work()
    for unit in units[:4]:
        unit.sync_status()
    left = begin(db, bob, units[4])
    left.update_status("returned")
    units[4].clear_assigned_agent()
    finish(begin(db, eve, units[4]), {"label": "good"})
    begin(db, ann, units[5]).update_status("disconnect")
    units[5].clear_assigned_agent()
    units[6].set_db_status("expired")
    units[7].set_db_status("expired")


def onboard(db: Any, run: Any, worker: Any, has_passed: bool) -> None:
    agent = OnboardingAgent.new(db, worker, run)
    agent.update_status("onboarding")
    agent.state.set_init_state({"question": "2 + 2"})
    agent.state.update_submit({"answer": 4 if has_passed else 5})
    agent.update_status("waiting")
    agent.update_status("approved" if has_passed else "rejected")
    find_or_create_qualification(db, "can-add")
    worker.grant_qualification("can-add", int(has_passed))


def remote_run(db: Any, requester: Any, workers: list[Any]) -> None:
    items = [({"article": "tea"}, [{}])]
    _, units = launch(db, requester, "edit-articles", "remote_procedure", items, 1.5)
    agent = begin(db, workers[1], units[0])
    call = {"request_id": "r-1", "target": "shout", "args": json.dumps({"text": "tea"})}
    agent.state.update_data(call)
    agent.state.update_data({"handles": "r-1", "response": json.dumps({"text": "TEA"})})
    finish(agent, {"article": "TEA", "is_done": True})


def chat_run(db: Any, requester: Any, workers: list[Any]) -> None:
    items = [({"topic": "weather"}, [{}, {}])]
    _, units = launch(db, requester, "chat-about", "parlai_chat", items, 0.8)
    agents = [begin(db, worker, unit) for worker, unit in zip(workers, units, strict=False)]
    for text, speaker in (("It rains.", 0), ("It does!", 1)):
        for agent in agents:
            name = f"Speaker {speaker + 1}"
            agent.state.update_data({"id": name, "text": text, "task_data": {}})
    for agent in agents:
        finish(agent, {"rating": 4})
        agent.approve_work()
        agent.get_unit().sync_status()


def main() -> None:
    # Judging how rude feedback is would fetch a model from the network.
    agent_module.DETOXIFY_INSTALLED = False
    db = LocalMephistoDB(os.path.join(sys.argv[1], "database.db"))
    requester = MockRequester.new(db, "lab")
    workers = [MockWorker.new(db, name) for name in ("ANN-A1B2C3", "BOB-D4E5F6", "EVE", "ZOE")]
    find_or_create_qualification(db, "nobody-has-it")
    form_run(db, requester, workers)
    remote_run(db, requester, workers)
    chat_run(db, requester, workers)
    db.shutdown()


if __name__ == "__main__":
    main()
