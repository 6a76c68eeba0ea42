"""Files that workers sent: what would show them, that it is said first, and that nothing runs."""

from __future__ import annotations

import os
import pty
import stat
import sys
from pathlib import Path

import pytest

from mephisto_tui import opener

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
DISPLAY = {"DISPLAY": ":0"}
SHOW = """
import sys
from pathlib import Path
from mephisto_tui import opener
opening = opener.opening_of(Path(sys.argv[1]), sys.argv[2])
print("SAID", repr(opener.show(opening, 1)), flush=True)
"""


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Path:
    """A folder that is the whole PATH, with programs that tell what they were given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("less", "xdg-open", "viewer"):
        path = folder / name
        path.write_text(f'#!/bin/sh\n/usr/bin/printf "%s\\n" {name} "$@" >>{tmp_path}/ran\n')
        path.chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "platform", "linux")
    return folder


def file_of(tmp_path: Path, data: bytes, name: str = "0a1b2c") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_text_goes_to_the_pager_by_its_path(tmp_path, programs):
    path = file_of(tmp_path, b"one\n\ttwo\n")
    opening = opener.opening_of(path, "", DISPLAY)
    assert opening == opener.Opening("text", ("less", str(path)))
    chosen = opener.opening_of(path, "", {"PAGER": "viewer -R 'a b'"})
    assert chosen.command == ("viewer", "-R", "a b", str(path))
    assert opener.opening_of(path, "", {"PAGER": "no-such-program"}).command[0] == "less"


@pytest.mark.parametrize(
    "text", ["BMW is a maker of cars", "ID3 is an algorithm", "GIF89a it says"]
)
def test_text_that_begins_like_a_picture_is_text(tmp_path, programs, text):
    assert opener.opening_of(file_of(tmp_path, text.encode()), "", DISPLAY).kind == "text"


def test_text_that_would_steer_the_terminal_is_shown_as_a_safe_copy(tmp_path, programs):
    opening = opener.opening_of(file_of(tmp_path, b"a\x1b[2J\nb"), "", {})
    assert opening.text == "a␛[2J\nb"
    assert opening.words == "less COPY"


def test_long_text_is_cut_and_says_so(tmp_path, programs):
    path = file_of(tmp_path, b"x" * (opener.MOST_TEXT + 1))
    opening = opener.opening_of(path, "", {})
    assert opening.text is not None
    assert opening.text.endswith(f"… the rest of {path} is not shown here")


def test_a_picture_goes_to_the_desktop_where_there_is_a_display(tmp_path, programs):
    path = file_of(tmp_path, PNG)
    shown = opener.opening_of(path, "", DISPLAY)
    assert (shown.command, shown.needs_terminal) == (("xdg-open", str(path)), False)
    assert opener.opening_of(path, "", {"SSH_CONNECTION": "x"}).command == ()
    assert opener.opening_of(path, "viewer -s 2", {}).command == ("viewer", "-s", "2", str(path))


@pytest.mark.parametrize(
    "data",
    [b"\x7fELF" + bytes(60), b"MZ\0\0", b"PK\x03\x04\0\0", b"\xca\xfe\xba\xbe\0"],
    ids=["elf", "exe", "zip", "class"],
)
def test_what_a_desktop_might_run_is_not_handed_to_it(tmp_path, programs, data):
    assert opener.opening_of(file_of(tmp_path, data), "", DISPLAY).command == ()


def test_a_script_or_a_desktop_entry_is_read_as_text(tmp_path, programs):
    for data in (b"#!/bin/sh\nrm -rf /\n", b"[Desktop Entry]\nExec=sh\n", b"<script>x</script>"):
        assert opener.opening_of(file_of(tmp_path, data), "", DISPLAY).command[0] == "less"


def test_no_name_is_read_by_a_shell(tmp_path, programs):
    path = file_of(tmp_path, PNG, "-rf;$(touch pwned)`id`\n")
    opening = opener.opening_of(path, "", DISPLAY)
    assert opener.run_beside(opening) == 0
    assert (tmp_path / "ran").read_text() == f"xdg-open\n{path}\n"
    assert not Path("pwned").exists()


def test_a_link_and_what_is_gone_are_not_opened(tmp_path, programs):
    link = tmp_path / "link"
    link.symlink_to(file_of(tmp_path, b"secret"))
    for path in (link, tmp_path / "gone", tmp_path):
        with pytest.raises(OSError, match="not there"):
            opener.opening_of(path)


def read_until(descriptor: int, awaited: bytes) -> bytes:
    received = b""
    while awaited not in received:
        received += os.read(descriptor, 1024)
    return received


@pytest.mark.pty
@pytest.mark.parametrize("own", ["", "cat"], ids=["pager", "opener"])
def test_the_program_has_the_terminal_and_gives_it_back(tmp_path, own):
    path = file_of(tmp_path, b"shown \x1b[2J text")
    home = {"PATH": os.environ["PATH"], "PAGER": "cat", "TMPDIR": str(tmp_path)}
    home |= {"LESSOPEN": "|false %s", "PYTHONPATH": os.pathsep.join(sys.path)}
    pid, descriptor = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-c", SHOW, str(path), own], home)
    received = read_until(descriptor, b"enter leads back") if own else b""
    os.write(descriptor, b"\r")
    received += read_until(descriptor, b"SAID ''")
    if not own:
        assert "shown ␛[2J text".encode() in received
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(descriptor)
    assert [entry for entry in os.listdir(tmp_path) if entry.startswith("mephisto-")] == []


def test_a_safe_copy_is_the_operators_alone(tmp_path, monkeypatch):
    from mephisto_tui.editor import private_copy

    with private_copy("text", ".txt") as copy:
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not copy.parent.exists()
