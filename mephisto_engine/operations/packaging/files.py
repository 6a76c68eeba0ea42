"""Files of an export: written whole or not at all, hashed, and made durable."""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

_BLOCK: Final = 2**20


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that its name never stands for half of it."""
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to be written under another name, and renamed when the block is left."""
    draft = path.with_name(f"{path.name}.draft")
    with draft.open("wb") as file:
        yield file
    draft.replace(path)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file; the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while block := read.read(_BLOCK):
            digest.update(block)
            written.write(block)
    return digest.hexdigest()


class SmallFiles:
    """Writes very many small files below a folder, with as few system calls as that takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def make_folder(self, name: str) -> None:
        """Make a folder, unless it is there; the one that it is in has to be."""
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=self._folder)

    def write(self, name: str, data: bytes) -> str:
        """Write a file, in place of one that is there; its SHA-256."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o666, dir_fd=self._folder)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)
        return hashlib.sha256(data).hexdigest()

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._folder)


def sync_file_system(folder: Path) -> None:
    """Make everything below a folder durable, with one call for all of its files.

    One for each of them would take minutes where there are 100,000.
    """
    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if call is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if call(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
