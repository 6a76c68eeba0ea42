"""Files that workers send: streamed to disk under names of our own, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar
from uuid import uuid4

from mephisto_engine.abstractions.site import Limits
from mephisto_engine.data_model.records import UploadRecord
from mephisto_engine.gateway.refusals import RequestRefusedError

T = TypeVar("T")

CHUNK_BYTES: Final = 256 * 1024
MAX_NAME_LENGTH: Final = 1024
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


class FilePart(Protocol):
    """The file part of a form, as far as it is read here."""

    async def read_chunk(self, size: int = ...) -> bytes:
        """The next piece of the file, empty at its end."""
        ...


class UploadBatch:
    """The files of one request.

    Leaving the ``async with`` block removes them again, unless ``keep`` was called.
    """

    def __init__(self, directory: Path, limits: Limits, deadline: float) -> None:
        """``deadline`` is the event loop's time until which the client may take to send."""
        self._directory = directory
        self._limits = limits
        self._deadline = deadline
        self._bytes = 0
        self._written: list[Path] = []
        self._kept = False
        self.records: list[UploadRecord] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._kept:
            self._remove()

    def keep(self) -> None:
        """The files belong to a stored answer now, or may."""
        self._kept = True

    async def store(self, part: FilePart, field: str, name: str, mime_type: str) -> None:
        """Write one file part to disk and sync it.

        Args:
            part: what to read from.
            field: name of the form's input.
            name: file name as the browser gave it; it is kept as data and names nothing on disk.
            mime_type: as the browser gave it.

        Raises:
            RequestRefusedError: there are too many files, or they are too large together.
            TimeoutError: the client is too slow.
            OSError: the disk did not take it.
        """
        if len(self.records) >= self._limits.max_files:
            raise RequestRefusedError(413, f"Send at most {self._limits.max_files} files at once.")
        path = self._directory / uuid4().hex
        descriptor = await _in_thread(lambda: self._open(path))
        try:
            size, sha256 = await self._copy(part, descriptor)
            await _in_thread(lambda: os.fsync(descriptor))
        finally:
            os.close(descriptor)
        self.records.append(
            UploadRecord(
                field_name=storable(field),
                original_name=storable(name),
                stored_name=path.name,
                mime_type=storable(mime_type),
                size=size,
                sha256=sha256,
                directory=f"{self._directory}/",
            )
        )

    async def sync(self) -> None:
        """Make the files' names durable too; call it before they are referred to."""
        if self.records:
            await _in_thread(lambda: _sync_directory(self._directory))

    def describe(self) -> dict[str, Any]:
        """The ``files`` and ``filesByFields`` that an answer with files carries."""
        by_field: dict[str, list[dict[str, Any]]] = {}
        files = []
        for record in self.records:
            description = _describe(record)
            files.append({"fieldname": record.field_name, **description})
            by_field.setdefault(record.field_name, []).append(description)
        return {"files": files, "filesByFields": by_field}

    async def _copy(self, part: FilePart, descriptor: int) -> tuple[int, str]:
        digest = hashlib.sha256()
        size = 0
        while True:
            async with asyncio.timeout_at(self._deadline):
                chunk = await part.read_chunk(CHUNK_BYTES)
            if not chunk:
                return size, digest.hexdigest()
            size += len(chunk)
            self._count(len(chunk))
            digest.update(chunk)
            await _in_thread(partial(_write_all, descriptor, chunk))

    def _open(self, path: Path) -> int:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, _FLAGS, 0o600)
        self._written.append(path)
        return descriptor

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._limits.max_upload_bytes:
            raise RequestRefusedError(
                413,
                f"The files are too large: at most {self._limits.max_upload_bytes} bytes together "
                "can be sent at once.",
            )

    def _remove(self) -> None:
        for path in self._written:
            path.unlink(missing_ok=True)


async def _in_thread(work: Callable[[], T]) -> T:
    """As `asyncio.to_thread`, but a cancelled caller waits: the thread uses its descriptor."""
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _describe(record: UploadRecord) -> dict[str, Any]:
    return {
        "originalname": record.original_name,
        "encoding": "7bit",
        "mimetype": record.mime_type,
        "destination": record.directory,
        "filename": record.stored_name,
        "path": record.directory + record.stored_name,
        "size": record.size,
    }


def _write_all(descriptor: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storable(text: str) -> str:
    """A name as it can be stored: bytes that were no UTF-8 are lone surrogates."""
    return text[:MAX_NAME_LENGTH].encode("utf-8", "replace").decode("utf-8")
