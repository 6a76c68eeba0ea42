"""Keys as a terminal sends them, through a terminal of the test's own."""

from __future__ import annotations

import os
import threading
import time
import tty
from collections.abc import Callable, Iterator

import pytest
from textual import constants, events
from textual.message import Message

from mephisto_tui.keyboard import KeyboardDriver
from mephisto_tui.terminal import ESCAPE_MS, short_escape


class Typist:
    """Types on a terminal that a driver reads."""

    def __init__(self, driver: KeyboardDriver) -> None:
        self._terminal, self._console = os.openpty()
        tty.setraw(self._console)
        self.messages: list[Message] = []
        self.driver = driver
        driver.fileno = self._console
        driver.process_message = self.messages.append  # type: ignore[method-assign]
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.messages if isinstance(message, events.Key)]

    def type(self, data: bytes) -> None:
        os.write(self._terminal, data)

    def sees(self, *keys: str) -> bool:
        return until(lambda: self.keys == list(keys))

    def hang_up(self) -> None:
        os.close(self._terminal)
        self._terminal = -1

    def ends(self) -> bool:
        self._thread.join(5)
        return not self._thread.is_alive()

    def close(self) -> None:
        self.driver.exit_event.set()
        assert self.ends()
        for descriptor in (self._terminal, self._console):
            if descriptor >= 0:
                os.close(descriptor)

    def _read(self) -> None:
        try:
            self.driver.run_input_thread()
        except (OSError, EOFError) as error:
            self.error = error


def until(is_so: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 5
    while not is_so():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.002)
    return True


@pytest.fixture
async def typist(monkeypatch: pytest.MonkeyPatch) -> Iterator[Typist]:
    monkeypatch.setattr("signal.signal", lambda *_given: None)
    found = Typist(KeyboardDriver(None))
    yield found
    found.close()


async def test_what_is_typed_at_once_comes_key_by_key(typist: Typist) -> None:
    typist.type(b"jk\x1b[A\x1b[6~q")
    assert typist.sees("j", "k", "up", "pagedown", "q")


async def test_an_escape_that_nothing_follows_is_the_key(typist: Typist) -> None:
    typist.type(b"\x1b")
    assert typist.sees("escape")
    typist.type(b"j")
    assert typist.sees("escape", "j")


async def test_a_sequence_that_comes_in_pieces_is_one_key(
    typist: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 2.0)
    for piece in (b"\x1b", b"[", b"A"):
        typist.type(piece)
    assert typist.sees("up")


async def test_a_letter_that_comes_in_two_pieces_is_one_letter(typist: Typist) -> None:
    first, second = "é".encode()[:1], "é".encode()[1:]
    typist.type(first)
    typist.type(second)
    assert until(lambda: typist.messages)
    assert [message.character for message in typist.messages] == ["é"]


async def test_bytes_that_are_no_text_do_not_end_the_console(typist: Typist) -> None:
    typist.type(b"\xff\xfe")
    typist.type(b"j")
    assert until(lambda: typist.keys[-1:] == ["j"])
    assert typist.error is None


async def test_a_console_that_ends_does_not_wait_for_a_key(typist: Typist) -> None:
    typist.driver.exit_event.set()
    assert typist.ends()


async def test_a_terminal_that_was_given_away_is_read_again(typist: Typist) -> None:
    typist.driver.exit_event.set()
    assert typist.ends()
    typist.driver.close()
    typist.driver.exit_event.clear()
    typist.driver.close()  # as Textual does whenever it gives the terminal away
    again = threading.Thread(target=typist.driver.run_input_thread, daemon=True)
    again.start()
    typist.type(b"j")
    assert typist.sees("j")
    typist.driver.exit_event.set()
    again.join(5)
    assert not again.is_alive()


async def test_a_terminal_that_hangs_up_is_not_read_for_ever(typist: Typist) -> None:
    typist.hang_up()
    assert typist.ends()
    assert typist.error is not None


def test_the_operator_s_own_delay_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCDELAY", "250")
    with short_escape():
        assert os.environ["ESCDELAY"] == "250"
    assert os.environ["ESCDELAY"] == "250"
    monkeypatch.delenv("ESCDELAY")
    with short_escape():
        assert os.environ["ESCDELAY"] == str(ESCAPE_MS)
    assert "ESCDELAY" not in os.environ
