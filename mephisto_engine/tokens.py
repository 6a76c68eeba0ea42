"""Random tokens, 128 bits each, from the operating system's generator.

Asking the system costs a system call; it is asked for many tokens at a time, because every arriving
worker needs one.
"""

from __future__ import annotations

import os
from threading import Lock

_BYTES = 16
_AT_A_TIME = 256

_lock = Lock()
_stock: list[str] = []


def new_token() -> str:
    """Thirty-two hexadecimal digits that nobody can guess and nobody was given before."""
    with _lock:
        if not _stock:
            text = os.urandom(_BYTES * _AT_A_TIME).hex()
            width = 2 * _BYTES
            _stock.extend(text[place : place + width] for place in range(0, len(text), width))
        return _stock.pop()


def _forget() -> None:
    _stock.clear()


# A forked child must not hand out the tokens of its parent.
os.register_at_fork(after_in_child=_forget)
