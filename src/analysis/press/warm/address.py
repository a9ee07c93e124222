"""Where a parent is found, and how one is started.

A parent serves who has the same interpreter, the same settings of it and the same imports: what it
listens on is named by their hash, in a folder that only its user can enter.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis import wire
from analysis.press.warm.client import RefusedError, WarmKernel, ask, name_start, question

IDLE_SECONDS = 600
"""How long a parent waits for the next question before it ends."""

START_SECONDS = 60
_END_SECONDS = 5
_HOPELESS: set[Path] = set()
_STARTED: list[subprocess.Popen[bytes]] = []
"""Parents that outlive us are kept in mind until we end, as nobody else can take leave of them."""
_FOLDER_VARIABLE = "JUNHENG_WARM"
_AT_START = ("PYTHON", "LD_", "MPL", "MATPLOTLIB", "LC_", "VIRTUAL_ENV", "CONDA_PREFIX")
_EXACTLY = ("LANG", "LANGUAGE", "TZ", "HOME")
_THREADS = tuple(
    f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
)
_ONE_THREAD = {
    **dict.fromkeys(_THREADS, "1"),
    # Of two allocators Arrow brings, the one that nothing uses has a thread at its import.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


@dataclass(frozen=True, slots=True)
class Wants:
    """What a parent has to have ready.

    Attributes
    ----------
    modules
        To import, where they belong to this environment.
    prepare
        Functions to call, ``module:name``, whose work every child may share.
    watch
        Folders that `prepare` reads: when a file changes there, the parent ends.
    """

    modules: tuple[str, ...]
    prepare: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()


def can_fork() -> bool:
    """Tell whether processes can be forked, watched and asked about here."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def find(wants: Wants, environment: Mapping[str, str]) -> Path:
    """Give the socket of the parent for these wants, whether or not it is there."""
    return _folder() / f"{_hash_start(environment)}-{wire.digest(asdict(wants))[:16]}.sock"


def find_any(environment: Mapping[str, str]) -> Path | None:
    """Give the socket of a parent with these settings, whatever it has ready, the latest first."""
    found = list(_folder().glob(f"{_hash_start(environment)}-*.sock"))
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _hash_start(environment: Mapping[str, str]) -> str:
    """Hash what acts when an interpreter starts and cannot be changed afterwards."""
    at_start = {
        name: value
        for name, value in environment.items()
        if name.startswith(_AT_START) or name in _EXACTLY or name in _THREADS
    }
    about = {
        "interpreter": [os.path.realpath(sys.executable), sys.prefix, sys.version],
        "package": str(Path(__file__).parents[2]),
        "environment": at_start,
    }
    return wire.digest(about)[:16]


def get_kernel(
    wants: Wants,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    seconds: float = 0,
    memory: int = 0,
) -> WarmKernel:
    """Get a kernel from the parent for these wants, starting one if there is none.

    Raises
    ------
    RefusedError
        If there is none to be had.
    """
    environment = dict(os.environ if environment is None else environment)
    path = find(wants, environment)
    how = {"environment": environment, "folder": folder, "seconds": seconds, "memory": memory}
    try:
        return ask(path, **how)  # type: ignore[arg-type]
    except RefusedError:
        keep(wants, environment)
        return ask(path, **how)  # type: ignore[arg-type]


def keep(
    wants: Wants, environment: Mapping[str, str], *, idle: float = IDLE_SECONDS
) -> dict[str, int]:
    """See that there is a parent for these wants, and give what it says about itself.

    One that has to be started outlives us. What once did not start is not tried by us again.

    Raises
    ------
    RefusedError
        If there is none, and none to be had.
    """
    if not can_fork():
        raise RefusedError("nothing can be forked here")
    path = find(wants, environment)
    with _turn(path):
        with suppress(RefusedError):  # somebody may have started one in the meantime
            return describe(path)
        if path in _HOPELESS:
            raise RefusedError("it did not start")
        process = start(path, wants, environment, idle=idle)
        assert process.stdin is not None  # noqa: S101 - PIPE was asked for
        process.stdin.close()
        _STARTED.append(process)
        try:
            return describe(path, START_SECONDS)
        except RefusedError:
            _HOPELESS.add(path)
            raise


def describe(path: Path, patience: float = 5) -> dict[str, int]:
    """Ask a parent for its process, how often it has forked, and how many kernels are open.

    Raises
    ------
    RefusedError
        If there is none.
    """
    plain: dict[str, int] = json.loads(question(path, "about", patience))
    return plain


def start(
    path: Path,
    wants: Wants,
    environment: Mapping[str, str],
    *,
    lifeline: bool = False,
    idle: float = IDLE_SECONDS,
) -> subprocess.Popen[bytes]:
    """Start a parent; who asks it for a kernel waits until it listens, or has given up.

    Parameters
    ----------
    path
        Its socket.
    wants
        What it has to have ready.
    environment
        What it starts with, and its children where they are not told otherwise.
    lifeline
        End it when its standard input, a pipe that we hold, ends.
    idle
        Seconds without a kernel after which it ends.

    Raises
    ------
    RefusedError
        If it cannot be started.
    """
    about = {**asdict(wants), "idle": idle, "lifeline": lifeline}
    inherited = {name: value for name, value in environment.items() if not name.startswith("JPY_")}
    path.unlink(missing_ok=True)
    name_start(path).touch(mode=0o600)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "analysis.press.warm.parent", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**_ONE_THREAD, **inherited},
            cwd=path.parent,
            start_new_session=True,
        )
        assert process.stdin is not None  # noqa: S101 - PIPE was asked for
        process.stdin.write(json.dumps(about).encode() + b"\n")
        process.stdin.flush()
    except OSError as error:
        name_start(path).unlink(missing_ok=True)
        raise RefusedError(type(error).__name__) from None
    return process


@contextmanager
def hold(path: Path, wants: Wants, environment: Mapping[str, str]) -> Iterator[Path | None]:
    """Have a parent for the time of one run, or nothing where there can be none.

    It ends with the run, and with the process that holds it.
    """
    try:
        process = start(path, wants, environment, lifeline=True) if can_fork() else None
    except RefusedError:
        process = None
    if process is None:
        yield None
        return
    try:
        yield path
    finally:
        process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def list_sockets() -> Sequence[Path]:
    """Give the sockets of this user's parents."""
    return sorted(_folder().glob("*.sock"))


def _folder() -> Path:
    """Give the folder of sockets: ours, and nobody else's to enter.

    Raises
    ------
    RefusedError
        If somebody else has made it.
    """
    chosen = os.environ.get(_FOLDER_VARIABLE) or os.environ.get("XDG_RUNTIME_DIR")
    root = Path(chosen or tempfile.gettempdir())
    folder = root / (f"junheng-warm-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
    except OSError as error:
        raise RefusedError(type(error).__name__) from None
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise RefusedError("the folder of sockets is not ours")
    return folder


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Let one at a time start what several want."""
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
