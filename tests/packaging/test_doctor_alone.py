from __future__ import annotations

from commands import mephisto_tui
from stored_world import StoredWorld


def test_the_doctor_checks_every_promise_of_a_database_that_nobody_has_open(
    world: StoredWorld,
) -> None:
    world.answered_run(2)
    done = mephisto_tui(world.home, "doctor")
    assert "I5 budget" in done.stdout, done.stderr
    assert "Fault" not in done.stderr
