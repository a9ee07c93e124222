"""An output counts only with an entry that knows its manifest, at whatever moment a run ended."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.press import ledger, manifest
from analysis.press.ledger import Entry

ONE = Entry("public", 2021, "130702", "ok", key="k", parts={"data": {"a": "1"}}, seconds=0.5)


def put(out: Path, code: str, content: bytes) -> str:
    """Put a manifest in the place of a report, and give its hash."""
    folder = out / "public" / "2021" / code
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifest.NAME).write_bytes(content)
    return ledger.hash_manifest(folder)


def test_an_entry_comes_back_as_it_went(tmp_path: Path) -> None:
    with ledger.open_ledger(tmp_path) as book:
        book.note(ONE)
        book.note(replace(ONE, state="failed", kind="ValueError", chapter="balance"))
        book.note(replace(ONE, code="130703"))
        assert [entry.state for entry in book.read()] == ["failed", "ok"]
    assert ledger.read_ledgers(tmp_path)[("public", 2021, "130703")] == replace(ONE, code="130703")
    folder = tmp_path / ledger.FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("state", "known", "valid"),
    [
        ("ok", True, True),
        ("publishing", True, True),  # killed after the folder took its place
        ("publishing", False, False),  # killed before: the older folder stands
        ("ok", False, False),  # somebody wrote there
        ("failed", True, False),
    ],
)
def test_which_folder_is_a_report(
    tmp_path: Path, state: ledger.State, known: bool, valid: bool
) -> None:
    content = put(tmp_path, "130702", b"{}")
    entry = replace(ONE, state=state, manifest=content if known else "0" * 64)
    assert ledger.is_valid(tmp_path, entry) is valid


def test_no_folder_and_no_hash_are_no_report(tmp_path: Path) -> None:
    assert not ledger.is_valid(tmp_path, replace(ONE, manifest=""))


def test_shards_are_read_as_one_and_the_folder_decides(tmp_path: Path) -> None:
    first, second = put(tmp_path, "130702", b"1"), "f" * 64
    with ledger.open_ledger(tmp_path, (1, 2)) as book:
        book.note(replace(ONE, manifest=first))
    with ledger.open_ledger(tmp_path, (2, 2)) as book:
        book.note(replace(ONE, manifest=second))
        book.note(replace(ONE, code="130703", state="failed"))
    names = sorted(path.name for path in (tmp_path / ledger.FOLDER).iterdir())
    assert names == ["shard-1-of-2.sqlite", "shard-2-of-2.sqlite"]
    read = ledger.read_ledgers(tmp_path)
    assert read[ONE.place].manifest == first
    assert read[("public", 2021, "130703")].state == "failed"
    (tmp_path / "public" / "2021" / "130702" / manifest.NAME).unlink()
    assert ledger.read_ledgers(tmp_path)[ONE.place].manifest == second


def test_a_part_that_many_share_is_kept_once(tmp_path: Path) -> None:
    shared = {"code": {f"module{n}": "0" * 64 for n in range(1000)}}
    with ledger.open_ledger(tmp_path) as book:
        for code in range(130702, 130722):
            book.note(replace(ONE, code=str(code), parts={**shared, "data": {"a": str(code)}}))
    read = ledger.read_ledgers(tmp_path)
    assert read[("public", 2021, "130721")].parts == {**shared, "data": {"a": "130721"}}
    # Kept by each report, the thousand hashes would take over 1.5 MB.
    assert (tmp_path / ledger.FOLDER / "ledger.sqlite").stat().st_size < 300_000


KILLED = """
import os, sys
from pathlib import Path
from analysis.press import ledger
with ledger.open_ledger(Path(sys.argv[1])) as book:
    for code in range(130702, 130712):
        book.note(ledger.Entry("public", 2021, str(code), "publishing", manifest=sys.argv[2]))
    os.kill(os.getpid(), 9)
"""


def test_what_was_noted_outlives_a_kill_and_two_writers_lose_nothing(tmp_path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), mark]) for mark in "ab"
    ]
    assert [process.wait(60) for process in running] == [-9, -9]
    read = ledger.read_ledgers(tmp_path)
    assert [code for _, _, code in read] == [str(code) for code in range(130702, 130712)]
    assert {entry.manifest for entry in read.values()} <= {"a", "b"}
