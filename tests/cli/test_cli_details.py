from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import CommandLine

from mephisto_engine.data_model import Agent
from mephisto_engine.database import MephistoDB
from mephisto_engine.testing.clock import FakeClock
from mephisto_tui.safe_text import is_harmless

sys.path.append(str(Path(__file__).parent.parent / "analysis"))

from answered_world import AnsweredRun

HOSTILE = "\x1b]52;c;aGFjaw==\x07[red]x\u202e\x00"
LONG = "word " * 60


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    found = CommandLine(tmp_path_factory.mktemp("details") / "home")
    clock = FakeClock()
    with MephistoDB.open(home=found.home, clock=clock) as db:
        run = AnsweredRun(db, clock, items=2)
        run.answer(0, "ada", {"rating": "safe", "why": LONG + HOSTILE}, 60)
        run.answer(0, "bea", {"rating": "unsafe"}, 30)
        found.agents = db.read(lambda: {row.worker.name: row for row in Agent.select()})  # type: ignore[attr-defined]
    return found


def test_a_unit_is_printed_in_the_words_of_its_screen(line: CommandLine) -> None:
    ada, bea = line.agents["ada"], line.agents["bea"]  # type: ignore[attr-defined]
    shown = line.run("unit", str(ada.unit_id)).stdout

    assert "state         ? review" in shown
    assert "worker        ada\nagent         1  ✓ submitted   1m00s" in shown
    assert f"agent {ada.id}, worker ada, submitted" in shown
    assert f"{bea.unit_id}  ? review" in shown.partition("ALSO ON THIS ITEM")[2]
    (why,) = [text for text in shown.splitlines() if text.strip().startswith("why")]
    assert why.count("word ") == 60
    assert is_harmless(shown.replace("\n", ""))


def test_a_unit_is_printed_whole_as_json(line: CommandLine) -> None:
    ada = line.agents["ada"]  # type: ignore[attr-defined]
    found = line.json("unit", str(ada.unit_id))

    assert found["agent"]["answer"] == {"rating": "safe", "why": LONG + HOSTILE}
    assert [row["worker_name"] for row in found["siblings"]][:1] == ["bea"]
    assert found["timeline"][0]["text"] == "created"


def test_an_agent_is_printed_as_lines_and_as_json(line: CommandLine) -> None:
    ada = line.agents["ada"]  # type: ignore[attr-defined]
    shown = line.run("agent", str(ada.id)).stdout

    assert "state         ✓ submitted" in shown
    assert "worked        1m00s" in shown
    assert line.json("agent", str(ada.id))["worker_name"] == "ada"
    assert line.run("--ascii", "agent", str(ada.id)).stdout.isascii()


def test_a_worker_is_printed_with_what_they_worked_on(line: CommandLine) -> None:
    shown = line.run("worker", "mock/ada").stdout

    assert "work          1 done: 0✓ 0~ 0✗, 1 to review" in shown
    assert "UNITS" in shown
    assert line.json("worker", "ada")["history"]["worker"]["name"] == "ada"


def test_the_journal_is_filtered_as_the_log_of_the_console(line: CommandLine) -> None:
    rows = line.json("journal", "--match", "submitted")

    assert len(line.json("log")) > len(rows) == 2
    assert all("submitted" in row["text"] for row in rows)
    assert line.json("journal", "--match", "!submitted level:error") == []
    assert line.run("log", "--match", "level:error").stdout == ""


@pytest.mark.parametrize("kind", ["unit", "agent", "worker"])
def test_what_is_not_there_is_said_with_where_to_look(line: CommandLine, kind: str) -> None:
    found = line.run(kind, "999999")

    assert found.returncode == 1
    assert f"There is no {kind}" in found.stderr
    assert f"`mephisto-tui {kind}s` lists them" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_unit_has_the_sections_and_checks_of_its_review(line: CommandLine) -> None:
    ada = line.agents["ada"]  # type: ignore[attr-defined]
    shown = line.run("unit", str(ada.unit_id)).stdout
    sections = {item["title"]: item for item in line.json("unit", str(ada.unit_id))["sections"]}

    assert [*sections][-2:] == ["ANSWER", "CHECKS"]
    assert sections["ANSWER"]["kind"] == "pairs"
    assert sections["ANSWER"]["rows"][0] == ["rating", "safe"]
    assert {"result": "passed", "text": "answered every field"} in sections["CHECKS"]["rows"]
    assert "✓ answered every field\n" in shown
    assert "Y answered every field\n" in line.run("--ascii", "unit", str(ada.unit_id)).stdout
