from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from mephisto_tui.daemon_worker import DaemonWorker

PATIENCE = 10


@pytest.fixture
def worker():
    made = DaemonWorker("test")
    yield made
    made.close()


def test_work_is_done_in_order_and_its_results_come_back(worker):
    seen: list[int] = []
    futures = [worker.submit(lambda number: seen.append(number) or number, n) for n in range(5)]
    assert [future.result(PATIENCE) for future in futures] == list(range(5))
    assert seen == list(range(5))


def test_an_error_is_that_of_its_future_alone(worker):
    failed = worker.submit(int, "x")
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result(PATIENCE)
    assert worker.submit(int, "1").result(PATIENCE) == 1


def test_what_is_cancelled_before_its_turn_is_passed_over(worker):
    go_on = threading.Event()
    first = worker.submit(go_on.wait, PATIENCE)
    second = worker.submit(pytest.fail)
    assert second.cancel()
    go_on.set()
    assert first.result(PATIENCE)
    assert worker.submit(int, "1").result(PATIENCE) == 1


def test_a_closed_worker_drops_what_has_not_begun(worker):
    begun, go_on = threading.Event(), threading.Event()
    first = worker.submit(lambda: begun.set() or go_on.wait(PATIENCE))
    second = worker.submit(pytest.fail)
    assert begun.wait(PATIENCE)
    worker.close()
    go_on.set()
    assert first.result(PATIENCE)
    assert second.cancelled()


def test_work_that_never_returns_does_not_keep_the_process():
    code = (
        "from mephisto_tui.daemon_worker import DaemonWorker\n"
        "import threading\n"
        "DaemonWorker('x').submit(threading.Event().wait)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)
