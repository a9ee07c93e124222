from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import hostile
import openpyxl
import pytest
import sample_report as sample
from hypothesis import given
from hypothesis import strategies as st

from analysis import wire
from analysis.i18n import say
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
def test_sheet_names_are_such_as_excel_takes(number: int, id: str) -> None:
    name = sheet_name(number, id, "en")
    assert 0 < len(name.encode("utf-16-le", "surrogatepass")) // 2 <= NAME_LENGTH
    assert not set(name) & set("[]:*?/\\'")


@pytest.mark.parametrize(
    ("id", "language", "name"),
    [
        ("context-figure-enrolment", "en", "05 enrolment"),
        ("balance-table-levels-primary", "zh", "05 levels 小学"),
        ("balance-figure-coefficients-junior", "en", "05 coefficients junior"),
        ("a-figure-" + "x" * 20 + "-" + "y" * 20, "en", "05 " + "x" * 20),
        ("primary", "en", "05 primary"),
    ],
)
def test_sheet_names_say_what_and_of_whom_in_whole_words(id: str, language: str, name: str) -> None:
    assert sheet_name(5, id, language) == name


def sheet_of(bundle: dict[str, Any], language: str = "zh") -> Any:
    made = write_xlsx(
        sample.report(language, bundles=[bundle], audience=bundle[wire.RELEASED]["audience"])
    )
    return openpyxl.load_workbook(io.BytesIO(made)).worksheets[-1]


def cells(sheet: Any, column: int, count: int) -> list[tuple[Any, str]]:
    return [
        (sheet.cell(row, column).value, sheet.cell(row, column).number_format)
        for row in range(6, 6 + count)
    ]


def test_each_cell_of_a_table_has_the_format_it_is_shown_with() -> None:
    """Numbers of different indicators stand in one column: counts, shares, amounts."""
    cases = [
        (20084.0, "20,084", 20084, "#,##0"),
        (0.3529, "35%（初步）", 0.3529, "0%"),
        (1.0, "100.0%", 1, "0.0%"),
        (69.2307692308, "69%", 0.692307692308, "0%"),
        (2000.0, "2,000", 2000, "#,##0"),
        (-0.0213, "−0.021", -0.0213, "#,##0.000"),
        (5.5, "", 5.5, "#,##0.0"),
    ]
    body = "".join(f"<tr><th scope='row'>甲</th><td>{shown}</td></tr>" for _, shown, _, _ in cases)
    columns = [
        {"id": "indicator", "label": "指标", "kind": "text", "digits": 0},
        {"id": "value", "label": "数值", "kind": "number", "digits": 1},
    ]
    rows = [{"indicator": "甲", "value": value, "value_flag": ""} for value, *_ in cases]
    html = f"<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>{body}</tbody></table>"
    typst = '#jh-prose(id: "t", role: "x", ("a",))'
    sheet = sheet_of(sample.bundle("table", "t-table-x", html, typst, columns=columns, rows=rows))
    assert cells(sheet, 2, len(cases)) == [(number, form) for _, _, number, form in cases]


FIGURE = [
    {"indicator": "元", "at": "2021", "unit": "元", "value": 2683.09, "value_low": None},
    {"indicator": "元", "at": "2014", "unit": "元", "value": 2000.0, "value_low": 1900.0},
    {"indicator": "比", "at": "2021", "unit": "%", "value": 83.0, "value_low": None},
    {"indicator": "比", "at": "2020", "unit": "%", "value": 6.5, "value_low": 6.0},
    {"indicator": "数", "at": "2021", "unit": "", "value": 3.4, "value_low": None},
    {"indicator": "数", "at": "2020", "unit": "", "value": None, "value_low": None},
]


def drawn(rows: list[dict[str, Any]] = FIGURE, **about: Any) -> dict[str, Any]:
    bundle = sample.figure(sample.WORDS[about.get("language", "zh")], **about)
    texts = [key for key, value in rows[0].items() if isinstance(value, str)]
    columns = [{"id": id, "label": id, "kind": "text", "digits": 0} for id in texts]
    columns += [
        {"id": id, "label": id, "kind": "number", "digits": 2} for id in ("value", "value_low")
    ]
    flags = [
        {"value_flag": "" if row["value"] else "c", "value_low_flag": "p" if row["value"] else "c"}
        for row in rows
    ]
    bundle[wire.RELEASED]["columns"] = columns
    bundle[wire.RELEASED]["rows"] = [{**row, **flag} for row, flag in zip(rows, flags, strict=True)]
    return bundle


def test_rows_of_a_drawing_are_written_as_their_own_numbers_need() -> None:
    """In the order of the years; a range that is none is blank, what is withheld is not."""
    sheet = sheet_of(drawn())
    assert [sheet.cell(row, 2).value for row in range(6, 12)] == [
        "2014",
        "2021",
        "2020",
        "2021",
        "2020",
        "2021",
    ]
    assert cells(sheet, 4, 6) == [
        (2000, "#,##0"), (2683.09, "#,##0"), (0.065, "0.0%"), (0.83, "0.0%"),
        ("[c]", "General"), (3.4, "#,##0.0"),
    ]  # fmt: skip
    assert [value for value, _ in cells(sheet, 5, 6)] == [1900, None, 0.06, None, "[c]", None]


@pytest.mark.parametrize(("language", "name"), [("zh", "学校{}"), ("en", "School {}")])
def test_numbered_schools_are_said_to_be_other_schools_elsewhere(language: str, name: str) -> None:
    rows = [
        {"indicator": "a", "subject": name.format(n), "value": 1.5, "value_low": None}
        for n in (1, 2)
    ]
    about = {"language": language, "audience": "public"}
    made = write_xlsx(sample.report(language, bundles=[drawn(rows, **about)], audience="public"))
    opened = openpyxl.load_workbook(io.BytesIO(made))
    said = say("press.numbered", language)
    for sheet in (opened.worksheets[2], opened.worksheets[-1]):
        assert said in {cell.value for row in sheet.iter_rows() for cell in row}
    named = write_xlsx(
        sample.report(
            language,
            bundles=[drawn([{**row, "subject": "第一小学"} for row in rows], **about)],
            audience="public",
        )
    )
    for sheet in openpyxl.load_workbook(io.BytesIO(named)):
        assert said not in {cell.value for row in sheet.iter_rows() for cell in row}
