"""Direct identifiers, kept apart from everything else.

``STORE/identities`` (mode 0700) holds one file a table and county with pseudonym and identifiers
(mode 0600), a check value of the key, and a log of who opened what and why. The key lies outside
the store. Only `store.write` writes here, only `roster` and `forget` read, and each opening is in
the log before it happens.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from analysis.errors import StoreError, UsageError
from analysis.records import access
from analysis.records.contracts import TABLES, Table
from analysis.records.files import hold, private, put, refuse_open
from analysis.records.partitions import decode, encode

FOLDER = "identities"
CHECK = "key-check"
PSEUDONYM = re.compile(r"\bp[a-z2-7]{24}\b")
"""What a pseudonym looks like, for whoever has to find one where none may be."""


def pseudonym(value: str, identifier: str, key: bytes) -> str:
    """Give the pseudonym of an identifier: the same for the same person, key and kind of number.

    >>> pseudonym("11010519491231002X", "teacher_id", b"k") == pseudonym(
    ...     "11010519491231002x ", "teacher_id", b"k")
    True
    """
    plain = unicodedata.normalize("NFKC", value).strip().upper()
    code = hmac.digest(key, f"{identifier}\0{plain}".encode(), "sha256")
    return "p" + base64.b32encode(code[:15]).decode().lower()


def pseudonymise(
    frame: pd.DataFrame, table: Table, key: bytes
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part a table from its direct identifiers.

    Parameters
    ----------
    frame
        The table with its columns of class P3; left as it is.
    table
        Its contract. The identifier in its key becomes the pseudonym.
    key
        The secret of the pseudonyms.

    Returns
    -------
    tuple
        The table with ``pseudonym`` in place of all identifiers, and one row a pseudonym and
        county with the identifiers as the latest year has them.
    """
    (identifier,) = (name for name in table.key if name in table.identifiers)
    if frame[identifier].isna().any():
        raise StoreError(
            f"表 {table.id} 有缺少 {identifier} 的行",
            f"table {table.id} has rows without {identifier}",
        )
    known = {value: pseudonym(value, identifier, key) for value in frame[identifier].unique()}
    marked = frame.assign(pseudonym=frame[identifier].map(known).astype("string"))
    latest = marked.sort_values("year", kind="stable").drop_duplicates(
        ["pseudonym", "county"], keep="last"
    )
    named = latest[["pseudonym", "county", *table.identifiers]].reset_index(drop=True)
    return marked.drop(columns=list(table.identifiers)), named


def read_key(store: Path, path: Path | None = None) -> bytes:
    """Read the key, or make it when the store has none yet.

    Parameters
    ----------
    store
        The store it is for, which remembers a check value and refuses any other key.
    path
        The key file; default ``$XDG_CONFIG_HOME/junheng/key``.

    Raises
    ------
    UsageError
        If the key would lie inside the store.
    StoreError
        If it is missing, can be read by others, or is not the one the store was made with.
    """
    path = (path or default_key()).expanduser().absolute()
    if path.resolve().is_relative_to(store.resolve()):
        raise UsageError(
            "密钥文件不能放在数据库目录内", "the key file must not lie inside the store"
        )
    folder = private(store / FOLDER)
    check = folder / CHECK
    if not path.exists():
        if check.exists():
            raise StoreError(
                f"找不到本数据库所用的密钥文件 {path.name}",
                f"the store's key {path.name} is missing",
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(path, f"{secrets.token_hex(32)}\n".encode())
    refuse_open(path)
    key = _key(path)
    value = hmac.digest(key, b"junheng key check", "sha256").hex()
    if not check.exists():
        put(check, value.encode())
    if not hmac.compare_digest(check.read_text(encoding="ascii"), value):
        raise StoreError(
            f"密钥 {path.name} 与本数据库不符", f"the key {path.name} is not that of this store"
        )
    return key


def default_key() -> Path:
    """Give the place of the key where none is named."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "junheng" / "key"


def merge(store: Path, table: Table, named: pd.DataFrame) -> None:
    """Add identities that a load brings, newer ones winning. For `store.write` alone."""
    folder = private(store / FOLDER)
    access.append(folder, what="load", who="county load", purpose="load", table=table.id,
                  count=len(named))  # fmt: skip
    for county, new in named.groupby("county"):
        path = private(folder / table.id) / f"{county}.parquet"
        frames = [_read(path), new] if path.exists() else [new]
        both = pd.concat(frames).drop_duplicates("pseudonym", keep="last")
        _write(path, both)


def prune(store: Path, table: Table, county: str, keep: Collection[str]) -> None:
    """Drop identities that no row of the tables needs any more. For `store.write` alone."""
    path = store / FOLDER / table.id / f"{county}.parquet"
    if path.exists():
        frame = _read(path)
        left = frame[frame["pseudonym"].isin(keep)]
        if len(left) < len(frame):
            _write(path, left)


def look_up(
    store: Path, county: str, pseudonyms: Collection[str], *, who: str, purpose: str
) -> pd.DataFrame:
    """Give the identities behind pseudonyms of a county. For `roster` alone.

    Returns
    -------
    pandas.DataFrame
        ``pseudonym`` and the identifiers, one row each that is known.

    Raises
    ------
    UsageError
        If it is not said who asks and what for.
    StoreError
        If the folder or a file is open to others, or the log was damaged.
    """
    _named(who, purpose)
    wanted = set(pseudonyms)
    found = []
    for table, paths in _files(store).items():
        access.append(store / FOLDER, what="roster", who=who, purpose=purpose, table=table,
                      county=county, count=len(wanted))  # fmt: skip
        for path in paths:
            if path.stem == county:
                frame = _read(path)
                found.append(frame[frame["pseudonym"].isin(wanted)].drop(columns="county"))
    if not found:
        return pd.DataFrame({"pseudonym": pd.Series(dtype="string")})
    return pd.concat(found).drop_duplicates("pseudonym").reset_index(drop=True)


def forget(store: Path, pseudonyms: Collection[str], *, who: str, purpose: str) -> int:
    """Remove persons from the identity store, so that nobody can name them any more.

    Their rows stay in the tables by pseudonym; loading their file again brings them back.

    Returns
    -------
    int
        How many entries were removed.
    """
    _named(who, purpose)
    removed = 0
    with hold(store):
        for table, paths in _files(store).items():
            access.append(store / FOLDER, what="forget", who=who, purpose=purpose, table=table,
                          count=len(pseudonyms))  # fmt: skip
            for path in paths:
                frame = _read(path)
                left = frame[~frame["pseudonym"].isin(pseudonyms)]
                if len(left) < len(frame):
                    _write(path, left)
                    removed += len(frame) - len(left)
    return removed


def verify_log(store: Path) -> int:
    """Check the log of access and give the number of its entries."""
    folder = store / FOLDER
    return len(access.read(folder)) if folder.is_dir() else 0


def _files(store: Path) -> dict[str, list[Path]]:
    folder = store / FOLDER
    if not folder.is_dir():
        return {}
    refuse_open(folder)
    personal = (table.id for table in TABLES.values() if table.identifiers)
    return {id: paths for id in personal if (paths := sorted((folder / id).glob("*.parquet")))}


def _read(path: Path) -> pd.DataFrame:
    refuse_open(path)
    return decode([path.read_bytes()])


def _write(path: Path, frame: pd.DataFrame) -> None:
    if frame.empty:
        path.unlink(missing_ok=True)
        return
    put(path, encode(frame.sort_values("pseudonym", ignore_index=True)))


def _key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) < 16:
        raise StoreError(f"{path.name} 不是密钥文件", f"{path.name} is not a key file")
    return key


def _named(who: str, purpose: str) -> None:
    if not who.strip() or not purpose.strip():
        raise UsageError(
            "查阅身份信息须写明何人、何用", "opening identities needs a name and a purpose"
        )
