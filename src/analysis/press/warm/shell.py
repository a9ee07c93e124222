"""A kernel of ipykernel whose sockets are one line: the only file that knows how it is made.

Everything that a cell can see is ipykernel's own: its shell, its display hook, its streams and
the thread that publishes them. What is left out are the sockets, the heartbeat and the threads
that serve them. `build` makes what a process can have before it forks, `attach` adds, in the
child, what it cannot: threads, streams, the line.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipykernel_launcher  # type: ignore[import-untyped]
import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait

from analysis.press.warm.line import CONTROL, IOPUB, SHELL, STOP, Line

_LAST_SECONDS = 5
_history: dict[str, Any] = {}
"""How ipykernel has the settings that `build` changes."""


class LineKernel(IPythonKernel):
    """ipykernel's kernel, with one shell channel and no sockets."""

    shell_stream = AnyTrait()
    control_stream = AnyTrait()
    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Abort nothing: who sends cells here waits for each before the next."""


class LineApp(IPKernelApp):
    """ipykernel's application; the steps that need a socket or a thread are left to `attach`."""

    kernel_class = LineKernel

    def init_connection_file(self) -> None:
        """Have none."""

    def init_poller(self) -> None:
        """Have none: the parent ends who is left behind."""

    def init_sockets(self) -> None:
        """Have none."""

    def init_heartbeat(self) -> None:
        """Have none."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Write none."""

    def log_connection_info(self) -> None:
        """Say nothing."""

    def init_io(self) -> None:
        """Leave the streams of the parent alone."""

    def init_signal(self) -> None:
        """Leave the signals of the parent alone."""

    def init_crash_handler(self) -> None:
        """Leave the parent's."""

    def init_path(self) -> None:
        """Leave the parent's path alone."""

    def init_kernel(self) -> None:
        """Make kernel and shell, unconnected."""
        self.kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
            shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
        )


class _Channel:
    """What a kernel takes for the socket of a channel."""

    def __init__(self, line: Line, name: bytes) -> None:
        self.line, self.name = line, name
        self.context: Any = zmq.Context.instance()

    def send_multipart(self, frames: Sequence[Any], *args: object, **kwargs: object) -> None:
        # Who has hung up needs no answer; the parent ends this process.
        with contextlib.suppress(OSError):
            self.line.send([self.name, *(bytes(memoryview(frame)) for frame in frames)])

    def flush(self, *args: object) -> None:
        """Have nothing to flush."""

    def close(self) -> None:
        """Leave the line open: others talk on it."""


def build() -> LineApp:
    """Make the shell of a kernel in this process, without a thread or a socket."""
    from IPython.core.history import HistoryManager

    _history.update({name: getattr(HistoryManager, name) for name in ("hist_file", "enabled")})
    HistoryManager.hist_file = ":memory:"  # type: ignore[assignment]
    HistoryManager.enabled = False  # type: ignore[assignment]  # it has a thread
    app = LineApp.instance()
    app.initialize([])
    assert isinstance(app, LineApp)  # noqa: S101 - what `instance` does
    app.session.key = b""  # nobody else reaches the line
    return app


def attach(app: LineApp, line: Line) -> None:
    """Connect the kernel of a forked child: streams, displays, signals, path.

    Each step stands in `IPKernelApp.initialize`, in this order.
    """
    kernel, shell, session = app.kernel, app.kernel.shell, app.session
    session.pid = os.getpid()
    thread = IOPubThread(_Channel(line, IOPUB), pipe=False, session=session)
    thread.start()
    app.iopub_thread = kernel.iopub_thread = thread
    app.iopub_socket = kernel.iopub_socket = thread.background_socket
    kernel.shell_stream, kernel.control_stream = _Channel(line, SHELL), _Channel(line, CONTROL)
    IPKernelApp.init_io(app)
    kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
    shell.displayhook.pub_socket = shell.display_pub.pub_socket = app.iopub_socket
    app.displayhook.get_execution_count = lambda: kernel.execution_count
    IPKernelApp.init_signal(app)
    IPKernelApp.init_path(app)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sys.argv = [str(Path(ipykernel_launcher.__file__)), "-f", ""]


def forget(app: LineApp) -> None:
    """Undo `build` in a forked child that is to be an ordinary kernel, all but the imports."""
    from IPython.core.history import HistoryManager

    for name, value in _history.items():
        setattr(HistoryManager, name, value)
    atexit._clear()
    for instance in (app.kernel.shell, app.kernel, app):
        type(instance).clear_instance()


def launch(command: Sequence[str]) -> None:
    """Be ipykernel's ordinary application, until it ends."""
    sys.argv = [str(Path(ipykernel_launcher.__file__)), *command]
    with contextlib.suppress(SystemExit):
        # The handle says that somebody started it, and names nobody to watch: the parent does.
        IPKernelApp.launch_instance(argv=list(command), parent_handle=1)


def make_new() -> None:
    """Give a forked child what a new interpreter would not share with its siblings."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    tempfile.tempdir = None
    time.tzset()


async def serve(app: LineApp, line: Line) -> None:
    """Answer what comes over the line until it is closed or asks to stop."""
    kernel = app.kernel
    kernel.io_loop = IOLoop.current()
    kernel._control_lock = asyncio.Lock()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    # What a cell sets in its context (numpy's error handling is kept there), the next cell sees.
    context = contextvars.copy_context()
    tasks: set[asyncio.Task[None]] = set()

    def hear() -> None:
        for channel, *frames in line.receive():
            if channel == STOP:
                ended.set()
                continue
            message = [zmq.Frame(frame) for frame in frames]
            answer = kernel.dispatch_control if channel == CONTROL else _shell(kernel)
            task = loop.create_task(answer(message), context=context)
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if line.closed:
            loop.remove_reader(line.fileno())
            ended.set()

    loop.add_reader(line.fileno(), hear)
    await ended.wait()


def _shell(kernel: LineKernel) -> Any:
    async def answer(message: list[zmq.Frame]) -> None:
        await kernel.shell_main(None, message)

    return answer


def leave(app: LineApp | None = None) -> None:
    """End as an interpreter does, in bounded time: what was registered runs, then nothing more."""
    threading.Timer(_LAST_SECONDS, os._exit, (1,)).start()
    if app is not None:  # what is said last is still published; the thread ends with the process
        atexit.unregister(app.iopub_thread.stop)
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(0)
