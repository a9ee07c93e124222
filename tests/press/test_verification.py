"""One bit of one file is found, and so is what is missing or was put there by somebody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.press import ledger, manifest, staging
from analysis.press.ledger import Entry
from analysis.press.verification import verify

HERE = Path("public/2021/130702")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Make a tree of two reports, the second of which failed when it was made again."""
    with ledger.open_ledger(tmp_path) as book:
        for code, state in (("130702", "ok"), ("130703", "failed")):
            folder = staging.place(tmp_path, "public", 2021, code)
            folder.mkdir(parents=True)
            for name in ("zh/report.html", "zh/results.json"):
                staging.write(folder / name, f"{code} {name}".encode())
            manifest.write_manifest(folder, {"county": code})
            book.note(Entry("public", 2021, code, state, manifest=ledger.hash_manifest(folder)))
    return tmp_path


def test_all_is_as_it_was_put_there(out: Path) -> None:
    assert verify(out) == (2, [])


@pytest.mark.parametrize("name", ["zh/report.html", "zh/results.json", "manifest.json"])
@pytest.mark.parametrize("code", ["130702", "130703"])
def test_one_bit_is_found(out: Path, name: str, code: str) -> None:
    path = HERE.with_name(code) / name
    content = bytearray((out / path).read_bytes())
    content[len(content) // 2] ^= 1
    (out / path).write_bytes(content)
    assert verify(out) == (2, [path])


def test_what_is_missing_or_nobodys(out: Path) -> None:
    (out / HERE / "zh" / "report.html").unlink()
    (out / HERE / "zh" / "notes.txt").write_text("x")
    (out / "public" / "2021" / "130705").mkdir()
    (out / "public" / "2021" / "130703" / "manifest.json").unlink()
    assert [path.as_posix() for path in verify(out)[1]] == [
        "public/2021/130702/zh/notes.txt",
        "public/2021/130702/zh/report.html",
        "public/2021/130703/manifest.json",
        "public/2021/130705",
    ]


def test_a_report_that_was_never_made_is_not_missed(out: Path) -> None:
    with ledger.open_ledger(out) as book:
        book.note(replace(Entry("public", 2021, "130706", "failed"), kind="ValueError"))
    assert verify(out) == (2, [])
