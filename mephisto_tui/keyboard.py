"""Reads the keyboard: asleep until a key comes, and soon sure that an `esc` was one."""

from __future__ import annotations

import os
import select
import threading
import weakref
from codecs import getincrementaldecoder
from typing import Any, Final

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

MARGIN_SECONDS: Final = 0.002
MOST_BYTES: Final = 4096


class _Ending(threading.Event):
    """An event that also wakes a thread that waits for file descriptors."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()
        for descriptor in (self.reader, self._writer):
            weakref.finalize(self, os.close, descriptor)

    def set(self) -> None:
        super().set()
        os.write(self._writer, b"\0")

    def clear(self) -> None:
        if self.is_set():
            os.read(self.reader, MOST_BYTES)
        super().clear()


class KeyboardDriver(LinuxDriver):
    """Textual's driver, which looks for keys ten times a second, made to wait for them instead.

    That was a fifth of what an idle console costs, and made an `esc` wait for the next look.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._ending = self.exit_event = _Ending()

    def run_input_thread(self) -> None:
        """Hand on what is typed until the console ends or gives the terminal away.

        Raises:
            OSError, EOFError: the terminal has hung up.
        """
        parser = XTermParser()
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        pause = None
        while not self._ending.is_set():
            watched = [self.fileno, self._ending.reader]
            has_keys = self.fileno in select.select(watched, [], [], pause)[0]
            if has_keys and (text := decode(self._read())):
                for message in parser.feed(text):
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)
            # Whether this was half a sequence only the parser knows, so it is always asked again.
            pause = constants.ESCAPE_DELAY + MARGIN_SECONDS if has_keys else None

    def _read(self) -> bytes:
        data = os.read(self.fileno, MOST_BYTES)
        if not data:
            raise EOFError("the terminal has hung up")
        return data
