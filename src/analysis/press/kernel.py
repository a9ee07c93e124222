"""A kernel of its own for each notebook: nothing shared, nothing left behind.

The kernel is the interpreter that runs us, whatever kernelspecs are installed. It talks through
sockets in a folder of the run (no ports to race for, nobody else can read them), works in an
empty folder, and sees an environment in which nothing of the user's settings changes a number:
fixed hash seed and time zone, one thread for linear algebra, no history, no start-up files.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from traitlets import Unicode, default

_FOREIGN = (
    "PYTHON",
    "IPYTHON",
    "JUPYTER",
    "JPY_",
    "MPL",
    "MATPLOTLIB",
    "PAPERMILL",
    "LC_",
    "LANGUAGE",
)
_KEPT = ("PYTHONPATH", "PYTHONHOME")
_FIXED = {
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "MPLBACKEND": "agg",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    **{
        f"{library}_NUM_THREADS": "1"
        for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
    },
}
_ADDRESS = "JUPYTER_RUNTIME_DIR"
_LONGEST_PARENT = 50
_PATIENCE = 5


def isolate(room: Path, base: Mapping[str, str], *, shared: Path | None = None) -> dict[str, str]:
    """Make the environment of a process that lives in `room`.

    Parameters
    ----------
    room
        Where it keeps whatever it keeps; also what it is known by afterwards (`evict`).
    base
        The environment it would inherit.
    shared
        A folder that the rooms of one run share, for matplotlib's list of fonts, which is slow
        to make; `room` by default.

    Examples
    --------
    >>> "PYTHONSTARTUP" in isolate(Path("r"), {"PATH": "/bin", "PYTHONSTARTUP": "x.py"})
    False
    """
    inherited = {
        name: value
        for name, value in base.items()
        if name in _KEPT or not name.startswith(_FOREIGN)
    }
    return {
        **inherited,
        **_FIXED,
        "MPLCONFIGDIR": str((shared or room) / "matplotlib"),
        "IPYTHONDIR": str(room / "ipython"),
        "JUPYTER_CONFIG_DIR": str(room / "jupyter"),
        "JUPYTER_DATA_DIR": str(room / "jupyter"),
        _ADDRESS: str(room / "jupyter"),
        "JUPYTER_NO_CONFIG": "1",
        "TMPDIR": str(room),
    }


@contextmanager
def make_room(within: Path | None = None) -> Iterator[Path]:
    """Make a folder that only we can read; whoever lives in it ends with it.

    Without `within` it stands where temporary files go, unless a socket in it would have too long
    a name.
    """
    temporary = Path(tempfile.gettempdir())
    if within is None and len(str(temporary)) > _LONGEST_PARENT:
        temporary = Path("/tmp")  # noqa: S108 - mkdtemp is private wherever it stands
    room = Path(tempfile.mkdtemp(prefix="junheng-", dir=within or temporary))
    try:
        yield room
    finally:
        evict(room)
        shutil.rmtree(room, ignore_errors=True)


def find_parent(run: Path) -> Path:
    """Give the socket of the parent that the kernels of a run are forked from."""
    return run / "warm.sock"


def make_desk(room: Path) -> Path:
    """Make the empty folder of a room in which its kernel works."""
    desk = room / "cwd"
    desk.mkdir(exist_ok=True)
    return desk


def evict(room: Path) -> None:
    """End every process that lives in a room, but not the one that calls.

    A process is known by the environment it was started with, so that one whose parent has died
    is found as well, and none that somebody else started is ever touched.
    """
    end = time.monotonic() + _PATIENCE
    while tenants := [process for process in psutil.process_iter() if _lives_in(process, room)]:
        for process in tenants:
            with suppress(psutil.Error):
                process.kill()
        if time.monotonic() > end:
            return
        time.sleep(0.01)


def _lives_in(process: psutil.Process, room: Path) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        address = process.environ().get(_ADDRESS, "")
        return Path(address).is_relative_to(room) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False


class RoomKernelManager(AsyncKernelManager):
    """Starts this very interpreter as a kernel that lives in one room."""

    room = Unicode(help="The folder of the run.").tag(config=True)
    shared = Unicode(help="The folder that runs share, if they do.").tag(config=True)

    @default("transport")
    def _transport(self) -> str:
        return "ipc" if os.name == "posix" else "tcp"

    @default("connection_file")
    def _connection_file(self) -> str:
        return str(Path(self.room) / "k.json")

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python",
            language="python",
        )

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Start the kernel in an empty folder of the room, seeing only what it may."""
        room = Path(self.room)
        shared = Path(self.shared) if self.shared else None
        env = isolate(room, os.environ, shared=shared)
        await super().start_kernel(**{**kwargs, "cwd": str(make_desk(room)), "env": env})
