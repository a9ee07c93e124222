"""The side that asks: a kernel and its client as nbclient knows them, over one line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client import AsyncKernelClient
from traitlets import Any as AnyTrait

from analysis.press.warm.line import CONTROL, IOPUB, READY, REFUSED, SHELL, STOP, Line, pack

_STOP_SECONDS = 5


class RefusedError(Exception):
    """No kernel, for a reason that is no fault of the notebook."""


class Channel:
    """One channel of a line, as jupyter_client has them."""

    def __init__(self, post: Post, name: bytes) -> None:
        self.post, self.name = post, name

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        session = self.post.session
        frames = session.serialize(message)
        # A kernel that has died is found dead by whoever waits for its answer.
        with contextlib.suppress(OSError):
            self.post.line.send(
                [self.name, *frames, *(bytes(part) for part in message.get("buffers") or ())]
            )

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Give the next message.

        Raises
        ------
        Empty
            If none came in time.
        """
        return await self.post.next(self.name, timeout)

    async def msg_ready(self) -> bool:
        """Tell whether there is one."""
        return self.post.has(self.name)

    def is_alive(self) -> bool:
        """Tell whether the line is open."""
        return not self.post.line.closed

    def start(self) -> None:
        """Be there already."""

    def stop(self) -> None:
        """Leave the line to the kernel."""


class Post:
    """Sorts what comes over a line by channel and wakes who waits for it."""

    def __init__(self, line: Line, session: Any) -> None:
        self.line, self.session = line, session
        self._held: dict[bytes, deque[dict[str, Any]]] = defaultdict(deque)
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def next(self, name: bytes, timeout: float | None) -> dict[str, Any]:
        """Give the next message of a channel."""
        self._listen()
        self._hear()
        until = None if timeout is None else time.monotonic() + timeout
        while not self._held[name]:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise Empty
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[name] = waiting
            try:
                await asyncio.wait_for(waiting, left)
            except TimeoutError:
                raise Empty from None
        return self._held[name].popleft()

    def has(self, name: bytes) -> bool:
        """Tell whether a channel has a message."""
        self._hear()
        return bool(self._held[name])

    def close(self) -> None:
        """Stop listening and hang up."""
        self._deafen()
        self.line.close()

    def _listen(self) -> None:
        """Be woken by the loop that runs now."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop and not self.line.closed:
            self._deafen()
            loop.add_reader(self.line.fileno(), self._hear)
            self._loop = loop

    def _deafen(self) -> None:
        if self._loop is not None and not self._loop.is_closed() and self.line.fileno() >= 0:
            self._loop.remove_reader(self.line.fileno())
        self._loop = None

    def _hear(self) -> None:
        if self.line.closed:
            return
        for name, *frames in self.line.receive():
            _, parts = self.session.feed_identities(frames)
            self._held[name].append(self.session.deserialize(parts))
            waiting = self._waiting.pop(name, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
        if self.line.closed:
            self._deafen()


class LineClient(AsyncKernelClient):
    """jupyter_client's client, its channels on a line."""

    kernel = AnyTrait()

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Take the channels of the line."""
        post = Post(self.kernel.line, self.session)
        self.kernel.post = post
        self._shell_channel: Any = Channel(post, SHELL)
        self._iopub_channel: Any = Channel(post, IOPUB)
        self._control_channel: Any = Channel(post, CONTROL)
        self.allow_stdin = False

    def stop_channels(self) -> None:
        """Leave the line to the kernel."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Be ready: the kernel was, before anybody had it."""

    async def is_alive(self) -> bool:
        """Tell whether the kernel is."""
        return self.kernel.alive


class WarmKernel:
    """A kernel forked by a parent; what nbclient calls a kernel manager."""

    kernel_id = "warm"

    def __init__(self, line: Line, pid: int) -> None:
        self.line, self.pid = line, pid
        self.handle = os.pidfd_open(pid)
        self.post: Post | None = None

    @property
    def has_kernel(self) -> bool:
        """Have one: it was forked before this was made."""
        return True

    @property
    def alive(self) -> bool:
        """Tell whether the process lives."""
        return self.handle >= 0 and not select.select([self.handle], [], [], 0)[0]

    def client(self, **kwargs: Any) -> LineClient:
        """Give a client."""
        client = LineClient(kernel=self)
        client.session.key = b""
        return client

    async def is_alive(self) -> bool:
        """Tell whether the process lives."""
        return self.alive

    async def interrupt_kernel(self) -> None:
        """Interrupt what it does."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGINT)

    def end(self, *, now: bool = False) -> None:
        """End the kernel: as an interpreter ends, or at once; wait until nothing of it is left."""
        if not now and self.alive:
            with contextlib.suppress(OSError):
                self.line.send([STOP])
                select.select([self.handle], [], [], _STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        self._wait_for_burial()
        (self.post or self.line).close()
        os.close(self.handle)
        self.handle = -1

    def _wait_for_burial(self) -> None:
        """Wait for the parent to hang up, which it does when the kernel's whole group is gone."""
        until = time.monotonic() + _STOP_SECONDS
        while not self.line.closed and (left := until - time.monotonic()) > 0:
            if select.select([self.line.fileno()], [], [], left)[0]:
                self.line.receive()


def ask(
    path: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    seconds: float = 0,
    memory: int = 0,
    command: Sequence[str] = (),
    patience: float = 60,
) -> WarmKernel:
    """Have a parent fork a kernel.

    Parameters
    ----------
    path
        Its socket.
    environment, folder
        What the kernel starts with; ours by default.
    seconds, memory
        Time and MiB that it may use; 0 for no limit.
    command
        Arguments of an ordinary kernel, which opens Jupyter's own sockets; by default the kernel
        answers on the line.
    patience
        Seconds to wait for the parent.

    Raises
    ------
    RefusedError
        If it will not, or there is none.
    """
    request = {
        "kind": "kernel" if command else "notebook",
        "environment": dict(os.environ if environment is None else environment),
        "folder": str(folder or Path.cwd()),
        "seconds": seconds,
        "memory": memory,
        "umask": _umask(),
        "command": list(command),
    }
    connection = _connect(path, patience)
    line = Line(connection)
    try:
        socket.send_fds(connection, [pack([json.dumps(request).encode()])], [1, 2])
        told, what = _first(line, patience)
    except OSError as error:
        line.close()
        raise RefusedError(type(error).__name__) from None
    if told != READY:
        line.close()
        raise RefusedError(what.decode(errors="replace"))
    try:
        return WarmKernel(line, int(what))
    except ProcessLookupError:
        line.close()
        raise RefusedError("died at once") from None


def question(path: Path, kind: str, patience: float = 5) -> str:
    """Ask a parent ``about`` itself, or to ``end``.

    Raises
    ------
    RefusedError
        If there is none.
    """
    connection = _connect(path, patience)
    line = Line(connection)
    try:
        connection.sendall(pack([json.dumps({"kind": kind}).encode()]))
        return _first(line, patience)[1].decode()
    except OSError as error:
        raise RefusedError(type(error).__name__) from None
    finally:
        line.close()


def name_start(path: Path) -> Path:
    """Name the file that stands beside a socket while its parent is getting ready."""
    return path.with_suffix(".start")


def _connect(path: Path, patience: float) -> socket.socket:
    """Connect to a parent, waiting for one that is getting ready."""
    until = time.monotonic() + patience
    while True:
        starting = name_start(path).exists()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(patience)
        try:
            connection.connect(str(path))
        except OSError as error:
            connection.close()
            if not starting or time.monotonic() > until:
                raise RefusedError(type(error).__name__) from None
            time.sleep(0.01)
            continue
        connection.settimeout(None)
        return connection


def _first(line: Line, patience: float) -> tuple[bytes, bytes]:
    """Give the first message of a line."""
    until = time.monotonic() + patience
    while not line.closed:
        left = until - time.monotonic()
        if left <= 0 or not select.select([line.fileno()], [], [], left)[0]:
            raise TimeoutError
        messages = line.receive()
        if messages:
            first, *rest = messages
            if rest or len(first) != 2:
                break
            return first[0], first[1]
    return REFUSED, b"hung up"


def _umask() -> int:
    now = os.umask(0o077)
    os.umask(now)
    return now
