"""What lies behind a row: shown with `v`, handed to an editor with `E`, copied with `y`."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
from pathlib import Path

import pytest
from console_pty import PtyConsole
from console_world import HOSTILE, FakeBridge, hostile_world

from mephisto_tui import clipboard, editor, terminal
from mephisto_tui.safe_text import is_harmless
from mephisto_tui.state import state_folder, write_private
from mephisto_tui.view.raw import Raw, wrapped

EDITOR = """
import os, signal, stat, sys
path = sys.argv[1]
print("EDITING", flush=True)
os.kill(0, signal.SIGTSTP)
print("WOKEN", oct(stat.S_IMODE(os.stat(path).st_mode)), flush=True)
sys.stdin.readline()
text = open(path).read()
open(os.environ["SEEN"], "w").write(path + "\\n" + text)
open(path, "a").write("changed")
"""


def test_secrets_are_masked_and_nothing_steers_a_terminal():
    raw = Raw.of("unit", {"api_key": "sk-123", "text": HOSTILE, "when": None})
    assert "sk-123" not in raw.text
    assert json.loads(raw.text)["text"] == HOSTILE
    assert all(is_harmless(text) for text in raw.text.split("\n"))


def test_long_lines_are_wrapped_and_none_is_lost():
    text = "a" * 25 + "\n" + "日本" * 10 + "\nend"
    lines = ["".join(span.text for span in line).strip() for line in wrapped(text, 12)]
    assert lines == ["a" * 11, "a" * 11, "aaa", "日本日本日", "本日本日本", "日本日本日",
                     "本日本日本", "end"]  # fmt: skip


def test_a_private_file_is_replaced_whole(tmp_path: Path):
    path = tmp_path / "new" / "file.json"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["file.json"]


def test_state_lies_where_xdg_says():
    assert state_folder({"XDG_STATE_HOME": "/somewhere"}) == Path("/somewhere/mephisto")
    assert state_folder({"XDG_STATE_HOME": "relative"}) == state_folder({})


@pytest.fixture
def written():
    return []


def test_a_copy_goes_to_the_terminal_and_cannot_steer_it(written):
    said = clipboard.copy("a\x1b[31m\nb", written.append, {"TERM": "xterm-256color"})
    assert said == "copied (sent to the terminal, OSC 52)"
    sent = written[0].removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(sent).decode() == "a␛[31m\nb"


@pytest.mark.parametrize(
    ("environ", "text", "why"),
    [
        ({"TMUX": "/tmp/gone,1,0", "PATH": "/nowhere"}, "x", "tmux did not take it"),
        ({"TERM": "linux"}, "x", "this terminal has no clipboard"),
        ({"STY": "1.pts", "TERM": "screen"}, "x", "this terminal has no clipboard"),
        ({"TERM": "xterm"}, "x" * 80_000, "too long for the terminal's clipboard"),
    ],
)
def test_what_no_clipboard_takes_goes_to_a_private_file(
    tmp_path, monkeypatch, written, environ, text, why
):
    monkeypatch.setattr(terminal, "copy_with_tmux", lambda text: False)
    said = clipboard.copy(text, written.append, {**environ, "XDG_STATE_HOME": str(tmp_path)})
    path = tmp_path / "mephisto" / "copied.txt"
    assert said == f"copied to {path} ({why})"
    assert written == []
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_copy_that_cannot_be_had_anywhere_says_so(tmp_path, written):
    (tmp_path / "mephisto").write_text("a file where the folder should be")
    said = clipboard.copy("x", written.append, {"TERM": "linux", "XDG_STATE_HOME": str(tmp_path)})
    assert said.startswith("not copied: this terminal has no clipboard, and no file could be")


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({"VISUAL": "sh -c 'x y'", "EDITOR": "cat"}, ["sh", "-c", "x y"]),
        ({"VISUAL": "no-such-program", "EDITOR": "cat"}, ["cat"]),
        ({"VISUAL": "sh 'unclosed", "EDITOR": "cat -n"}, ["cat", "-n"]),
    ],
)
def test_the_editor_is_the_operators(environ, command):
    assert editor.editor_command(environ) == command


async def test_raw_shows_the_record_and_leads_back(make_app, screen_text):
    app = make_app(bridge=FakeBridge(world=hostile_world()), run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("v")
        await pilot.pause()
        text = screen_text(app)
        assert "─ Unit 10418 ─" in text
        assert '"status": "completed"' in text
        await pilot.press("v")
        await pilot.pause()
        assert "raw" not in screen_text(app).splitlines()[0]
        await pilot.press("tab", "tab", "tab", "v")
        await pilot.pause()
        assert "─ Config of run 142 ─" in screen_text(app)


async def test_a_screen_without_anything_behind_it_says_so(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark", "v")
        await pilot.pause()
        assert "nothing lies behind this" in screen_text(app)


async def test_a_terminal_that_cannot_be_lent_is_said_to_be_so(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("E")
        await pilot.pause()
        assert "this terminal cannot be handed to an editor" in screen_text(app)


@pytest.mark.pty
def test_an_editor_has_the_terminal_to_itself_and_gives_it_back(tmp_path: Path):
    (tmp_path / "edit.py").write_text(EDITOR)
    seen = tmp_path / "seen"
    command = f"{sys.executable} {tmp_path / 'edit.py'}"
    console = PtyConsole(
        "--exit-to", str(tmp_path / "exit"), VISUAL=command, SEEN=str(seen), TMPDIR=str(tmp_path)
    )
    try:
        console.wait_for("? Help  q Quit")
        console.send("E")
        console.wait_for("WOKEN 0o600")
        assert console.received.rfind(b"\x1b[?1049l") > console.received.rfind(b"\x1b[?1049h")
        console.send("\r")
        console.wait_for("what was changed there is not kept")
        path, text = seen.read_text().split("\n", 1)
        assert json.loads(text)["task_name"] == "chat-safety-v3"
        assert not Path(path).parent.exists()
        console.send("q")
        assert console.wait_for_end() == 0
        assert (tmp_path / "exit").read_text() == "quit "
    finally:
        console.close()
