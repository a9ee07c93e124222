"""One Unix socket between a kernel and who asked for it, for all of Jupyter's channels.

A message is a list of frames: the name of its channel, then what would go to that channel's
socket, as Jupyter frames it. On the line each list is its length and the lengths of its frames,
followed by the frames.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import threading
from collections.abc import Iterator, Sequence

SHELL, IOPUB, CONTROL = b"shell", b"iopub", b"control"
READY = b"ready"
"""First message of a kernel: its process."""
REFUSED = b"refused"
"""What a parent says instead, with a reason for a log."""
STOP = b"stop"
"""Asks a kernel to end as if its interpreter did."""

LARGEST = 1 << 31
"""Bytes of a frame above which what comes is no message."""
_MOST_FRAMES = 10_000
_COUNT, _LENGTH = struct.Struct("!I"), struct.Struct("!Q")
_CHUNK = 1 << 18


class BrokenLineError(Exception):
    """What came is no message."""


class Inbox:
    """Bytes as they come, given back as messages.

    >>> inbox = Inbox()
    >>> inbox.feed(pack([b"shell", b"x"])[:9])
    >>> list(inbox)
    []
    >>> inbox.feed(pack([b"shell", b"x"])[9:])
    >>> list(inbox)
    [[b'shell', b'x']]
    """

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self._bytes = bytearray()

    def feed(self, content: bytes) -> None:
        """Take in what came."""
        self._bytes += content

    def __iter__(self) -> Iterator[list[bytes]]:
        while (message := self._take()) is not None:
            yield message

    def _take(self) -> list[bytes] | None:
        held = self._bytes
        if len(held) < _COUNT.size:
            return None
        (count,) = _COUNT.unpack_from(held)
        if not 0 < count <= _MOST_FRAMES:
            raise BrokenLineError
        start = _COUNT.size + count * _LENGTH.size
        if len(held) < start:
            return None
        lengths = [
            _LENGTH.unpack_from(held, _COUNT.size + n * _LENGTH.size)[0] for n in range(count)
        ]
        if sum(lengths) > self.largest:
            raise BrokenLineError
        if len(held) < start + sum(lengths):
            return None
        frames = []
        for length in lengths:
            frames.append(bytes(held[start : start + length]))
            start += length
        del held[:start]
        return frames


def pack(frames: Sequence[bytes]) -> bytes:
    """Write a message as it goes over the line."""
    lengths = b"".join(_LENGTH.pack(len(frame)) for frame in frames)
    return b"".join((_COUNT.pack(len(frames)), lengths, *frames))


class Line:
    """An end of a line; messages may be sent by any thread."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.inbox = Inbox()
        self.closed = False
        self._turn = threading.Lock()
        self._turn_of_processes = -1

    def share(self) -> None:
        """Let children of this process, forked from now on, send messages too."""

        def renew() -> None:
            self._turn = threading.Lock()

        # Locks of a file are a process's own: here every process waits for its turn.
        self._turn_of_processes = os.memfd_create("turn", os.MFD_CLOEXEC)
        os.register_at_fork(after_in_child=renew)

    def fileno(self) -> int:
        """Give the descriptor to wait on."""
        return self.socket.fileno()

    def send(self, frames: Sequence[bytes]) -> None:
        """Send one message, whole.

        Raises
        ------
        OSError
            If the other end is gone.
        """
        content = pack(frames)
        with self._turn:
            if self._turn_of_processes < 0:
                self.socket.sendall(content)
                return
            fcntl.lockf(self._turn_of_processes, fcntl.LOCK_EX)
            try:
                self.socket.sendall(content)
            finally:
                fcntl.lockf(self._turn_of_processes, fcntl.LOCK_UN)

    def receive(self) -> list[list[bytes]]:
        """Read what has come, without waiting; at the other end's end the line is `closed`."""
        while True:
            try:
                content = self.socket.recv(_CHUNK, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError:
                content = b""
            if not content:
                self.closed = True
                break
            self.inbox.feed(content)
        return list(self.inbox)

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        self.socket.close()
