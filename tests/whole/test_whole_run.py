"""Raw files to reports, on made and on real data: what a reader holds in the end, looked through."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pyarrow.parquet as pq
import pypdfium2
import pytest
from tests.press import test_pdf_accessibility as paper

from analysis.records.reference import folder
from analysis.release.identifiers import is_identity_number

pytestmark = pytest.mark.whole

COUNTY = "from analysis.cli import main; main()"
REPORTED = ("130722", "130725", "130700")
LANGUAGES = ("zh", "en")
DOCUMENTS = [(c, lang) for c in REPORTED for lang in LANGUAGES]


def county(*words: str, cwd: Path, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTY, *words],
        cwd=cwd, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def reports(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of two counties and their prefecture, in both languages."""
    out = tmp_path_factory.mktemp("whole")
    county(
        "report", *REPORTED, "--store", str(demo_store), "--year", "2021", "--out", "reports",
        "--lang", "zh", "--lang", "en", "--jobs", "2", cwd=out,
    )  # fmt: skip
    return out / "reports" / "public" / "2021"


@pytest.fixture(scope="session")
def california(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of real counties: three large ones, and those of a single district."""
    home = tmp_path_factory.mktemp("california")
    example = folder("examples") / "california"
    load = ("load", str(example), "--mapping", str(example / "mapping.toml"), "--store", "store")
    county(*load, "--key", "key", cwd=home)
    county(
        "report", "06037", "06029", "06097", *SINGLE, "--store", "store", "--year", "1998",
        "--scheme", "california-1999", "--lang", "en", "--jobs", "2", cwd=home,
    )  # fmt: skip
    return home / "reports" / "public" / "1998"


SINGLE = {"06001": "Alameda", "06009": "Calaveras", "06027": "Inyo", "06045": "Mendocino"}
"""The four counties of one district; the test holds them against the file."""


def texts(path: Path) -> Iterator[str]:
    """Give all text of a file, unpacked in every way it may be packed."""
    raw = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            for name in parts.namelist():
                yield name
                yield html.unescape(parts.read(name).decode("utf-8"))
    elif path.suffix == ".pdf":
        with pikepdf.open(path) as pdf:
            for thing in pdf.objects:
                yield (thing.read_bytes() if isinstance(thing, pikepdf.Stream) else
                       str(thing).encode()).decode("latin-1")  # fmt: skip
        yield "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path))
    else:
        text = raw.decode("utf-8")
        yield html.unescape(text)
        for part in re.findall(r"data:[\w/+]+;base64,([A-Za-z0-9+/=]+)", text):
            yield base64.b64decode(part).decode("utf-8")


def test_everything_asked_for_is_there(reports: Path) -> None:
    for code, language in DOCUMENTS:
        made = {path.name for path in (reports / code / language).iterdir()}
        assert made == {"report.html", "report.pdf", "report.xlsx", "results.json"}
        manifest = json.loads((reports / code / "manifest.json").read_text(encoding="utf-8"))
        text = json.dumps(manifest)
        for path in (reports / code / language).iterdir():
            assert hashlib.sha256(path.read_bytes()).hexdigest() in text


def test_no_teacher_leaves(reports: Path, demo_store: Path) -> None:
    """Every name and checksum-valid number on the lists of the two counties is looked for."""
    numbers, names = _teachers(demo_store)
    assert len(numbers) > 500
    assert all(is_identity_number(number) for number in numbers)
    looked_at = 0
    for path in sorted(p for p in reports.rglob("*") if p.is_file()):
        for text in texts(path):
            looked_at += 1
            digits = set(re.findall(r"\d{17}[\dXx]", re.sub(r"[\s　-]", "", text)))
            assert not {d.upper() for d in digits} & numbers, path
            assert not [name for name in names if name in text], path
    assert looked_at > 100


def test_the_search_would_have_found_them(reports: Path) -> None:
    """The county's own name is found in every kind of file by the same search."""
    for kind in ("html", "pdf", "xlsx"):
        path = reports / "130722" / "zh" / f"report.{kind}"
        assert any("张北县" in text for text in texts(path)), kind


@pytest.mark.parametrize(("code", "language"), DOCUMENTS)
def test_every_pdf_is_accessible(reports: Path, code: str, language: str) -> None:
    with pikepdf.open(reports / code / language / "report.pdf") as pdf:
        assert str(pdf.Root.Lang) == {"zh": "zh-CN", "en": "en-GB"}[language]
        paper.test_it_claims_both_standards(pdf)
        paper.test_headings_do_not_skip(pdf)
        paper.test_every_table_has_header_cells_of_its_width(pdf)
        paper.test_every_figure_has_an_alternative(pdf)
        paper.test_nothing_on_a_page_is_untagged(pdf)
        paper.test_every_font_is_embedded_and_ours(pdf)
        with pdf.open_outline() as outline:
            assert len(outline.root) >= 1


@pytest.mark.browser
@pytest.mark.parametrize(("code", "language"), DOCUMENTS)
def test_every_page_is_accessible(
    reports: Path, chromium: object, axe: str, code: str, language: str
) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 900})  # type: ignore[attr-defined]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((reports / code / language / "report.html").as_uri())
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document)")
    assert [violation["id"] for violation in found["violations"]] == []
    assert found["passes"]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
    page.close()


def test_the_same_inputs_give_the_same_bytes(
    reports: Path, demo_store: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "另一个 folder"
    elsewhere.mkdir()
    county(
        "report", "130725", "--store", str(demo_store), "--year", "2021", "--out", "out",
        "--lang", "en", "--lang", "zh", "--jobs", "1",
        cwd=elsewhere, TZ="Pacific/Auckland", LC_ALL="C", LANG="de_DE.UTF-8", PYTHONHASHSEED="7",
    )  # fmt: skip
    again = elsewhere / "out" / "public" / "2021" / "130725"
    for language in LANGUAGES:
        for path in sorted((reports / "130725" / language).iterdir()):
            assert path.read_bytes() == (again / language / path.name).read_bytes(), path.name


def test_both_languages_say_the_same_numbers(reports: Path) -> None:
    for code in REPORTED:
        one, other = (_cells(reports / code / language) for language in LANGUAGES)
        assert one == other
        assert len(one) > 20


def test_real_counties_and_those_of_a_single_district(california: Path) -> None:
    districts = (folder("examples") / "california" / "districts.csv").read_text(encoding="utf-8")
    for code in ("06037", "06029", "06097"):
        cells = _cells(california / code / "en")
        values = [v for k, v in cells.items() if ".coefficient|elementary|||1998" in k]
        assert len(values) == 3
        assert all(value is not None and value > 0 for value in values)
    for code, name in SINGLE.items():
        rows = [line for line in districts.splitlines() if f",{name}," in line]
        assert len(rows) == 1, name
        said = (california / code / "en" / "report.html").read_text(encoding="utf-8")
        assert "no coefficient" in html.unescape(said)
        cells = _cells(california / code / "en")
        assert {v for k, v in cells.items() if ".coefficient|" in k} <= {None}


def _cells(report: Path) -> dict[str, float | None]:
    results = json.loads((report / "results.json").read_text(encoding="utf-8"))
    return {cell["key"]: cell["value"] for block in results["blocks"] for cell in block["cells"]}


def _teachers(store: Path) -> tuple[set[str], set[str]]:
    """Read numbers and names as only the identity store holds them."""
    numbers, names = set(), set()
    for path in sorted((store / "identities").rglob("*.parquet")):
        rows = pq.read_table(path).to_pydict()
        numbers |= {str(n).upper() for n in rows.get("teacher_id", ()) if n}
        # Two characters may be part of an ordinary word; three are not by chance.
        names |= {str(n) for n in rows.get("name", ()) if n and len(str(n)) > 2}
    return numbers, names
