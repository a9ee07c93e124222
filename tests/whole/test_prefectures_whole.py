"""Counties of two prefectures in one store: learnt from together, and nothing of pupils left behind."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.conftest import PUPIL_COUNTIES, run_county
from tests.whole.test_pupils_whole import page_text

from analysis import cli
from analysis.cli import fitting
from analysis.finding import Finding
from analysis.records import workroom
from analysis.records.results import load_fit, pinned

pytestmark = pytest.mark.whole
HERE, THERE = PUPIL_COUNTIES[0], "130804"
FIT = [sys.executable, "-m", "analysis.cli", "fit"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prefectures")
    for code in (HERE, THERE):
        run_county(
            folder,
            ("demo", code, "--counties", code, "--scale", "0.05", "--years", "2019-2021"),
            ("load", code, "--store", "store", "--key", "key"),
        )
    return folder / "store"


def copy(store: Path, folder: Path) -> Path:
    return Path(shutil.copytree(store, folder / "store", symlinks=True))


def rooms(store: Path) -> list[Path]:
    return sorted((store / "results").glob(".room-*"))


@pytest.fixture(scope="module")
def fitted(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = copy(loaded, tmp_path_factory.mktemp("fitted"))
    run_county(store.parent, ("fit", "store", "--year", "2021", "--jobs", "1"))
    return store


def test_the_same_whatever_the_number_of_processes(
    loaded: Path, fitted: Path, tmp_path: Path
) -> None:
    store = copy(loaded, tmp_path)
    run_county(tmp_path, ("fit", "store", "--year", "2021", "--jobs", "2"))
    assert pinned(store, 2021) == pinned(fitted, 2021)
    assert not rooms(store)
    assert not rooms(fitted)


def test_every_county_has_what_all_teach_beside_its_own(fitted: Path) -> None:
    told = []
    for code in (HERE, THERE):
        finding = load_fit(fitted, code, 2021, "risk")
        assert finding is not None
        table = finding.table
        assert (table["indicator"] == "risk_odds").any()
        told.append(table[table["indicator"].str.match("risk_odds_all|risk_all_")]["value"])
        size = table.set_index("indicator")["value"]
        assert (size["risk_all_prefectures"], size["risk_all_counties"]) == (2, 2)
    assert told[0].tolist() == told[1].tolist()


@pytest.mark.parametrize("audience", ["public", "internal"])
def test_the_chapter_shows_it(fitted: Path, tmp_path: Path, audience: str) -> None:
    run_county(
        tmp_path,
        ("report", HERE, "--store", str(fitted), "--year", "2021", "--audience", audience,
         "--lang", "zh", "--lang", "en", "--out", "out"),
    )  # fmt: skip
    root = next(path for path in (tmp_path / "out").rglob(HERE) if path.is_dir())
    zh, en = (page_text(root, language) for language in ("zh", "en"))
    assert "“各地合计”由2个市（州）的2个县共同学得" in zh
    assert "离校机会之比（各地合计）" in zh
    assert "learntfrom2countiesof2prefecturestogether" in en
    assert "Oddsratio,allprefectures" in en


def start(store: Path) -> subprocess.Popen[str]:
    """Begin a fit and wait until something of pupils lies in its room."""
    process = subprocess.Popen(
        [*FIT, str(store), "--year", "2021", "--jobs", "2"], stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while not list((store / "results").glob(".room-*/*.parquet")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    return process


def test_ctrl_c_takes_the_room_away(loaded: Path, tmp_path: Path) -> None:
    store = copy(loaded, tmp_path)
    process = start(store)
    (room,) = rooms(store)
    assert room.stat().st_mode & 0o077 == 0
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not rooms(store)


def test_what_a_killed_fit_leaves_goes_with_the_next(loaded: Path, tmp_path: Path) -> None:
    store = copy(loaded, tmp_path)
    process = start(store)
    process.kill()
    process.communicate(timeout=60)
    assert len(rooms(store)) == 1
    broken = next((store / "current" / "tables" / "schools").resolve().rglob("part.parquet"))
    broken.write_bytes(broken.read_bytes()[:-1])
    again = subprocess.run([*FIT, str(store), "--year", "2021"], capture_output=True, check=False)
    assert again.returncode == 3
    assert not rooms(store), "it fails as well, and leaves nothing"
    assert pinned(store, 2021) is None


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), 130), (MemoryError(), 1)])
def test_an_end_while_all_are_learnt_from_leaves_nothing(
    loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
) -> None:
    """Plans are being made in other processes then: they are ended, and the room goes."""
    store = copy(loaded, tmp_path)
    seen: list[set[str]] = []

    def fail(room: Path, findings: Sequence[Finding]) -> list[Finding]:
        seen.append(set(workroom.list_parts(room)))
        raise error

    monkeypatch.setattr(fitting, "join_risks", fail)
    with pytest.raises(SystemExit) as end:
        cli.main(["fit", str(store), "--year", "2021", "--jobs", "2"])
    assert end.value.code == status
    assert seen == [{HERE, THERE}]
    assert not rooms(store)
    assert not multiprocessing.active_children()
