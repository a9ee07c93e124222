"""Where reports go, and how they get there whole.

A county's report is built beside its place, ``OUT/<audience>/<year>/.<code>.new``, with the
manifest written last, and then takes its place by renaming the folder; the old one steps aside
as ``.<code>.old`` until that is done. So whatever happens, at whatever moment, the folder of a
county is a whole report that agrees with its manifest, the old or the new one.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.errors import BusyError, UsageError

SHARED = "reports"
"""A folder of this name holds what may be shared: public reports and nothing else."""

PUBLIC = "public"
BUILT = "releases.json"
"""What `site` leaves beside its pages: a folder with it is passed on whole."""

AUDIENCES = ("public", "superior", "internal")
_CODE = re.compile(r"\d{5,6}", re.ASCII)


def place(out: Path, audience: str, year: int, code: str) -> Path:
    """Give the folder of a report.

    Every part of the path is a fixed word or a checked number, never a name.

    Raises
    ------
    UsageError
        For an unknown audience, a code that is none, or an audience that may not be written
        there.

    Examples
    --------
    >>> place(Path("reports"), "public", 2021, "130722").as_posix()
    'reports/public/2021/130722'
    """
    if audience not in AUDIENCES:
        raise UsageError(f"没有读者 {audience!r}", f"no audience {audience!r}: {AUDIENCES}")
    if not _CODE.fullmatch(code):
        raise UsageError(f"区划代码 {code!r} 不正确", f"{code!r} is no division code")
    refuse_shared(out, audience)
    return out / audience / f"{year:04d}" / code


def refuse_shared(out: Path, audience: str) -> None:
    """Refuse a folder that is shared to any audience but the public.

    Raises
    ------
    UsageError
        If it is named as one, holds public reports, or lies among them.
    """
    if audience != "public" and SHARED in out.resolve().parts:
        raise UsageError(
            f"名为 {SHARED} 的文件夹只放公开报告；内部和上报报告请用 --out desk",
            f"a folder named {SHARED} holds public reports only; "
            "internal and superior ones go to --out desk",
        )
    if audience != PUBLIC and _is_public(out.resolve()):
        raise UsageError(
            f"{out.name} 中有公开报告，或在公开报告的文件夹之内；内部和上报报告请写到别的文件夹",
            f"{out.name} holds public reports, or lies among them; "
            "internal and superior ones go to another folder",
        )


def _is_public(out: Path) -> bool:
    """Tell whether a folder, whatever its name, holds what may be shared or lies in such a one."""
    if PUBLIC in out.parts or (out / PUBLIC).exists():
        return True
    return any(
        (folder / BUILT).exists() or any((folder / PUBLIC).glob("[0-9][0-9][0-9][0-9]"))
        for folder in (out, *out.parents)
    )


@contextmanager
def hold(out: Path, *, private: bool = False) -> Iterator[None]:
    """Hold an output tree for one run; a private one is made for its owner alone.

    Raises
    ------
    BusyError
        If another run holds it.
    """
    out.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    descriptor = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"另一个运行正在使用 {out}，请等它结束", f"another run holds {out}; wait for it"
            ) from None
        yield
    finally:
        os.close(descriptor)


def recover(folder: Path) -> None:
    """Put right what a run that was killed has left in an audience's year."""
    for left in sorted(folder.glob(".*.old")):
        target = folder / left.name[1 : -len(".old")]
        if target.exists():
            shutil.rmtree(left)
        else:
            left.rename(target)
    for left in sorted(folder.glob(".*.new")):
        shutil.rmtree(left)


def make_stage(target: Path, *, private: bool) -> Path:
    """Make the empty folder beside its place in which a report is built."""
    mode = 0o700 if private else 0o777
    for folder in (target.parent.parent, target.parent):
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    stage = target.with_name(f".{target.name}.new")
    shutil.rmtree(stage, ignore_errors=True)
    # Nobody else reads what has not been audited; `publish` opens it like the folder it goes to.
    stage.mkdir(mode=0o700)
    return stage


def publish(stage: Path, target: Path) -> None:
    """Let a finished stage take its place; on any failure the old report stands again."""
    old = target.with_name(f".{target.name}.old")
    had = target.exists()
    stage.chmod(target.parent.stat().st_mode & 0o777)
    if had:
        target.rename(old)
    try:
        stage.rename(target)
    except OSError:
        if had:
            old.rename(target)
        raise
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def write(path: Path, content: bytes) -> None:
    """Write a file and see it onto the disk."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old or the new one, never a part."""
    part = path.with_name(f".{path.name}.part")
    write(part, content)
    part.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """See a folder's entries onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
