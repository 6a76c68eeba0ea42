"""Changing a run that another process drives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from command_line import CONFIG, NOBODY_COMES, PATIENCE, CommandLine, wait_until


@pytest.fixture
def live(cli: CommandLine) -> Iterator[CommandLine]:
    """Run 1 with 30 units is live in a process of its own."""
    started = cli.run(
        "launch", str(CONFIG), NOBODY_COMES, "demo.units=30", "--detach", "--headless"
    )
    assert started.returncode == 0, started.stderr
    yield cli
    cli.run("stop", "1", "--now")
    wait_until(lambda: not cli.json("status", "1")["is_driven"], "the engine lets go of the run")


def said(cli: CommandLine, *arguments: str) -> str:
    done = cli.run(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def refused(cli: CommandLine, *arguments: str) -> str:
    done = cli.run(*arguments)
    assert done.returncode in (1, 2), done.stderr
    return done.stderr


def test_a_live_run_is_changed_from_another_shell(live: CommandLine, tmp_path: Path) -> None:
    assert "nobody is at work" in said(live, "pause", "1")
    assert live.json("status", "1")["status"] == "paused"
    assert "goes on" in said(live, "resume", "1")

    words = said(live, "set", "1", "budget=2.00", "mephisto.task.allowed_concurrent=2")
    assert "budget none → $2.00, allowed_concurrent 0 → 2" in words
    assert "did you mean 'budget'" in refused(live, "set", "1", "budge=2")
    assert "budget=3.00" in refused(live, "extend", "1", "--units-per-item", "1")

    more = tmp_path / "more.csv"
    more.write_text("question,reply\na,b\nc,d\n")
    terms = refused(live, "extend", "1", "--data", str(more))
    assert "2 units more, of 2 items" in terms
    assert "--yes" in terms
    assert "cost up to $0.10" in said(live, "extend", "1", "--data", str(more), "--yes")
    assert "is no data file" in refused(live, "extend", "1", "--data", "more.docx", "--yes")

    assert "2 units of run 1 expired" in said(live, "expire", "1", "1", "2", "--yes")
    assert "No unfinished unit" in refused(live, "expire", "1", "1", "2", "--yes")
    assert "There is no agent 7" in refused(live, "disconnect", "7")
    units = live.json("status", "1")["units"]
    assert (units["launched"], units["expired"]) == (30, 2)
    asked = [row["text"] for row in live.json("journal", "1") if "asked for" in row["text"]]
    assert "asked for pause" in asked[0]


@pytest.mark.pty
def test_what_is_final_asks_for_its_number(live: CommandLine) -> None:
    words = live.words(("expire", "1", "--launched"))
    environment = {**live._environment({}), "LANG": "C.UTF-8"}

    def answer(text: str) -> tuple[str, int]:
        child = pexpect.spawn(
            words[0], words[1:], env=environment, timeout=PATIENCE, encoding="utf-8"
        )
        child.expect_exact("Type 30 to go on:")
        child.sendline(text)
        rest = child.read()
        child.close()
        return rest, child.exitstatus

    for text in ("", "yes", "3"):
        rest, code = answer(text)
        assert "Nothing was changed" in rest
        assert code == 1
    rest, code = answer("30")
    assert "30 units of run 1 expired" in rest
    assert code == 0


def test_without_an_engine_it_says_what_to_do(cli: CommandLine) -> None:
    process = cli.start("launch", str(CONFIG), NOBODY_COMES, "demo.units=3", "--headless")
    wait_until(
        lambda: (
            cli.run("status", "1").returncode == 0 and cli.json("status", "1")["status"] == "live"
        ),
        "the run is live",
    )
    process.kill()
    cli.end(process)
    assert "`mephisto-tui resume 1`" in refused(cli, "pause", "1")
    assert "max_num_concurrent_units 0 → 2" in said(cli, "set", "1", "max_num_concurrent_units=2")
    said(cli, "stop", "1")
    assert "3 units more" in said(cli, "extend", "1", "--units-per-item", "1", "--yes")
