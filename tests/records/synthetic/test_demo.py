"""The files: read back without a fault, the same bytes every time, nothing of others touched."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import UsageError
from analysis.records.contracts import TABLES
from analysis.records.synthetic import make_county, write_demo

WRITE = """
import sys
from analysis.records.synthetic import write_demo
write_demo(sys.argv[1], counties="130725", scale=0.05, seed=9, years=(2021, 2021))
"""


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_files_are_read_without_a_fault(intake):
    assert [fault.code for fault in intake.faults if fault.level != "info"] == []
    assert intake.dataset.synthetic
    assert not intake.dataset.names_public
    assert intake.dataset.as_of == "2021-09-01"


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"counties"}))
def test_what_is_read_is_what_was_reported(intake, demo, reference, params, table):
    from analysis.records.regions import regions
    from analysis.records.synthetic.demo import rank_of

    place = regions().place("130723")
    county = make_county(
        place, reference.census, params, 5, scheme=reference.scheme("quality-2017"),
        rank=rank_of(place, regions()), years=(2020, 2021), scale=0.1, regime="survey",
    )  # fmt: skip
    key = list(TABLES[table].key)
    wanted = county.reported[table].sort_values(key, ignore_index=True)
    read = intake.frames[table].sort_values(key, ignore_index=True)[wanted.columns]
    pd.testing.assert_frame_equal(read, wanted, check_exact=False, rtol=1e-12)


def test_files_are_as_bureaus_have_them(demo):
    names = sorted(path.name for path in (demo / "130723").iterdir())
    # This county leaves its exchanges blank: there is no file of them.
    kinds = ("分学段.xlsx", "办学条件.csv", "学校.xlsx", "教师名册.xlsx", "班级.csv", "专用教室.csv",
             "经费.csv", "县级保障.xlsx", "学校成绩.xlsx", "学籍.csv", "学生考勤.csv", "学生成绩.csv", "学籍异动.xlsx",
             "控辍保学.xlsx")  # fmt: skip
    assert names == sorted(f"130723_{year}_{kind}" for year in (2020, 2021) for kind in kinds)
    lines = (demo / "130723" / "130723_2021_办学条件.csv").read_bytes().decode("gb18030").split("\r\n")  # fmt: skip
    assert lines[0].startswith("康保县2021学年")
    assert lines[-2].startswith("合计,")
    assert "教学仪器设备值（万元）" in lines[1]
    assert (demo / "130723" / "130723_2021_班级.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert not (demo / "1307_县级总数.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_same_seed_same_bytes_whatever_the_process(tmp_path):
    settings = [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LC_ALL": "C"},
    ]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, setting in zip(folders, settings, strict=True):
        subprocess.run([sys.executable, "-c", WRITE, folder], env={**os.environ, **setting}, check=True)  # fmt: skip
    first, second = (digests(folder) for folder in folders)
    assert first == second
    assert len(first) == 18


def test_a_county_does_not_depend_on_the_years_or_on_the_seed_of_another(make):
    whole, one = make("130725", scale=0.1), make("130725", scale=0.1, years=[2019])
    for name, frame in one.frames.items():
        year = whole.frames[name]
        year = year[year["year"] == 2019].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, year)
    other = make("130725", seed=2, scale=0.1, years=[2019])
    assert set(other.frames["schools"]["school"]) != set(one.frames["schools"]["school"])


def test_the_truth_says_what_it_was_made_with(demo):
    told = json.loads((demo / "truth.json").read_text(encoding="utf-8"))
    assert told["synthetic"] is True
    assert (told["seed"], told["scale"], told["years"]) == (5, 0.1, [2020, 2021])
    zones = {zone["code"] for zone in told["parameters"]["census"]["zone"]}
    assert zones == {"130771", "130772", "130773"}
    for zone in zones:
        assert zone in told["notice"]["folded_zh"]
        assert zone in told["notice"]["folded_en"]


def test_no_person_is_in_the_truth(demo, intake):
    text = (demo / "truth.json").read_text(encoding="utf-8")
    assert not any(number in text for number in intake.frames["teachers"]["teacher_id"])


def test_an_earlier_demo_is_replaced(tmp_path):
    write_demo(tmp_path, counties="130725", scale=0.05, years=(2020, 2021))
    write_demo(tmp_path, counties="130706", scale=0.05, years=(2021, 2021))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["130706"]


def test_a_folder_in_use_is_refused_and_kept(tmp_path):
    kept = tmp_path / "130725" / "130725_2021_学校.xlsx"
    kept.parent.mkdir()
    kept.write_bytes(b"work")
    with pytest.raises(UsageError):
        write_demo(tmp_path, counties="130725", scale=0.05, years=(2021, 2021))
    assert kept.read_bytes() == b"work"


def test_a_file_beside_a_demo_is_refused_and_kept(tmp_path):
    write_demo(tmp_path, counties="130725", scale=0.05, years=(2021, 2021))
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError):
        write_demo(tmp_path, counties="130725", scale=0.05, years=(2021, 2021))
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "truth.json").is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        {"counties": "Hebei"},
        {"counties": "139999"},
        {"scale": 0.0},
        {"scale": 1.5},
        {"seed": -1},
        {"years": (2010, 2021)},
        {"years": (2020, 2030)},
    ],
    ids=str,
)
def test_what_there_is_not_is_refused_before_anything_is_written(tmp_path, wrong):
    folder = tmp_path / "new"
    with pytest.raises(UsageError):
        write_demo(folder, **{"counties": "130725", **wrong})
    assert not folder.exists()


def test_progress_counts_the_counties(tmp_path):
    steps = []
    write_demo(tmp_path, counties="130725", scale=0.05, years=(2021, 2021),
               progress=lambda done, total: steps.append((done, total)))  # fmt: skip
    assert steps == [(1, 1)]
