"""Files as text: encodings, separators, numbers as shown, and files that are traps."""

from __future__ import annotations

import base64
import datetime
import io
import random
import resource
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from analysis.records import compound, workbooks
from analysis.records.readers import decode, read_file

TEXT = "学校名称,在校生数\r\n城关小学,012\r\n"

# A workbook of Excel 97 with one sheet 班级情况: title, header, two classes, and in G4 a number of
# 18 digits; packed.
XLS = (
    b"c-rk)OGs2v82-+^cV=|*F=Jz;flNYH=EBiU8=W4Mt3(q@Qheozp{a~6D#$Ez6+zIdXd?(x3wwY)jdD@62#i_;L7="
    b"q^7eP@A_4fb&+-o!D!hx~}_q&|`od0qD^Z3s>_uTt(%0E4PD|ZG<P!1gnW-8oqGDRuXW_%#MX>!rdQz)4Z{wbuUP"
    b"$1ndJWPM#;TUqfXQ1JxF-a77PpKX~sO;{F1XmHer4P-D`%p$y;VMZokR!dy5_&}FTA??@azf}%kz5d3Mz+)HFs8z"
    b"lg*&WOT&v}aE(7fMuGD!ek`S`-oLBMbiz;U8!mjAi=FY!Uk!Pe~1QfT5NLM7<+&PT^1#kpk%pmaD-l<Q5j(m0H3M"
    b"BuQDEBNQzoZ$!0L&&?;6rq#1`O61YPNT@|7p{B^&F02jdkp%Lj@bx*F3H%K`}~bt+v(mHQ0tOsJ6OI?Vk2$=hbnI"
    b"neh(F`Wi<2DVy#6T4O-GKB(-8c!82osI-_7B6VhcTODNq(`S0QF*y@_31>pO?3Fa4t;m$JUv`X-PW`!SpI+^6sR}"
    b"oWWI)~nvA4x$9w1Dd;TlvqLo_l*UbZNd8ry}Q6|WnmoGUay>zwj}s%)#UZ%}N`iMD{+DHXg9Z;2~!rSj0n>U()ZA"
    b"Hv(HJXSGtGBEZgJdAvr##XA&&mf9ak-Bo3aX)P5$~sxz3C;QGlu6Ni*4Rwzm6(Znc%|qU$`(9w*AfdQ7EEKDJ%2G"
    b"yBTirBbmELf&LGZZdDfQktchp0Wgm+S&+Q{@AWpM%HoY$M&%ShtL831`!IvKAD~mYx<z2MUEgSA1M_i}q>ZI}G;D"
    b"oBZ?LM`qT+6~8?jD`UKj4J}2M!!KaNxj!gFgqpk!o_Ai`~mz)_vb&{nweNwBY<E`EPLm-SqU)hv{B)Q69yKq}I<m"
    b"xRmWnt+0;$zmRc=T92XwEz*yUq}MNfuc`R)thl1@*KMI>+h0hgpTD{N@1pnXO#"
)


def codes(found: object) -> list[str]:
    return [fault.code for fault in found.faults]  # type: ignore[attr-defined]


def saved(folder: Path, content: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    book = read_file(saved(tmp_path, TEXT.encode(encoding)))
    assert book.sheets[0].rows == [["学校名称", "在校生数"], ["城关小学", "012"]]
    assert book.csv
    assert not book.faults


def test_rare_characters_of_gb18030(tmp_path: Path) -> None:
    text = "名称\n鄠邑浉瀍猇甪𠮷小学\n"
    assert read_file(saved(tmp_path, text.encode("gb18030"))).sheets[0].rows[1] == [
        "鄠邑浉瀍猇甪𠮷小学"
    ]


def test_what_no_encoding_fits_is_refused_with_its_row(tmp_path: Path) -> None:
    content = TEXT.encode("gb18030") + "二小,".encode("gb18030") + b"\xff\xff\n"
    book = read_file(saved(tmp_path, content))
    assert codes(book) == ["file-not-decodable"]
    assert book.faults[0].row == 3
    assert not book.sheets


def test_damaged_utf8_is_not_taken_for_gb18030() -> None:
    content = ("城关小学" * 20).encode()
    damaged = content[:61] + content[62:]
    text, faults = decode(damaged)
    assert text == ""
    assert faults[0].code == "file-not-decodable"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff")))
def test_any_text_survives_gb18030_or_is_utf8(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_separators(tmp_path: Path, separator: str) -> None:
    content = TEXT.replace(",", separator).encode()
    assert read_file(saved(tmp_path, content)).sheets[0].rows[1] == ["城关小学", "012"]


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    content = '说明\n\n名称,数\n"一\n小",5\n"二,小",6\n'.encode()
    rows = read_file(saved(tmp_path, content)).sheets[0].rows
    assert rows[1] == []
    assert rows[3:] == [["一\n小", "5"], ["二,小", "6"]]


def test_a_quotation_mark_that_is_not_closed_is_a_fault(tmp_path: Path) -> None:
    book = read_file(saved(tmp_path, '名称,数\n一小,5\n"二小,6\n三小,7\n'.encode()))
    assert codes(book) == ["csv-malformed"]
    assert book.faults[0].row == 3


def test_a_web_page_named_xls_is_explained(tmp_path: Path) -> None:
    assert codes(read_file(saved(tmp_path, b"\r\n <html><table>", "a.xls"))) == [
        "file-is-a-web-page"
    ]


def test_numbers_come_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("表")
        sheet.write_row(1, 1, [12.0, 0.1 + 0.2, 1e9, True])
        sheet.write_string(1, 5, "0012")
        sheet.write_datetime(
            1, 6, datetime.datetime(2021, 9, 1), book.add_format({"num_format": "yyyy-mm-dd"})
        )
    rows = read_file(path).sheets[0].rows
    assert rows == [[""] * 7, ["", "12", "0.3", "1000000000", "TRUE", "0012", "2021-09-01"]]


def test_numbers_that_lost_digits_and_formulas_without_value_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_number(0, 0, 130722198001010019)
        sheet.write_number(0, 1, 2113000001)
        sheet.write_formula(1, 0, "=1/0", None, "#DIV/0!")
        sheet.write_formula(1, 1, "=VLOOKUP(1,2,3)", None, "#N/A")
        sheet.write_formula(1, 2, "=1+1", None, 2)
    found = read_file(path).sheets[0]
    assert found.rounded == {(0, 0)}
    assert found.broken == {(1, 0), (1, 1)}
    assert found.rows[1][2] == "2"


def test_formula_that_was_never_calculated_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["甲", 1])
        sheet.write_formula(1, 0, "=B1", None, 7)
    bare = _rewritten(path, "xl/worksheets/sheet1.xml", b"<v>7</v>", b"")
    assert read_file(bare).sheets[0].broken == {(1, 0)}


@pytest.mark.parametrize("value", [b"<v></v>", b"<v/>", b"<v />", b""])
def test_formula_with_an_empty_value_is_marked(tmp_path: Path, value: bytes) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["甲", 1])
        sheet.write_formula(1, 0, "=B1", None, 7)
    bare = _rewritten(path, "xl/worksheets/sheet1.xml", b"<v>7</v>", value)
    assert read_file(bare).sheets[0].broken == {(1, 0)}


def test_formula_whose_value_is_an_empty_text_or_has_attributes_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["甲", 1])
        sheet.write_formula(1, 0, '=""', None, "x")
        sheet.write_formula(1, 1, "=B1", None, 7)
    plain = b'<v xml:space="preserve">7</v>'
    path = _rewritten(path, "xl/worksheets/sheet1.xml", b"<v>7</v>", plain)
    path = _rewritten(path, "xl/worksheets/sheet1.xml", b"<v>x</v>", b"<v></v>")
    assert read_file(path).sheets[0].broken == frozenset()


def test_merged_cells_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().merge_range("B2:C4", "甲")
    assert read_file(path).sheets[0].merged == (((1, 1), (3, 2)),)


def test_an_empty_file_is_a_fault(tmp_path: Path) -> None:
    assert codes(read_file(saved(tmp_path, b""))) == ["file-empty"]


def test_xls_and_its_lost_digits(tmp_path: Path) -> None:
    found = read_file(saved(tmp_path, _xls(), "a.xls")).sheets
    assert [sheet.name for sheet in found] == ["班级情况"]
    assert found[0].rows[2][:5] == ["2113000001", "小学", "1", "1", "42"]
    assert found[0].rounded == {(3, 6)}


def test_xls_extent_is_known_before_reading() -> None:
    book = compound.streams(_xls())["Workbook"]
    assert [(e.rows, e.columns) for e in compound.extents(book)] == [(4, 7)]


def test_ods_and_its_repeats(tmp_path: Path) -> None:
    path = _ods(tmp_path, '<table:table-cell office:value-type="float" office:value="1.0"/>')
    assert read_file(path).sheets[0].rows == [["学校标识码", "1"]]


@pytest.mark.parametrize(
    "cells",
    [
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" '
        'office:value="1"/>',
        '</table:table-row><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="200" office:value-type="float" office:value="1"/>',
    ],
)
def test_ods_repeats_without_end_are_refused(tmp_path: Path, cells: str) -> None:
    assert codes(read_file(_ods(tmp_path, cells))) == ["sheet-too-large"]


def test_ods_that_ends_in_a_million_empty_rows_is_read(tmp_path: Path) -> None:
    cells = (
        '</table:table-row><table:table-row table:number-rows-repeated="1048574">'
        '<table:table-cell table:number-columns-repeated="16384"/>'
    )
    assert read_file(_ods(tmp_path, cells)).sheets[0].rows == [["学校标识码"]]


def test_stray_cell_at_the_far_corner_is_refused_at_once(tmp_path: Path) -> None:
    """In a process of its own, which says how much memory it took."""
    path = _far(tmp_path, '<c r="XFD1048576"><v>1</v></c>')
    assert path.stat().st_size < 6000
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from analysis.records.readers import read_file\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "book = read_file(Path(sys.argv[1]))\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(book.faults[0].code, (after - before) // 1024)"
    )
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True, timeout=60
    )
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    rule, megabytes = said.stdout.split()
    assert rule == "sheet-too-large"
    assert int(megabytes) < 100
    assert ended.ru_utime - started.ru_utime < 5


def test_formatted_but_empty_far_cells_do_no_harm(tmp_path: Path) -> None:
    book = read_file(_far(tmp_path, '<c r="XFD1048576" s="0"/>'))
    assert book.sheets[0].rows == [["学校标识码"]]


def test_bombs_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<c/>" * (8 * 1024**2))
    started = time.monotonic()
    assert codes(read_file(path)) == ["file-is-a-bomb"]
    assert time.monotonic() - started < 5


def test_entities_are_refused(tmp_path: Path) -> None:
    path = _rewritten(
        _far(tmp_path, ""),
        "xl/worksheets/sheet1.xml",
        b"<worksheet",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]><worksheet',
    )
    assert codes(read_file(path)) == ["file-is-a-bomb"]


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_001):
            archive.writestr(f"{number}.xml", "")
    assert codes(read_file(path)) == ["file-is-a-bomb"]


def test_a_packed_file_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert codes(read_file(path)) == ["file-type-unknown"]


def test_damaged_workbooks_are_faults_and_never_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Bytes at random; what the reader prints when it falls over could be what it was reading."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, ["学校标识码", 1, 2.5])
    rng = random.Random(20210901)
    for content in (_xls(), path.read_bytes()):
        for _ in range(150):
            damaged = bytearray(content)
            for _ in range(rng.randint(1, 20)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            sheets, faults = workbooks.read(bytes(damaged), "a")
            assert not (sheets and faults)
            assert all(fault.code.startswith(("file-", "sheet-")) for fault in faults)
    assert capfd.readouterr().err == ""


def _xls() -> bytes:
    return zlib.decompress(base64.b85decode(XLS))


def _rewritten(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """Change a part of a packed file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert old in content
                content = content.replace(old, new, 1)
            target.writestr(name, content)
    path.write_bytes(stream.getvalue())
    return path


def _far(folder: Path, cell: str) -> Path:
    path = folder / "far.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_string(0, 0, "学校标识码")
    row = f'<row r="1048576">{cell}</row></sheetData>'.encode()
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"</sheetData>", row))
    path.write_bytes(stream.getvalue())
    return path


def _ods(folder: Path, cells: str) -> Path:
    path = folder / "a.ods"
    spaces = {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    }
    names = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>"
            '<table:table table:name="表"><table:table-row>'
            '<table:table-cell office:value-type="string"><text:p>学校标识码</text:p>'
            f"</table:table-cell>{cells}</table:table-row></table:table>"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path
