from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest
from command_line import CONFIG, NOBODY_COMES, CommandLine, is_alive, line_with, wait_until

EMPTY_RUN = (str(CONFIG), NOBODY_COMES, "demo.units=3")


def launch_headless(cli: CommandLine, *more: str) -> object:
    process = cli.start("launch", *EMPTY_RUN, "--headless", *more)
    line_with(process, "is live at")
    return process


def test_a_wrong_config_names_every_problem_and_creates_nothing(
    cli: CommandLine, tmp_path: Path
) -> None:
    done = cli.run(
        "launch",
        str(CONFIG),
        "mephisto.task.task_reward=-1",
        "mephisto.task.allowed_concurent=2",
        "mephisto.blueprint.task_source=/nowhere/task.html",
        "--headless",
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert "task_reward" in done.stderr
    assert "allowed_concurent" in done.stderr
    assert "/nowhere/task.html" in done.stderr
    assert len(done.stderr.splitlines()) >= 4
    assert not cli.home.exists()


@pytest.mark.parametrize("manner", ["--headless", "--detach"])
def test_a_missing_or_unreadable_config_has_exit_code_2(
    cli: CommandLine, tmp_path: Path, manner: str
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("mephisto: [unclosed")

    for path in (tmp_path / "missing.yaml", broken):
        done = cli.run("launch", str(path), manner)
        assert done.returncode == 2
        assert str(path) in done.stderr
        assert not cli.home.exists()


def test_stop_from_another_process_ends_a_headless_run(cli: CommandLine) -> None:
    process = launch_headless(cli)
    stopped = cli.run("stop", "1")
    code, out, _ = cli.end(process)

    assert stopped.returncode == 0
    assert stopped.stderr
    assert code == 0
    assert "was stopped" in out
    assert cli.json("status", "1")["status"] == "stopped"
    assert cli.run("stop", "1").returncode == 1


def test_headless_json_gives_a_document_a_line_and_the_run_last(cli: CommandLine) -> None:
    process = launch_headless(cli, "--json")
    cli.run("stop", "1", "--now")
    _, out, _ = cli.end(process)

    *events, run = map(json.loads, out.splitlines())
    assert [event["kind"] for event in events][0] == "run.created"
    assert all(event["run_id"] == 1 for event in events)
    assert run["id"] == 1
    assert run["units"]["expired"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_one_signal_drains_the_run_and_ends_with_130(
    cli: CommandLine, number: signal.Signals
) -> None:
    process = launch_headless(cli)
    process.send_signal(number)
    code, _, err = cli.end(process)

    assert code == 130
    assert "Run 1 " in err
    assert cli.json("status", "1")["status"] == "stopped"


def test_a_second_signal_ends_those_at_work_too(cli: CommandLine) -> None:
    process = cli.start("demo", "--headless", "--units", "5", "--speed", "0.01")
    line_with(process, "unit 1 assigned", "stdout")
    process.send_signal(signal.SIGINT)
    line_with(process, "The same again ends it now")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    code, _, _ = cli.end(process)

    assert code == 130
    assert cli.json("status", "1")["units"]["expired"] == 5


def test_a_run_goes_on_when_its_terminal_and_its_reader_go_away(cli: CommandLine) -> None:
    process = launch_headless(cli)
    process.send_signal(signal.SIGHUP)
    process.stdout.close()
    cli.run("stop", "1")

    assert process.wait(timeout=30) == 0
    assert cli.json("status", "1")["status"] == "stopped"


def test_a_killed_run_is_resumed(cli: CommandLine) -> None:
    process = launch_headless(cli)
    process.kill()
    process.wait()
    assert cli.json("status", "1")["is_driven"] is False

    again = cli.start("resume", "1", "--headless")
    line_with(again, "is live at")
    assert cli.json("status", "1")["units"]["launched"] == 3
    cli.run("stop", "1")
    assert cli.end(again)[0] == 0


def test_a_run_that_another_engine_drives_is_not_resumed(cli: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # The port is part of the config, and taken by the engine that is refused for.
    process = launch_headless(cli, f"mephisto.architect.port={port}")
    refused = cli.run("resume", "1", "--headless")

    assert refused.returncode == 4
    assert str(process.pid) in refused.stderr
    process.send_signal(signal.SIGTERM)
    assert cli.end(process)[0] == 130


def test_a_detached_run_outlives_its_command(cli: CommandLine) -> None:
    done = cli.run("launch", *EMPTY_RUN, "--detach", "--headless")
    run = json.loads(done.stdout)
    pid = int(done.stderr.partition("process ")[2].partition(";")[0])

    assert done.returncode == 0
    assert run["status"] == "live"
    assert is_alive(pid)
    assert cli.run("stop", "1").returncode == 0
    wait_until(lambda: not is_alive(pid), "the engine's process has ended")
    log = next((cli.home / "logs").glob("engine-*.log"))
    assert "was stopped" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_a_port_in_use_is_told_before_anything_is_created(cli: CommandLine) -> None:
    process = launch_headless(cli)
    url = cli.json("status", "1")["url"]
    port = url.rpartition(":")[2].strip("/")
    done = cli.run("launch", *EMPTY_RUN, f"mephisto.architect.port={port}", "--headless")
    cli.run("stop", "1")

    assert done.returncode == 2
    assert port in done.stderr
    assert cli.end(process)[0] == 0
    assert [run["id"] for run in cli.json("runs")] == [1]


def test_errors_at_the_start_of_a_detached_engine_come_back(cli: CommandLine) -> None:
    done = cli.run("resume", "7", "--detach", "--headless")

    assert done.returncode == 1
    assert "no run 7" in done.stderr
    assert done.stdout == ""
    assert not list((cli.home / "logs").glob("engine-*.log"))


def test_watch_prints_lines_until_the_run_has_ended(cli: CommandLine) -> None:
    process = launch_headless(cli)
    watcher = cli.start("watch", "1", "--plain")
    line_with(watcher, "run 1 is live", "stdout")
    cli.run("stop", "1")

    code, out, _ = cli.end(watcher)
    assert code == 0
    assert "state        stopped" in out
    assert cli.end(process)[0] == 0


def test_ctrl_c_leaves_a_watcher_and_not_the_run(cli: CommandLine) -> None:
    process = launch_headless(cli)
    watcher = cli.start("watch", "1", "--plain")
    line_with(watcher, "run 1 is live", "stdout")
    watcher.send_signal(signal.SIGINT)

    assert cli.end(watcher)[0] == 130
    assert cli.json("status", "1")["status"] == "live"
    cli.run("stop", "1")
    cli.end(process)


def test_the_journal_is_followed_from_another_process(cli: CommandLine) -> None:
    process = launch_headless(cli)
    follower = cli.start("journal", "1", "--follow", "--json")
    line_with(follower, "run.live", "stdout")
    cli.run("stop", "1")

    assert json.loads(line_with(follower, "run.stopped", "stdout"))["run_id"] == 1
    follower.send_signal(signal.SIGINT)
    assert cli.end(follower)[0] == 130
    cli.end(process)
