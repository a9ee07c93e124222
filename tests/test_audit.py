"""The audit over real files: what may not leave is found in every kind of file, and said by place."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pypdfium2
import pytest

from analysis import wire
from analysis.errors import WithheldError
from analysis.press.render import render
from analysis.release import audit, identifiers, paper
from analysis.release.agreement import check_cells
from analysis.release.profiles import load_profile

sys.path.insert(0, str(Path(__file__).parent / "press"))
import sample_report as sample

LANGUAGES = ("zh", "en")
IDENTITY = "130723200901011232"  # check digit by ISO 7064 MOD 11-2
LEAP = "13070220120229001X"
PHONE = "19900001234"
PSEUDONYM = "p" + "a2b3c4d5e6f7" * 2
KEY = "boarders|primary|||2021"
CELL = {
    "key": KEY, "value": 110.0, "value_low": None, "value_high": None, "numerator": 110.0,
    "denominator": 500.0, "n": 110.0, "n_unit": "pupils", "flag": "",
}  # fmt: skip
LEVEL = {
    "key": "books|primary|school|3|2021", "value": 7.0, "value_low": None, "value_high": None,
    "numerator": None, "denominator": None, "n": None, "n_unit": "schools", "flag": "",
}  # fmt: skip

Change = Callable[[dict[str, Any]], None]


def bundles(language: str, audience: str = "public", text: str = "") -> list[dict[str, Any]]:
    made = sample.blocks(language, ["学校1", "学校2"], audience=audience)
    made.append(sample.prose("balance-more", "detail", [text or "。"], language=language, audience=audience))  # fmt: skip
    made[0][wire.RELEASED]["cells"] = [dict(CELL), dict(LEVEL)]
    made[4][wire.RELEASED]["cells"] = [dict(CELL)]
    return made


def rendered(language: str, audience: str = "public", text: str = "") -> dict[str, bytes]:
    chapter = sample.executed(language, bundles(language, audience, text), audience=audience)
    report = sample.join([sample.prove(chapter)])
    return render(report, ["html", "pdf", "xlsx"])


@pytest.fixture(scope="session")
def files() -> dict[str, dict[str, bytes]]:
    return {language: rendered(language) for language in LANGUAGES}


@pytest.fixture
def folder(tmp_path: Path, files: dict[str, dict[str, bytes]]) -> Path:
    """A staged report in two languages with which nothing is wrong."""
    for language, contents in files.items():
        (tmp_path / "stage" / language).mkdir(parents=True)
        for name, content in contents.items():
            (tmp_path / "stage" / language / name).write_bytes(content)
    return tmp_path / "stage"


def reason(folder: Path, **about: Any) -> str:
    """Audit a folder that has to be refused, and give what is said."""
    with pytest.raises(WithheldError) as held:
        audit(folder, **about)
    assert held.value.exit_code == 5
    for number in (IDENTITY, LEAP, PHONE, PSEUDONYM):
        assert number not in str(held.value)
    return str(held.value)


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def edit_results(folder: Path, change: Change, languages: tuple[str, ...] = LANGUAGES) -> None:
    for language in languages:
        path = folder / language / "results.json"
        plain = json.loads(path.read_bytes())
        change(plain)
        path.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")


def edit_cells(folder: Path, languages: tuple[str, ...] = LANGUAGES, **fields: Any) -> None:
    def change(plain: dict[str, Any]) -> None:
        for block in plain["blocks"]:
            for cell in block["cells"]:
                if cell["key"] == KEY:
                    cell.update(fields)

    edit_results(folder, change, languages)


def copy(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder, folder.with_name(name)))


# A report with which nothing is wrong


def test_a_clean_report_passes(folder: Path) -> None:
    audit(folder)
    audit(folder, previous=copy(folder, "before"))
    (folder / "manifest.json").write_text("{}")
    audit(folder, expected=["zh/report.pdf", "en/report.html"])


def test_it_is_fast(folder: Path) -> None:
    def pad(page: bytes) -> bytes:
        drawing = base64.b64encode(
            b"<svg>" + b"<path d='M12.5 13.4L14.6 15.7'/>" * 20_000 + b"</svg>"
        )
        image = b'<img alt="x" src="data:image/svg+xml;base64,' + drawing + b'">'
        return page.replace(
            b"</main>", image + "<p>甲校 12.5 乙校 1,234</p>".encode() * 5000 + b"</main>"
        )

    for language in LANGUAGES:
        edit(folder / language / "report.html", pad)
    spent = []
    for _ in range(3):
        start = time.process_time()
        audit(folder)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.5


def test_one_language_and_one_format_are_a_report(folder: Path) -> None:
    shutil.rmtree(folder / "en")
    (folder / "zh" / "report.pdf").unlink()
    (folder / "zh" / "report.xlsx").unlink()
    audit(folder)


# Canaries

WRITTEN = {
    "plain": IDENTITY,
    "leap day": LEAP,
    "after a word": f"证件号{IDENTITY}。",
    "full width": IDENTITY.translate({48 + n: 0xFF10 + n for n in range(10)}),
    "other digits": IDENTITY.translate({48 + n: 0x0660 + n for n in range(10)}),
    "in groups": f"{IDENTITY[:6]} {IDENTITY[6:14]} {IDENTITY[14:]}",
    "with hyphens": f"{IDENTITY[:6]}-{IDENTITY[6:14]}-{IDENTITY[14:]}",
    "with other hyphens": f"{IDENTITY[:6]}\u2011{IDENTITY[6:14]}\u2011{IDENTITY[14:]}",
    "by digits": " ".join(IDENTITY),
    "invisible characters": "\u200b".join(IDENTITY),
    "entities": "".join(f"&#{ord(digit)};" for digit in IDENTITY),
    "in tags": f"{IDENTITY[:6]}<b>{IDENTITY[6:14]}</b><span>{IDENTITY[14:]}</span>",
    "base64": base64.b64encode(f"张三 {IDENTITY}".encode()).decode(),
    "base64 of utf-16": base64.b64encode(f"x{IDENTITY}".encode("utf-16")).decode(),
    "percent": "".join(f"%{ord(digit):02X}" for digit in IDENTITY),
    "comment": f"<!-- {IDENTITY} -->",
    "attribute": f'<i title="{IDENTITY}"></i>',
    "style": f"<style>.a::after{{content:'{IDENTITY}'}}</style>",
    "registry": f"G{IDENTITY}",
    "provisional registry": "J130723200901019999",
    "phone": PHONE,
    "phone in groups": "199 0000 1234",
    "phone with hyphens": "199-0000-1234",
    "phone with country": "+86 19900001234",
    "phone in full width": PHONE.translate({48 + n: 0xFF10 + n for n in range(10)}),
    "pseudonym": PSEUDONYM,
    "svg": "data:image/svg+xml;base64," + base64.b64encode(f"<svg><text>{IDENTITY}</text></svg>".encode()).decode(),
    "split svg": "data:image/svg+xml;base64,"
    + base64.b64encode(f"<svg><text><tspan>{IDENTITY[:9]}</tspan><tspan>{IDENTITY[9:]}</tspan></text></svg>".encode()).decode(),
    "svg comment": "data:image/svg+xml;base64," + base64.b64encode(f"<svg><!--{PHONE}--></svg>".encode()).decode(),
    "svg unencoded": "data:image/svg+xml," + quote(f"<svg><text>{IDENTITY}</text></svg>"),
    "png text": "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x10tEXtAuthor\x00" + IDENTITY.encode()).decode(),
    "path": "/home/someone/data.csv",
    "windows path": "C:\\Users\\x",
}  # fmt: skip


@pytest.mark.parametrize("how", WRITTEN)
def test_a_canary_in_a_page_is_found(folder: Path, how: str) -> None:
    text = WRITTEN[how]
    markup = f'<img alt="" src="{text}">' if text.startswith("data:") else f"<p>{text}</p>"
    page = folder / "zh" / "report.html"
    edit(page, lambda html: html.replace(b"</main>", markup.encode() + b"</main>"))
    assert "zh/report.html" in reason(folder)


MARKUP = ("entities", "in tags", "comment", "attribute", "style", "svg", "split svg", "svg comment", "svg unencoded", "png text")  # fmt: skip


@pytest.mark.parametrize("how", [how for how in WRITTEN if how not in MARKUP])
def test_a_canary_in_the_numbers_is_found(folder: Path, how: str) -> None:
    edit_results(folder, lambda plain: plain["blocks"][3].update(note=WRITTEN[how]), ("en",))
    said = reason(folder)
    assert "en/results.json · balance-method" in said


@pytest.mark.parametrize("how", ["plain", "leap day", "full width", "in groups", "by digits", "registry", "phone", "phone in groups", "base64", "pseudonym"])  # fmt: skip
@pytest.mark.parametrize("name", ["report.pdf", "report.xlsx", "report.html"])
def test_a_canary_that_was_published_is_found_in_every_format(
    folder: Path, how: str, name: str
) -> None:
    """The real way: it stands in a block's text, and the press sets it."""
    made = bundles("zh")
    text = WRITTEN[how]
    made[4][wire.RELEASED]["rows"][0]["school"] = text
    made[4] = {**made[4], wire.TYPST: made[4][wire.TYPST].replace("学校1", text), wire.HTML: made[4][wire.HTML].replace("学校1", text)}  # fmt: skip
    report = sample.join([sample.prove(sample.executed("zh", made, audience="public"))])
    (folder / "zh" / name).write_bytes(render(report, [name.split(".")[1]])[name])
    said = reason(folder)
    assert f"zh/{name}" in said


@pytest.mark.parametrize("where", ["alt", "title", "bookmark"])
def test_a_canary_beside_the_text_of_a_pdf_is_found(folder: Path, where: str) -> None:
    made = bundles("zh")
    markdown = f"# 第一章 {IDENTITY}" if where == "bookmark" else "# 第一章"
    if where != "bookmark":
        old = sample.WORDS["zh"]["figure"][2 if where == "alt" else 0]
        made[2] = {**made[2], wire.TYPST: made[2][wire.TYPST].replace(old, f"{old} {IDENTITY}")}
    chapter = sample.executed("zh", made, audience="public", markdown=markdown)
    report = sample.join([sample.prove(chapter)])
    (folder / "zh" / "report.pdf").write_bytes(render(report, ["pdf"])["report.pdf"])
    assert "zh/report.pdf" in reason(folder)


@pytest.mark.parametrize(
    "text",
    [
        "130723200901011233",  # wrong check digit
        "130723200913011230",  # no such month
        "990723200901011232",  # no such province
        f"4{IDENTITY}",  # longer
        "0.19900001234", "19900001234.5", "119900001234", "1,990,000,1234", "12900001234",
        "run 13072319900101123bf13072319900101123bf0123456789abcdef0123456789",
        "2014 2015 2016 2017 2018 2019 2020 2021", "4.21 5.32 6.54 3.21 1.43 2.34 5.67",
        "pneumonoultramicroscopicsil", "http://example.org/home/x", "3113072201",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_identifier_passes(text: str) -> None:
    assert identifiers.find(text) == set()


def test_school_codes_and_totals_of_eleven_digits_are_no_phone_numbers(folder: Path) -> None:
    """Eleven digits that begin with 13 are a school's code in Hebei, or a county's money."""
    key, total = "books|primary|school|13072200001|2021", 13_812_345_678.0

    def internal(plain: dict[str, Any]) -> None:
        for sentinel in plain["sentinels"]:
            sentinel["audience"] = "internal"
        for block in plain["blocks"]:
            block["audience"] = "internal"
            block["cells"] = [cell for cell in block["cells"] if cell["key"] == KEY]
        plain["blocks"][0]["cells"].append({**LEVEL, "key": key, "numerator": total})

    edit_results(folder, internal)
    page = folder / "zh" / "report.html"
    edit(page, lambda html: html.replace(b"</main>", b"<p>13072200001 13812345678</p></main>"))
    audit(folder)
    edit(page, lambda html: html.replace(b"</main>", b"<p>13072200002</p></main>"))
    assert "电话号码" in reason(folder)


@pytest.mark.parametrize(("number", "valid"), [(IDENTITY, True), (LEAP, True), ("130723201002024325", True), ("11010519491231002X", True), ("110105194912310021", False), ("11010519490229002X", False)])  # fmt: skip
def test_identity_numbers_by_their_check_digit(number: str, valid: bool) -> None:
    assert identifiers.is_identity_number(number) == valid


# Numbers


@pytest.mark.parametrize(("field", "number"), [("value", 5.0), ("numerator", 9.0), ("n", 1.0), ("denominator", 3.0)])  # fmt: skip
def test_a_small_number_of_persons_is_found(folder: Path, field: str, number: float) -> None:
    fields = {"value": number, "numerator": number} if field == "value" else {field: number}
    edit_cells(folder, **fields)
    said = reason(folder)
    assert "人数低于保护门槛" in said
    assert f"zh/results.json · balance-headline · {KEY}" in said


def test_a_number_of_persons_that_is_not_rounded_is_found(folder: Path) -> None:
    edit_cells(folder, value=112.0, numerator=112.0, n=112.0)
    assert "人数未取整" in reason(folder)


def test_means_and_facts_of_institutions_may_be_small() -> None:
    mean = {**CELL, "value": 3.0, "numerator": None, "n": 110.0}
    block = {"id": "balance-headline", "cells": [mean, LEVEL]}
    assert list(check_cells([block], load_profile("public"))) == []
    assert list(check_cells([{**block, "cells": [{**mean, "n": 5.0}]}], load_profile("public")))


def test_a_withheld_cell_with_a_value_is_found(folder: Path) -> None:
    edit_cells(folder, flag="c")
    assert "未公布的单元格带有数值" in reason(folder)


@pytest.mark.parametrize("field", ["value", "n", "flag"])
def test_a_number_that_differs_between_blocks_is_found(folder: Path, field: str) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["blocks"][4]["cells"][0][field] = "p" if field == "flag" else 115.0

    edit_results(folder, change)
    assert "同一数字前后不一致" in reason(folder)


def test_a_number_that_differs_between_languages_is_found(folder: Path) -> None:
    edit_cells(folder, ("en",), value=115.0)
    said = reason(folder)
    assert "同一数字前后不一致" in said
    assert "两种语言的数字不同" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plain: plain["blocks"].pop(), "两种语言的内容块不同"),
        (lambda plain: plain["blocks"][4]["rows"][0].update(yuan=1.0), "两种语言的数字不同"),
        (lambda plain: plain["blocks"][4]["rows"][0].update(rooms_flag="x"), "两种语言的数字不同"),
        (lambda plain: plain.update(edition=2), "各语言的数据或版次不一致"),
        (lambda plain: plain["sentinels"][0].update(run="f" * 64), "各语言的数据或版次不一致"),
        (lambda plain: plain["sentinels"][0].update(county="130723"), "县、学年或读者不一致"),
        (lambda plain: plain["sentinels"][0].update(language="zh"), "语言不符"),
        (lambda plain: plain["blocks"][0].update(audience="internal"), "有其他读者的内容"),
    ],
)
def test_languages_that_do_not_agree_are_refused(folder: Path, change: Change, said: str) -> None:
    edit_results(folder, change, ("en",))
    assert said in reason(folder)


@pytest.mark.parametrize(
    ("column", "forbidden"), [("teacher_id", ()), ("Name", ()), ("hukou", ("hukou",))]
)
def test_a_column_of_identifiers_is_found(
    folder: Path, column: str, forbidden: tuple[str, ...]
) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["blocks"][4]["columns"].append(
            {"id": column, "label": "", "kind": "text", "digits": 0}
        )

    edit_results(folder, change)
    said = reason(folder, forbidden=forbidden)
    assert "有直接标识个人的列" in said
    assert "balance-schools-primary" in said


@pytest.mark.parametrize(
    "cell",
    [{"key": "books|primary|school|3113072201|2021"}, {"numerator": 70.0}, {"denominator": 10.0}],
)
def test_a_school_that_can_be_told_is_found(folder: Path, cell: dict[str, Any]) -> None:
    edit_results(folder, lambda plain: plain["blocks"][0]["cells"][1].update(cell))
    assert "可识别学校" in reason(folder)
    edit_results(folder, lambda plain: plain["sentinels"][0]["data"].update(names_public=True))
    audit(folder)


# All chapters as one


def add_girls(folder: Path, girls: float, chapter: str = "context") -> None:
    """Let another chapter show the girls among the boarders, of whom there are 110 in all."""
    cell = {**CELL, "key": "boarders|primary|sex|f|2021", "value": girls, "numerator": girls,
            "n": girls, "denominator": None}  # fmt: skip

    def change(plain: dict[str, Any]) -> None:
        plain["blocks"][1]["chapter"] = chapter
        plain["blocks"][1]["cells"] = [cell]

    edit_results(folder, change)


def test_chapters_are_attacked_together(folder: Path) -> None:
    """108 to 112 boarders less 98 to 102 girls are 6 to 14 boys; less 93 to 97, 11 or more."""
    add_girls(folder, 95.0)
    audit(folder)
    add_girls(folder, 100.0)
    said = reason(folder)
    assert (
        "《县情》《县域校际资源均衡》的数字合在一起，可推算出“寄宿生”中一个因人数过少而不应公布的数字"
        in said
    )
    assert "“The county”, “Balance of resources across schools” together tell" in said
    assert "boarders|sex=m|stage=primary|2021" in said
    add_girls(folder, 100.0, "balance")
    assert "《县域校际资源均衡》的数字可推算出" in reason(folder)


def test_what_an_earlier_release_of_the_same_edition_adds_is_attacked_too(folder: Path) -> None:
    before = copy(folder, "before")
    add_girls(before, 100.0)
    assert "合在一起" in reason(folder, previous=before)
    edit_results(folder, lambda plain: plain.update(edition=2))
    audit(folder, previous=before)


def test_an_indicator_that_is_gone_keeps_nothing_back(folder: Path) -> None:
    before = copy(folder, "before")
    twins = {**CELL, "key": "twins|primary|||2021"}
    edit_results(before, lambda plain: plain["blocks"][0]["cells"].append(twins))
    audit(folder, previous=before)


def test_persons_that_nobody_declared_are_refused(folder: Path) -> None:
    twins = {**CELL, "key": "twins|primary|||2021"}
    edit_results(folder, lambda plain: plain["blocks"][0]["cells"].append(twins))
    said = reason(folder)
    assert "没有声明统计的是哪些人" in said
    assert "twins|primary|||2021" in said


# Earlier releases


def release_again(folder: Path, edition: int, **fields: Any) -> Path:
    before = copy(folder, "before")
    edit_cells(folder, **fields)
    edit_results(folder, lambda plain: plain.update(edition=edition))
    return before


def test_numbers_of_persons_do_not_change_within_an_edition(folder: Path) -> None:
    before = release_again(folder, 1, value=150.0, numerator=150.0, n=150.0)
    said = reason(folder, previous=before)
    assert "数据变动而版次未变" in said
    assert KEY in said


@pytest.mark.parametrize(("value", "refused"), [(105.0, True), (115.0, True), (110.0, False), (120.0, False), (90.0, False)])  # fmt: skip
def test_a_new_edition_may_not_tell_of_fewer_than_ten(
    folder: Path, value: float, refused: bool
) -> None:
    before = release_again(folder, 2, value=value, numerator=value, n=value)
    if refused:
        assert "与上一版之差可推算个人" in reason(folder, previous=before)
    else:
        audit(folder, previous=before)


def test_single_corrections_cannot_be_seen(folder: Path) -> None:
    """K4: whatever 1 to 9 pupils are corrected, no two editions show that it was so few."""
    from analysis.release.agreement import check_difference

    rounded = load_profile("public").round
    for number in range(10, 210):
        for change in range(1, 10):
            old, new = ({KEY: {**CELL, "value": v, "numerator": v, "n": v}} for v in (rounded(number), rounded(number + change)))  # fmt: skip
            refused = bool(list(check_difference(new, old, revised=True)))
            possible = {
                abs(b - a)
                for a in range(int(old[KEY]["value"]) - 2, int(old[KEY]["value"]) + 3)
                for b in range(int(new[KEY]["value"]) - 2, int(new[KEY]["value"]) + 3)
            }
            assert refused or 0 in possible or max(possible) >= 10


def test_the_other_language_of_the_earlier_release_is_compared_too(folder: Path) -> None:
    before = release_again(folder, 1, value=150.0, numerator=150.0, n=150.0)
    for language in ("zh", "en"):
        only = copy(before, f"only-{language}")
        shutil.rmtree(only / language)
        assert "数据变动而版次未变" in reason(folder, previous=only)


def test_a_withheld_cell_has_no_parts_either(folder: Path) -> None:
    edit_cells(folder, value=None, numerator=3.0, denominator=None, n=None, flag="c")
    assert "未公布的单元格带有数值" in reason(folder)


def test_facts_may_change(folder: Path) -> None:
    before = copy(folder, "before")
    edit_results(folder, lambda plain: plain["blocks"][0]["cells"][1].update(value=8.0))
    audit(folder, previous=before)


def test_an_earlier_release_that_cannot_be_read_is_no_licence(folder: Path) -> None:
    before = copy(folder, "before")
    (before / "zh" / "results.json").write_text("{")
    assert "无法读取上一版" in reason(folder, previous=before)


# Files


@pytest.mark.parametrize("name", ["zh/notes.txt", "zh/report.ipynb", "all.csv", "fr/report.html", "zh/report.html.bak", "zh/deep/report.html"])  # fmt: skip
def test_a_file_that_is_none_of_a_report_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("x")
    assert name in reason(folder)


def test_a_file_name_that_identifies_is_not_repeated(folder: Path) -> None:
    (folder / f"{IDENTITY}.html").write_text("x")
    assert "不属于报告的文件" in reason(folder)


def test_a_link_is_no_file_of_a_report(folder: Path) -> None:
    (folder / "zh" / "report.html").unlink()
    (folder / "zh" / "report.html").symlink_to(folder / "en" / "report.html")
    assert "不属于报告的文件" in reason(folder)


def test_what_is_missing_is_missed(folder: Path) -> None:
    (folder / "en" / "report.pdf").unlink()
    assert "en/report.pdf" in reason(folder, expected=["en/report.pdf"])
    (folder / "en" / "results.json").unlink()
    assert "en/results.json" in reason(folder)
    shutil.rmtree(folder / "en")
    for name in ("report.html", "report.pdf", "report.xlsx"):
        (folder / "zh" / name).unlink()
    assert "缺少报告文件" in reason(folder)
    shutil.rmtree(folder / "zh")
    assert "没有报告" in reason(folder)


@pytest.mark.parametrize("name", ["report.html", "report.pdf", "report.xlsx", "results.json"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"%PDF-1.7\n", b"PK\x03\x04", b"{}", b"[]"])  # fmt: skip
def test_what_cannot_be_read_is_refused(folder: Path, name: str, content: bytes) -> None:
    (folder / "zh" / name).write_bytes(content)
    assert f"zh/{name}" in reason(folder)


def test_an_audit_that_breaks_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: Any) -> Iterator[Any]:
        raise RuntimeError(IDENTITY)

    monkeypatch.setattr("analysis.release.agreement.check_sameness", breaking)
    assert "RuntimeError" in reason(folder)


# Pages


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://example.org/a.png">', "<img src=//example.org/a.png>",
        '<a href="http://example.org">x</a>', "<style>@import 'https://example.org/a.css'</style>",
        "<style>p{background:url( 'http://example.org/a.png')}</style>", '<a href="mailto:x@example.org">x</a>',
        '<a href="javascript:alert(1)">x</a>', '<iframe srcdoc="x"></iframe>', '<a href="file:///etc/x">x</a>',
        '<img src="data:image/svg+xml;base64,' + base64.b64encode(b'<svg><image href="http://example.org/x"/></svg>').decode() + '">',
    ],
)  # fmt: skip
def test_an_address_in_a_page_is_found(folder: Path, markup: str) -> None:
    page = folder / "en" / "report.html"
    edit(page, lambda html: html.replace(b"</main>", markup.encode() + b"</main>"))
    assert "外部地址" in reason(folder)


# Workbooks


def rewrite(book: bytes, change: Callable[[str, str], str], **more: bytes) -> bytes:
    """Change the parts of a workbook, or add some."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            new.writestr(part, change(part.filename, old.read(part).decode()))
        for name, content in more.items():
            new.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def same(_: str, text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda name, text: re.sub(r'(<sheet [^>]*sheetId="2")', r'\1 state="hidden"', text), "隐藏"),
        (lambda name, text: re.sub(r'(<sheet [^>]*sheetId="2")', r'\1 state="veryHidden"', text), "隐藏"),
        (lambda name, text: text.replace("<row ", '<row hidden="1" ', 1) if "sheet1" in name else text, "隐藏"),
        (lambda name, text: text.replace("<col ", '<col hidden="1" ', 1) if "sheet1" in name else text, "隐藏"),
        (lambda name, text: text.replace("<dc:creator></dc:creator>", "<dc:creator>x</dc:creator>").replace("<dc:creator/>", "<dc:creator>x</dc:creator>"), "作者"),
        (lambda name, text: text.replace("<v>", "<f>1+1</f><v>", 1) if "sheet1" in name else text, "公式"),
        (lambda name, text: text.replace("<t>", f"<t>{IDENTITY[:9]}</t></r><r><t>{IDENTITY[9:]} ", 1) if "shared" in name else text, "身份证件号"),
        (lambda name, text: text.replace("<v>", f"<v>{PHONE}</v><v>", 1) if "sheet4" in name else text, "电话号码"),
    ],
)  # fmt: skip
def test_the_side_channels_of_a_workbook(
    folder: Path, change: Callable[[str, str], str], said: str
) -> None:
    book = folder / "zh" / "report.xlsx"
    before = book.read_bytes()
    edit(book, lambda content: rewrite(content, change))
    assert book.read_bytes() != rewrite(before, same)
    assert said in reason(folder)


@pytest.mark.parametrize("part", ["xl__comments1.xml", "xl__pivotCache__pivotCacheDefinition1.xml", "docProps__custom.xml", "xl__vbaProject.bin", "xl__media__image1.png", "xl__externalLinks__externalLink1.xml"])  # fmt: skip
def test_a_part_that_no_workbook_needs_is_refused(folder: Path, part: str) -> None:
    edit(folder / "zh" / "report.xlsx", lambda content: rewrite(content, same, **{part: b"<x/>"}))
    assert "工作簿中有不应有的部件" in reason(folder)


# Paper


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_reader_of_pdfs_reads_what_a_library_reads(
    files: dict[str, dict[str, bytes]], language: str
) -> None:
    content = files[language]["report.pdf"]
    document = pypdfium2.PdfDocument(content)
    theirs = [page.get_textpage().get_text_range() for page in document]
    ours = "\n".join(text for _, text in paper.read(content).texts)
    words = {word for text in theirs for word in re.findall(r"[\w.,]+", text.replace("\ufffe", ""))}
    lost = {word for word in words if word not in ours}
    # A word that wraps is two in a PDF and one to the library.
    assert len(words) > 60
    assert all(len(word) > 3 for word in lost)
    assert len(lost) <= len(words) // 20


@pytest.mark.parametrize("action", [b"/JavaScript", b"/EmbeddedFile", b"/Launch"])
def test_actions_and_attachments_of_a_pdf_are_refused(folder: Path, action: bytes) -> None:
    page = folder / "zh" / "report.pdf"
    edit(page, lambda content: content.replace(b"/Type/Catalog", b"/Type/Catalog/X" + action + b" 1 "))  # fmt: skip
    assert "动作或附件" in reason(folder)


@pytest.mark.parametrize("mark", [b"/Encrypt", b"/ObjStm"])
def test_a_pdf_of_another_kind_is_refused(folder: Path, mark: bytes) -> None:
    edit(folder / "zh" / "report.pdf", lambda content: content + mark)
    assert "不能审计" in reason(folder)
