"""From registers to the chapter on keeping pupils in school, and to the county's own desk."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pypdfium2
import pytest
from tests.conftest import PUPIL_COUNTIES, run_county
from tests.whole.test_whole_run import texts

from analysis.records.identity_numbers import is_registry
from analysis.records.results import load_fit, load_roster

pytestmark = pytest.mark.whole
AUDIENCES = ("public", "superior", "internal")
CODE = PUPIL_COUNTIES[0]


@pytest.fixture(scope="module")
def made(pupil_store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of a county for every audience, in both languages."""
    out = tmp_path_factory.mktemp("pupils")
    for audience in AUDIENCES:
        run_county(
            out,
            ("report", CODE, "--store", str(pupil_store), "--year", "2021", "--audience", audience,
             "--lang", "zh", "--lang", "en",
             "--out", "reports" if audience == "public" else "desk"),
        )  # fmt: skip
    return {
        audience: next(p for p in out.rglob(CODE) if audience in p.parts) for audience in AUDIENCES
    }


def pupils(store: Path) -> set[str]:
    """Give the registry numbers of all pupils, from the identity store."""
    numbers: set[str] = set()
    for path in (store / "identities").rglob("*.parquet"):
        table = pq.ParquetFile(path).read().to_pandas()
        for column in table.columns:
            numbers |= {text for text in table[column].dropna().astype(str) if is_registry(text)}
    return numbers


def test_no_pupil_leaves(made: dict[str, Path], pupil_store: Path) -> None:
    numbers = pupils(pupil_store)
    assert len(numbers) > 1000
    folder = json.dumps([path.name for path in pupil_store.rglob("*")])
    assert not any(number in folder for number in list(numbers)[:500])
    looked_at = 0
    for root in made.values():
        for path in (p for p in root.rglob("*") if p.is_file()):
            for text in texts(path):
                looked_at += 1
                for begin in ("G1399", "J1399"):
                    at = text.find(begin)
                    while at >= 0:
                        assert text[at : at + 19] not in numbers, path.name
                        at = text.find(begin, at + 1)
    assert looked_at > 30


def page_text(root: Path, language: str) -> str:
    document = pypdfium2.PdfDocument(root / language / "report.pdf")
    pages = (page.get_textpage().get_text_range() for page in document)
    return "".join("".join(pages).split())


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_chapter_says_what_was_found(made: dict[str, Path], audience: str) -> None:
    zh, en = (page_text(made[audience], language) for language in ("zh", "en"))
    for word in ("控辍保学", "辍学率（净流动口径）", "下学期开学前预计", "三种检验"):
        assert word in zh, word
    for word in ("Keepingpupilsinschool", "areexpectedtoleavebeforenextterm"):
        assert word in en, word


def test_schools_are_compared_inside_the_county_alone(made: dict[str, Path]) -> None:
    assert "各学校：实际与预计离校之比" in page_text(made["internal"], "zh")
    assert "各学校：实际与预计离校之比" not in page_text(made["public"], "zh")
    assert "各学校：实际与预计离校之比" not in page_text(made["superior"], "zh")


def test_a_fit_has_a_finding_for_every_county_with_pupils(pupil_store: Path) -> None:
    for code in PUPIL_COUNTIES:
        finding = load_fit(pupil_store, code, 2021, "risk")
        assert finding is not None
        assert {"risk_expected", "risk_auc", "risk_gain"} <= set(finding.table["indicator"])


def test_the_list_of_visits_is_for_the_desk(pupil_store: Path, tmp_path: Path) -> None:
    """Where scores are shown to help there is a list; where not, the command says why not."""
    until = (date.today() + timedelta(days=30)).isoformat()
    for code in PUPIL_COUNTIES:
        words = ("roster", code, "--kind", "visits", "--store", str(pupil_store), "--year", "2021",
                 "--who", "tester", "--purpose", "visits", "--expires", until)  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", "from analysis.cli import main; main()", *words],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        listed = load_roster(pupil_store, code, 2021, "visits")
        if listed is None:
            assert done.returncode == 2
            assert "个体评分" in done.stderr
            assert "scores" in done.stderr
            continue
        assert done.returncode == 0, done.stderr
        path = tmp_path / "desk" / "roster" / "2021" / code / "visits.xlsx"
        assert path.stat().st_mode & 0o077 == 0
        sheet = openpyxl.load_workbook(path).active
        cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
        assert len(listed.rows) > 0
        assert not any(is_registry(cell) for cell in cells)
        assert {"人工决定", "先问谁", "班主任"} <= set(cells)
