"""Writing so that a crash leaves the old or the new, and one writer at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analysis.errors import BusyError, StoreError


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold a folder as its only writer.

    Raises
    ------
    BusyError
        At once, if another process holds it.
    """
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"另一进程正在写入 {folder.name}", f"another run is writing to {folder.name}"
            ) from None
        yield
    finally:
        os.close(lock)


def put(path: Path, content: bytes) -> None:
    """Write a file readable by its owner only, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)


def private(folder: Path) -> Path:
    """Make a folder that only its owner may enter, or refuse one that others may."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_open(folder)
    return folder


def refuse_open(path: Path) -> None:
    """Refuse a file or folder that anyone but its owner may read."""
    if path.stat().st_mode & 0o077:
        raise StoreError(
            f"{path.name} 的权限过宽，他人可读；请收紧为仅本人可用（chmod go-rwx）",
            f"{path.name} can be read by others; make it private (chmod go-rwx)",
        )


def canonical(plain: Any) -> bytes:
    """Write plain values as JSON that is the same for the same values."""
    text = json.dumps(
        plain, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")
    )
    return f"{text}\n".encode()


def digest(content: bytes) -> str:
    """Give the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()
