"""Have Mephisto 1.1.1 itself read an export in the format `mephisto`; see README.md."""

from __future__ import annotations

import json
import os
import sys
import types

# As in make_data.py: two names of ParlAI are all that importing the chat blueprint needs.
for module, name in (("agents", "Agent"), ("message", "Message")):
    made = types.ModuleType(f"parlai.core.{module}")
    setattr(made, name, dict if name == "Message" else object)
    sys.modules[f"parlai.core.{module}"] = made
for package in ("parlai", "parlai.core"):
    sys.modules[package] = types.ModuleType(package)

from mephisto.abstractions.databases.local_database import LocalMephistoDB  # noqa: E402
from mephisto.tools.data_browser import DataBrowser  # noqa: E402


def main() -> None:
    browser = DataBrowser(LocalMephistoDB(os.path.join(sys.argv[1], "database.db")))
    for task_name in browser.get_task_name_list():
        for unit in browser.get_units_for_task_name(task_name):
            data = browser.get_data_from_unit(unit)
            worker = unit.get_assigned_agent().get_worker().worker_name
            shared = unit.get_assignment().get_assignment_data().shared
            print(json.dumps([task_name, worker, unit.pay_amount, shared, data]))


if __name__ == "__main__":
    main()
