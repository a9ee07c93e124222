from __future__ import annotations

import io
import re
import zipfile

import hostile
import openpyxl
import pytest
import sample_report as sample
from hypothesis import given
from hypothesis import strategies as st

from analysis import wire
from analysis.press.workbook import NAME_LENGTH, sheet_name, write_xlsx

PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/_rels/workbook\.xml\.rels|xl/workbook\.xml|xl/styles\.xml"
    r"|xl/sharedStrings\.xml|xl/theme/theme1\.xml|xl/worksheets/sheet\d+\.xml|docProps/(core|app)\.xml"
)


def book(language: str = "zh", schools: list[str] | None = None) -> openpyxl.Workbook:
    made = write_xlsx(sample.report(language, bundles=sample.blocks(language, schools)))
    return openpyxl.load_workbook(io.BytesIO(made))


@pytest.mark.parametrize(
    ("language", "names"),
    [("zh", ["封面", "目录", "说明"]), ("en", ["Cover", "Contents", "Notes"])],
)
def test_cover_contents_and_notes_come_first(language: str, names: list[str]) -> None:
    sheets = book(language).sheetnames
    assert sheets[:3] == names
    assert len(sheets) == 3 + 2
    assert all(len(name) <= NAME_LENGTH for name in sheets)


def test_numbers_are_numbers_and_codes_are_text() -> None:
    sheet = book().worksheets[-1]
    header = [cell.value for cell in sheet[5]]
    first = dict(zip(header, sheet[6], strict=True))
    second = dict(zip(header, sheet[7], strict=True))
    rooms = "每百名学生网络多媒体教室（间）"
    assert first[rooms].value == "[c]"
    assert second[rooms].value == 2.4
    assert second[rooms].number_format == "#,##0.00"
    assert first["仪器设备值（元）"].value == 2000.5
    assert sheet.freeze_panes == "B6"


def test_a_flag_beside_a_number_gets_a_column() -> None:
    words = sample.WORDS["zh"]
    table = sample.table(words, ["甲", "乙"])
    table[wire.RELEASED]["rows"][1]["rooms_flag"] = "e"
    made = write_xlsx(sample.report("zh", bundles=[table]))
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[-1]
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=7)]
    at = values[0].index("每百名学生网络多媒体教室（间）（符号）")
    assert [row[at] for row in values[1:]] == ["[c]", "[e]"]
    assert values[2][at - 1] == 2.4


def test_every_symbol_is_explained() -> None:
    notes = book().worksheets[2]
    said = {cell.value for row in notes.iter_rows() for cell in row if cell.value}
    assert {"[c]", "[x]", "[z]", "[low]", "[e]"} <= said


def test_text_is_text_whatever_it_begins_with() -> None:
    schools = [*hostile.FORMULAS, *hostile.SCRIPTS]
    made = write_xlsx(sample.report("zh", bundles=sample.blocks("zh", schools)))
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[-1]
    shown = [row[0].value for row in sheet.iter_rows(min_row=6, max_row=5 + len(schools))]
    assert shown == schools
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode()
            assert "<f>" not in text
            assert 'r:id="rId' not in text or name == "xl/workbook.xml"


def test_links_lead_to_sheets_of_the_same_book() -> None:
    made = book()
    links = [c.hyperlink for sheet in made for row in sheet.iter_rows() for c in row if c.hyperlink]
    assert len(links) == 4
    for link in links:
        assert link.target is None
        assert link.location.split("!")[0].strip("'") in made.sheetnames


def test_nothing_is_hidden_and_nobody_is_named() -> None:
    made = write_xlsx(sample.report())
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert all(PARTS.fullmatch(name) for name in archive.namelist()), archive.namelist()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
        every = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "<dc:creator></dc:creator>" in core
    assert "<cp:lastModifiedBy></cp:lastModifiedBy>" in core
    assert "2021-09-01T00:00:00Z" in core
    assert "hidden" not in every.lower()
    named = re.findall(r'<definedName name="([^"]*)"', every)
    assert set(named) == {"_xlnm.Print_Titles"}


def test_the_same_document_gives_the_same_bytes() -> None:
    assert write_xlsx(sample.report()) == write_xlsx(sample.report())


@given(st.integers(1, 999), st.text(max_size=80))
def test_sheet_names_are_such_as_excel_takes(number: int, title: str) -> None:
    name = sheet_name(number, title)
    assert 0 < len(name.encode("utf-16-le", "surrogatepass")) // 2 <= NAME_LENGTH
    assert not set(name) & set("[]:*?/\\'")
