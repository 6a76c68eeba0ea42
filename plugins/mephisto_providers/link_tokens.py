"""Links that only the named worker can have been given: a token over the worker and the run."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from mephisto_engine.errors import ProviderError

_KEY_BYTES = 32
_TOKEN_BYTES = 18


class LinkTokens:
    """Makes and checks the tokens of one run.

    The key lies in a file that only its owner can read, and nowhere else; whoever deletes it makes
    every link that was sent out invalid.
    """

    def __init__(self, key_file: Path, run_id: int) -> None:
        self._key_file = key_file
        self._run_id = run_id

    def token_for(self, worker_name: str) -> str:
        """The token of a worker's link. Raises `ProviderError` if the key cannot be kept."""
        message = f"{self._run_id}\n{worker_name}".encode()
        digest = hmac.digest(self._key(), message, hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:_TOKEN_BYTES]).decode()

    def is_valid(self, worker_name: str, token: object) -> bool:
        """Whether the token is that worker's; takes as long for a wrong one as for a right one."""
        if not isinstance(token, str) or not token.isascii():
            return False
        return hmac.compare_digest(token, self.token_for(worker_name))

    def _key(self) -> bytes:
        try:
            if not self._key_file.exists():
                _create_key(self._key_file)
            key = self._key_file.read_bytes()
        except OSError as error:
            raise ProviderError(
                f"The key of the worker links cannot be kept: {error}",
                f"Make {self._key_file.parent} a directory that you can write to.",
            ) from error
        if len(key) != _KEY_BYTES:
            raise ProviderError(
                f"{self._key_file} is damaged.",
                "Delete it to get a new key; links that were sent out become invalid.",
            )
        return key


def _create_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
    try:
        # The key appears whole or not at all, and never replaces that of another process.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
