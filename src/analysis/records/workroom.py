"""A private room beside the results of a store, for what a run puts down and takes up again.

``STORE/results/.room-*/`` (mode 0700) stands only while a run holds it. It goes with the run however
that ends; where the run was killed, the next one takes it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import StoreError
from analysis.records.files import hold, private, put, refuse_open
from analysis.records.results import FOLDER

_PREFIX, _SUFFIX = ".room-", ".parquet"


@contextmanager
def open_workroom(store: str | Path) -> Iterator[Path]:
    """Make a room in a store and take it away at the end, with all that is in it.

    Raises
    ------
    StoreError
        If others may enter the folder of results.
    BusyError
        If another run is just storing its results.
    """
    root = private(Path(store) / FOLDER)
    with hold(root):
        _clear(root)
        room = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        lock = _lock(room)
    try:
        yield room
    finally:
        shutil.rmtree(room)
        if lock is not None:
            os.close(lock)


def put_part(room: Path, prefecture: str, county: str, frame: pd.DataFrame) -> None:
    """Put down what there is of a county: a file that only its owner may read."""
    refuse_open(room)
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, sink, compression="zstd")
    put(room / f"{prefecture}-{county}{_SUFFIX}", sink.getvalue().to_pybytes())


def list_parts(room: Path) -> dict[str, str]:
    """List the counties that were put down, by code, each with its prefecture."""
    names = sorted(path.name.removesuffix(_SUFFIX) for path in room.glob(f"[!.]*{_SUFFIX}"))
    return {county: prefecture for prefecture, county in (name.split("-") for name in names)}


def take_part(room: Path, prefecture: str, county: str) -> pd.DataFrame:
    """Read what was put down of a county.

    Raises
    ------
    StoreError
        If it is gone.
    """
    path = room / f"{prefecture}-{county}{_SUFFIX}"
    refuse_open(room)
    try:
        content = path.read_bytes()
    except OSError:
        raise StoreError(
            f"运行中的临时文件 {county} 不见了；请重新运行",
            f"the working file of {county} is gone; run again",
        ) from None
    return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False).to_pandas()


def _clear(root: Path) -> None:
    """Take away the rooms of runs that are gone."""
    for room in sorted(root.glob(f"{_PREFIX}*")):
        lock = _lock(room)
        if lock is not None:
            shutil.rmtree(room)
            os.close(lock)


def _lock(room: Path) -> int | None:
    """Hold a room; nothing where somebody else does. A hold ends with its process."""
    lock = os.open(room, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
