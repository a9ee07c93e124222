"""The parent: imports everything once, then forks a child for each kernel that is asked for.

::

    python -m analysis.press.warm.parent SOCKET < what to prepare, as JSON

It runs in a fresh interpreter and never has a second thread, which is looked at before every fork.
It listens on a socket that only its user can reach, and asks the system who connects. It ends when
its input does (whoever started it for one run is gone), when nobody asked for a kernel for a
while, or when it is told to, and its children end with it; when a file that it was made of has
changed, it ends with the last of them. A child ends when the one who asked for it hangs up, or its time is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from analysis.press.warm.client import name_start
from analysis.press.warm.line import READY, REFUSED, Inbox, Line, pack

ASK_SECONDS = 5
"""Seconds in which a whole request has to arrive."""

_LARGEST_REQUEST = 1 << 22
_DEATH_SIGNAL = 1
_SYSTEM = ctypes.CDLL(None)
_EVENTS = select.EPOLLIN | select.EPOLLRDHUP


@dataclass(slots=True)
class Visitor:
    """Who has connected and not yet said what for."""

    connection: socket.socket
    until: float
    inbox: Inbox = field(default_factory=lambda: Inbox(_LARGEST_REQUEST))
    streams: list[int] = field(default_factory=list)

    def close(self) -> None:
        """Show out."""
        self.connection.close()
        for stream in self.streams:
            os.close(stream)
        self.streams = []


@dataclass(slots=True)
class Child:
    """A kernel, the end of its line that we keep, and when its time is over."""

    pid: int
    handle: int
    connection: socket.socket
    until: float


class Parent:
    """Waits for visitors and children; everything happens in one thread."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        from analysis.press.warm import preload, shell

        self.path = path
        self.idle = float(about["idle"])
        self.app = shell.build()
        preload.import_all(about["modules"])
        for dotted in about["prepare"]:
            _call(dotted)
        self.watch = preload.Watch(map(Path, about["watch"]))
        self.visitors: dict[int, Visitor] = {}
        self.children: dict[int, Child] = {}
        self.forks = 0
        self.ended = False
        self.quiet_since = time.monotonic()
        gc.collect()
        gc.freeze()

    def listen(self, lifeline: int) -> None:
        """Take the place that was asked for; from then on, whoever asks is heard."""
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        draft = self.path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        before = os.umask(0o177)
        try:
            self.door.bind(str(draft))
        finally:
            os.umask(before)
        self.door.listen(128)
        self.door.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.door.fileno(), select.EPOLLIN)
        self.lifeline = lifeline
        if lifeline >= 0:
            self.poll.register(lifeline, select.EPOLLIN | select.EPOLLHUP)
        os.rename(draft, self.path)
        self.place = _inode(self.path)

    def run(self) -> None:
        """Serve until there is a reason to end, then end all children."""
        try:
            while not self._over():
                for number, event in self.poll.poll(1.0):
                    if number == self.lifeline:
                        return
                    self._turn(number, event)
                self._look_at_the_clock()
        finally:
            self._close()

    def _over(self) -> bool:
        """Tell whether to end: told to, or nobody is here and nobody can or does come."""
        if self.children or self.visitors:
            self.quiet_since = time.monotonic()
            return self.ended
        idle = time.monotonic() - self.quiet_since > self.idle
        return self.ended or idle or _inode(self.path) != self.place

    def _turn(self, number: int, event: int) -> None:
        if number == self.door.fileno():
            self._welcome()
        elif number in self.visitors:
            self._hear(number)
        else:
            self._see_to(number)

    def _welcome(self) -> None:
        try:
            connection, _ = self.door.accept()
        except OSError:
            return
        connection.setblocking(False)
        if _user(connection) != os.getuid():
            connection.close()
            return
        self.visitors[connection.fileno()] = Visitor(connection, time.monotonic() + ASK_SECONDS)
        self.poll.register(connection.fileno(), _EVENTS)

    def _hear(self, number: int) -> None:
        visitor = self.visitors[number]
        try:
            content, streams, _, _ = socket.recv_fds(visitor.connection, 1 << 16, 4)
            visitor.streams += streams
            visitor.inbox.feed(content)
            messages = list(visitor.inbox)
        except BlockingIOError:
            return
        except Exception:  # whatever it sent, it is no request
            content, messages = b"", []
        if messages:
            self._leave_visitor(number)
            self._answer(visitor, messages[0])
        elif not content:
            self._leave_visitor(number)
            visitor.close()

    def _leave_visitor(self, number: int) -> None:
        self.poll.unregister(number)
        del self.visitors[number]

    def _answer(self, visitor: Visitor, message: list[bytes]) -> None:
        try:
            request = json.loads(message[0])
            reason = self._why_not(request)
        except (ValueError, KeyError, TypeError, AttributeError):
            reason = "no request"
        if reason:
            with contextlib.suppress(OSError):
                visitor.connection.sendall(pack([REFUSED, reason.encode()]))
            visitor.close()
        else:
            self._fork(visitor, request)

    def _why_not(self, request: Mapping[str, Any]) -> str:
        """Give the reason for which no child is forked, empty if there is none."""
        if request["kind"] == "about":
            return json.dumps({"pid": os.getpid(), "forks": self.forks, "open": len(self.children)})
        if request["kind"] == "end":
            self.path.unlink(missing_ok=True)
            self.ended = True
            return "ended"
        if request["kind"] not in ("notebook", "kernel"):
            return "no request"
        threads = count_threads()
        if threads != 1:
            return f"{threads} threads"
        if self.watch.changed():
            self.path.unlink(missing_ok=True)
            return "changed"
        return ""

    def _fork(self, visitor: Visitor, request: Mapping[str, Any]) -> None:
        self.forks += 1
        pid = os.fork()
        if pid == 0:
            self._be_child(visitor, request)
        for stream in visitor.streams:
            os.close(stream)
        until = time.monotonic() + request["seconds"] if request["seconds"] else float("inf")
        child = Child(pid, os.pidfd_open(pid), visitor.connection, until)
        self.children[child.handle] = child
        self.poll.register(child.handle, select.EPOLLIN)
        # Read by the child alone: of the line we only want to know when it is hung up.
        self.poll.register(visitor.connection.fileno(), select.EPOLLRDHUP)

    def _be_child(self, visitor: Visitor, request: Mapping[str, Any]) -> None:
        """Be the kernel that was asked for, and never come back."""
        try:
            self.poll.close()
            self.door.close()
            for other in self.visitors.values():
                other.close()
            for child in self.children.values():
                child.connection.close()
                os.close(child.handle)
            if self.lifeline >= 0:
                os.close(self.lifeline)
            _settle(request, visitor.streams)
            visitor.connection.setblocking(True)
            serve = _serve_notebook if request["kind"] == "notebook" else _serve_jupyter
            serve(self.app, Line(visitor.connection), request)
        finally:
            os._exit(1)

    def _see_to(self, number: int) -> None:
        """Take leave of a child that has ended, or end one that nobody listens to."""
        if number in self.children:
            self._bury(self.children.pop(number))
            return
        for child in self.children.values():
            if child.connection.fileno() == number:
                self.poll.unregister(number)
                _kill(child.pid)

    def _bury(self, child: Child) -> None:
        _kill(child.pid)  # and what it started, while its number is nobody else's
        os.waitpid(child.pid, 0)
        with contextlib.suppress(OSError, ValueError):
            self.poll.unregister(child.connection.fileno())
        self.poll.unregister(child.handle)
        os.close(child.handle)
        child.connection.close()

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        for number, visitor in list(self.visitors.items()):
            if now > visitor.until:
                self._leave_visitor(number)
                visitor.close()
        for child in self.children.values():
            if now > child.until:
                _kill(child.pid)

    def _close(self) -> None:
        if _inode(self.path) == self.place:
            self.path.unlink(missing_ok=True)
        self.door.close()
        for child in self.children.values():
            _kill(child.pid)
            os.waitpid(child.pid, 0)


def main() -> None:
    """Prepare what standard input says, listen, serve."""
    # Of the folder it was started in nothing is imported.
    sys.path[:] = [place for place in sys.path if place not in ("", os.getcwd())]
    path = Path(sys.argv[1])
    try:
        parent = _get_ready(path)
    finally:
        name_start(path).unlink(missing_ok=True)
    parent.run()


def _get_ready(path: Path) -> Parent:
    about = json.loads(sys.stdin.buffer.readline())
    lifeline = os.dup(0) if about["lifeline"] else -1
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parent = Parent(path, about)
    if count_threads() != 1:
        sys.exit(f"{count_threads()} threads")
    parent.listen(lifeline)
    return parent


def count_threads() -> int:
    """Count the threads of this process, whoever started them."""
    return len(os.listdir("/proc/self/task"))


def _settle(request: Mapping[str, Any], streams: list[int]) -> None:
    """Make the child the process that was asked for: group, environment, folder, streams, limits."""
    from analysis.press.warm import shell

    _SYSTEM.prctl(_DEATH_SIGNAL, signal.SIGKILL)
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.umask(request["umask"])
    os.chdir(request["folder"])
    if request["memory"]:
        limit = _mapped() + request["memory"] * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    shell.make_new()


def _serve_notebook(app: Any, line: Line, request: Mapping[str, Any]) -> None:
    from analysis.press.warm import shell

    line.share()
    shell.attach(app, line)
    line.send([READY, str(os.getpid()).encode()])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(shell.serve(app, line))
    shell.leave(app)


def _serve_jupyter(app: Any, line: Line, request: Mapping[str, Any]) -> None:
    from analysis.press.warm import shell

    shell.forget(app)
    line.send([READY, str(os.getpid()).encode()])
    shell.launch(request["command"])
    shell.leave()


def _call(dotted: str) -> None:
    module, _, name = dotted.partition(":")
    getattr(import_module(module), name)()


def _user(connection: socket.socket) -> int:
    plain = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", plain)[1])


def _inode(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return (0, 0)
    return about.st_dev, about.st_ino


def _mapped() -> int:
    """Give the bytes that this process has mapped."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
