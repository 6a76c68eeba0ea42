"""An engine that can be killed: launches or resumes a run, says where it is, and drives it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mephisto_engine.config import launch_config_from_dict
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries.runs import find_run
from mephisto_engine.engine import Engine


def main(home: Path, run: str, config: str) -> None:
    with MephistoDB.open(str(home / "data.db"), home=home) as db, Engine(db, home) as engine:
        if run == "new":
            run_id = engine.launch(launch_config_from_dict(json.loads(config), engine.registry))
        else:
            run_id = engine.resume(int(run))
        print(run_id, db.read(find_run, run_id).url, flush=True)
        engine.wait(run_id)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
