"""The index of a folder of reports: complete, searchable, offline, the same every time."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from playwright.sync_api import expect

from analysis.errors import StoreError, UsageError
from analysis.press import site
from analysis.press.atlas import fold

PREFECTURE = {
    "code": "130700",
    "zh": "张家口市",
    "en": "Zhangjiakou City",
    "pinyin": "zhangjiakoushi",
}
HEBEI = {"code": "130000", "zh": "河北省", "en": "Hebei Province", "pinyin": "hebeisheng"}
ZHANGBEI = {"code": "130722", "zh": "张北县", "en": "Zhangbei County", "pinyin": "zhangbeixian"}
XUANHUA = {
    "code": "130705", "zh": "宣化区", "en": "Xuanhua District", "pinyin": "xuanhuaqu",
    "old": ["宣化县", "130721"],
}  # fmt: skip
HOSTILE = {"code": "130723", "zh": '<script>alert("县")</script>', "en": "A & <b>", "pinyin": ""}


def write_report(
    out: Path,
    place: Mapping[str, Any],
    parent: Mapping[str, Any] = PREFECTURE,
    *,
    year: int = 2021,
    languages: tuple[str, ...] = ("zh", "en"),
    edition: int = 1,
    grade: str = "A",
    synthetic: bool = False,
) -> Path:
    """Write what the press writes of one report, its large files cut short."""
    folder = out / "public" / str(year) / place["code"]
    cell = {"key": f"grade||grade|{grade}|{year}", "value": 1.0, "n_unit": "", "flag": ""}
    files = []
    for language in languages:
        proof = {
            "county": place["code"], "year": year, "audience": "public", "language": language,
            "place": {"old": [], **place}, "parent": dict(parent), "data": {"synthetic": synthetic},
        }  # fmt: skip
        blocks = [{"id": "quality", "cells": [cell] if grade else []}]
        says = {"schema": 1, "language": language, "sentinels": [proof], "blocks": blocks}
        contents = {
            "report.html": b"<!DOCTYPE html>" + b"." * 2048, "report.pdf": b"%PDF-" + b"." * 3000000,
            "report.xlsx": b"PK" + b"." * 4096, "results.json": json.dumps(says).encode(),
        }  # fmt: skip
        for name, content in contents.items():
            path = folder / language / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            files.append({"path": f"{language}/{name}", "sha256": digest, "bytes": len(content)})
    manifest = {
        "schema": 1, "county": place["code"], "year": year, "audience": "public",
        "names": {"zh": place["zh"], "en": place["en"]}, "edition": edition, "run": "abc",
        "files": files,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def write_failures(out: Path, *failures: Mapping[str, Any], year: int = 2021) -> None:
    plain = {"schema": 1, "failures": list(failures)}
    (out / "public" / str(year)).mkdir(parents=True, exist_ok=True)
    (out / "public" / str(year) / "failures.json").write_text(json.dumps(plain), encoding="utf-8")


def failure(code: str, zh: str, en: str, kind: str = "NameError") -> dict[str, Any]:
    return {
        "county": code, "names": {"zh": zh, "en": en}, "kind": kind, "zh": "第 4 个单元格：NameError",
        "en": "cell 4: NameError", "language": "zh", "chapter": "balance", "cell": 4,
    }  # fmt: skip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Make a site's folder: a prefecture and two counties, one failed and one failed again."""
    out = tmp_path / "reports"
    write_report(out, PREFECTURE, HEBEI, grade="")
    write_report(out, ZHANGBEI, edition=2)
    write_report(out, ZHANGBEI, year=2020, languages=("zh",))
    write_report(out, XUANHUA, grade="C", synthetic=True)
    write_failures(
        out, failure("130730", "怀来县", "Huailai County"), failure("130705", "宣化区", "X")
    )
    return out


def rows(page: Path) -> dict[tuple[str, str], html.HtmlElement]:
    tree = html.fromstring(page.read_bytes())
    return {
        (row.get("data-code"), row.get("data-year")): row
        for row in tree.iter("tr")
        if row.get("data-code")
    }


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_every_report_is_listed_with_its_files(out: Path) -> None:
    page = site.build(out)
    assert page == out / "index.html"
    listed = rows(page)
    assert list(listed) == [
        ("130700", "2021"), ("130705", "2021"), ("130722", "2021"), ("130722", "2020"),
        ("130730", "2021"),
    ]  # fmt: skip
    row = listed["130722", "2021"]
    links = [link.get("href") for link in row.iter("a")]
    assert links == [
        f"public/2021/130722/{language}/{name}"
        for language in ("zh", "en")
        for name in ("report.html", "report.pdf", "report.xlsx", "results.json")
    ]
    assert all((out / link).is_file() for link in links)
    assert words(row) == (
        "张北县 130722 中文 HTML 2 KB PDF 2.9 MB XLSX 4 KB JSON 1 KB"
        " 英文 HTML 2 KB PDF 2.9 MB XLSX 4 KB JSON 1 KB 2021学年 修订（第2版） A"
    )
    assert len(list(listed["130722", "2020"].iter("a"))) == 4


def test_status_and_grade(out: Path) -> None:
    listed = rows(site.build(out))
    cells = {
        code: [words(td) for td in row.iter("td")]
        for (code, year), row in listed.items()
        if year == "2021"
    }
    assert cells["130700"][2:] == ["正式", "—"]
    assert cells["130705"][2:] == ["上一次的报告（本次未能更新） 模拟", "C"]
    assert cells["130730"] == ["—", "2021学年", "缺：未生成", "—"]


def test_what_failed_is_said_with_its_class(out: Path) -> None:
    tree = html.fromstring(site.build(out).read_bytes())
    (table,) = tree.xpath('//section[@aria-labelledby="failed"]//tbody')
    lines = [words(row) for row in table.iter("tr")]
    assert [line.split()[:2] for line in lines] == [["宣化区", "130705"], ["怀来县", "130730"]]
    assert all("NameError 第 4 个单元格：NameError" in line for line in lines)


def test_a_missing_county_stands_among_its_neighbours(out: Path) -> None:
    row = rows(site.build(out))["130730", "2021"]
    assert row.xpath("ancestor::section[@class='place']/@data-prefecture") == ["130700"]


def test_prefecture_comes_first_and_the_province_is_known(out: Path) -> None:
    tree = html.fromstring(site.build(out).read_bytes())
    (section,) = tree.xpath("//section[@class='place']")
    assert section.get("data-province-name") == "河北省"
    assert words(section.find("h3")) == "河北省 张家口市（5条）"


def test_given_places_name_the_province_and_the_missing(out: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "reports"
    write_report(other, ZHANGBEI)
    write_failures(other, failure("431381", "冷水江市", "Lengshuijiang City"))
    places = {
        "100000": {"zh": "中国", "en": "China", "level": "country", "parent": ""},
        "130000": {**HEBEI, "level": "province", "parent": "100000"},
        "130700": {**PREFECTURE, "level": "prefecture", "parent": "130000"},
        "430000": {"zh": "湖南省", "en": "Hunan", "level": "province", "parent": "100000"},
        "431300": {"zh": "娄底市", "en": "Loudi", "level": "prefecture", "parent": "430000"},
        "431381": {"zh": "冷水江市", "en": "Lengshuijiang", "level": "county", "parent": "431300"},
        "429004": {"zh": "仙桃市", "en": "Xiantao", "level": "county", "parent": "420000"},
        "420000": {"zh": "湖北省", "en": "Hubei", "level": "province", "parent": "100000"},
    }
    write_report(
        other,
        {"code": "429004", "zh": "仙桃市", "en": "Xiantao"},
        places["420000"] | {"code": "420000"},
    )
    tree = html.fromstring(site.build(other, places=places).read_bytes())
    sections = tree.xpath("//section[@class='place']")
    assert [(s.get("data-province-name"), s.get("data-prefecture-name")) for s in sections] == [
        ("河北省", "张家口市"), ("湖北省", "湖北省"), ("湖南省", "娄底市"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query", ["张北", "zhangbei", "zbx", "130722", "Zhangbei County", "ZHANG", "１３０７２２"]
)
def test_search_text_holds_what_a_place_is_called(out: Path, query: str) -> None:
    row = rows(site.build(out))["130722", "2021"]
    assert fold(query) in row.get("data-find")


def test_former_names_and_codes_are_found(out: Path) -> None:
    found = rows(site.build(out))["130705", "2021"].get("data-find")
    assert "宣化县" in found
    assert "130721" in found


def test_made_data_are_not_called_final(tmp_path: Path) -> None:
    write_report(tmp_path, ZHANGBEI, synthetic=True)
    cell = list(rows(site.build(tmp_path))["130722", "2021"].iter("td"))[2]
    assert words(cell) == "模拟"
    cell = list(rows(tmp_path / "index.en.html")["130722", "2021"].iter("td"))[2]
    assert words(cell) == "Synthetic"


@pytest.mark.parametrize(
    ("old", "said"),
    [
        (["崇礼县", "130733"], "曾用名：崇礼县（原代码130733）"),
        (["130733"], "原代码：130733"),
        (["甲县", "130001", "乙县"], "曾用名：甲县（原代码130001）、乙县"),
        (["130001", "甲县", "130002"], "曾用名：甲县（原代码130002）；原代码：130001"),
    ],
)
def test_former_names_stand_with_their_codes(tmp_path: Path, old: list[str], said: str) -> None:
    write_report(tmp_path, {**XUANHUA, "old": old})
    row = rows(site.build(tmp_path))["130705", "2021"]
    assert words(row.find_class("former")[0]) == said


def test_former_names_are_found_by_pinyin(out: Path) -> None:
    """Xuan and hua are read as in the name of today, xian as in that of a neighbour."""
    found = rows(site.build(out))["130705", "2021"].get("data-find")
    assert {"xuanhuaxian", "xhx"} <= set(found.split("|"))


def test_the_pages_own_language_comes_first_and_machines_find_their_list(out: Path) -> None:
    site.build(out)
    for name, first in (("index.html", "zh"), ("index.en.html", "en")):
        row = rows(out / name)["130722", "2021"]
        spoken = [link.get("href").split("/")[3] for link in row.iter("a")]
        assert spoken[0] == first
        assert spoken == sorted(spoken, key=lambda language: language != first)
        links = [a.get("href") for a in html.fromstring((out / name).read_bytes()).iter("a")]
        assert "releases.json" in links


def test_page_is_offline_and_allows_one_script(out: Path) -> None:
    for name in ("index.html", "index.en.html"):
        site.build(out)
        source = (out / name).read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=[\"']?(?:[a-z]+:)?//", source)
        assert len(re.findall("<script", source)) == 1
        assert not re.search(r"\son[a-z]+=|javascript:|\sstyle=", source)
        policy = re.search(r"Content-Security-Policy\" content=\"([^\"]+)", source).group(1)
        for tag, directive in (("script", "script-src"), ("style", "style-src")):
            body = re.search(f"<{tag}>(.*)</{tag}>", source, re.DOTALL).group(1)
            digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
            assert f"{directive} 'sha256-{digest}'" in policy.replace("&#39;", "'")
        assert "default-src 'none'" in policy


def test_english_page_speaks_english(out: Path) -> None:
    site.build(out)
    tree = html.fromstring((out / "index.en.html").read_bytes())
    assert tree.get("lang") == "en-GB"
    shown = words(tree.find("body")).replace(tree.findtext(".//script") or "", "")
    assert "JSON 1 KB 2021/22 Revised (edition 2) A Zhangbei County 130722 Chinese HTML" in shown
    assert shown.index("English HTML") < shown.index("Chinese HTML")
    assert "Missing: not produced" in shown


def test_synthetic_data_are_called_so(out: Path) -> None:
    tree = html.fromstring(site.build(out).read_bytes())
    assert words(tree.find_class("banner")[0]).startswith(
        "模拟数据 / Synthetic data 标有“模拟”的报告"
    )
    assert [words(mark) for mark in tree.find_class("mark")] == ["模拟"]


def test_real_data_have_no_banner(tmp_path: Path) -> None:
    write_report(tmp_path, ZHANGBEI)
    assert html.fromstring(site.build(tmp_path).read_bytes()).find_class("banner") == []


def test_names_are_escaped(tmp_path: Path) -> None:
    write_report(tmp_path, HOSTILE)
    page = site.build(tmp_path)
    assert "<script>alert" not in page.read_text(encoding="utf-8")
    assert HOSTILE["zh"] in words(rows(page)["130723", "2021"])


def test_the_same_folder_gives_the_same_bytes(out: Path, tmp_path: Path) -> None:
    names = ("index.html", "index.en.html", "releases.json")
    site.build(out)
    first = [(out / name).read_bytes() for name in names]
    elsewhere = tmp_path / "另一处 with space"
    out.rename(elsewhere)
    site.build(elsewhere)
    assert [(elsewhere / name).read_bytes() for name in names] == first
    assert not list(elsewhere.glob(".*"))


def test_releases_list_the_hashes(out: Path) -> None:
    site.build(out)
    releases = json.loads((out / "releases.json").read_text(encoding="utf-8"))["reports"]
    assert [(each["code"], each["year"]) for each in releases] == [
        ("130700", 2021), ("130705", 2021), ("130722", 2021), ("130722", 2020), ("130730", 2021),
    ]  # fmt: skip
    for each in releases:
        for file in each["files"]:
            content = (out / file["path"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert releases[-1]["files"] == []
    assert releases[-1]["failure"]["kind"] == "NameError"


def test_a_file_that_is_gone_is_not_linked(out: Path) -> None:
    (out / "public/2021/130722/en/report.pdf").unlink()
    links = [link.get("href") for link in rows(site.build(out))["130722", "2021"].iter("a")]
    assert "public/2021/130722/en/report.pdf" not in links
    assert len(links) == 7


@pytest.mark.parametrize("name", ["internal", "superior"])
def test_refuses_a_folder_with_other_audiences(out: Path, name: str) -> None:
    (out / name).mkdir()
    with pytest.raises(UsageError, match="not public"):
        site.build(out)
    assert not (out / "index.html").exists()


def test_refuses_a_folder_without_reports(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no public report"):
        site.build(tmp_path)


def test_says_which_file_cannot_be_read(out: Path) -> None:
    path = out / "public/2021/130722/manifest.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"130722.manifest\.json"):
        site.build(out)


def test_the_whole_country_takes_seconds(tmp_path: Path, project_root: Path) -> None:
    counties = write_country(tmp_path, project_root)
    start = time.monotonic()
    page = site.build(tmp_path)
    assert time.monotonic() - start < 20
    assert len(rows(page)) == counties > 2800
    assert page.stat().st_size < 8_000_000


def write_country(out: Path, project_root: Path) -> int:
    """Write a report of each county of the region list, without the large files."""
    with (project_root / "data/reference/regions.csv").open(encoding="utf-8") as stream:
        places = {place["code"]: place for place in csv.DictReader(stream)}
    counties = [place for place in places.values() if place["level"] == "county"]
    for place in counties:
        folder = out / "public" / "2021" / place["code"] / "zh"
        folder.mkdir(parents=True)
        proof = {"place": place, "parent": places[place["parent"]], "data": {"synthetic": True}}
        says = {"sentinels": [proof], "blocks": []}
        (folder / "results.json").write_text(json.dumps(says), encoding="utf-8")
        files = [{"path": "zh/results.json", "sha256": "0" * 64, "bytes": 90_000}]
        about = {"county": place["code"], "year": 2021, "edition": 1, "run": "x", "files": files}
        (folder.parent / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    return len(counties)


@pytest.fixture
def page_of(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a page in a context of its own; every request that is not of the file is a fault."""
    contexts = []

    def open_page(
        path: Path, *, scripts: bool = True, width: int = 1200, bypass: bool = False
    ) -> Any:
        context = chromium.new_context(
            java_script_enabled=scripts,
            viewport={"width": width, "height": 900},
            bypass_csp=bypass,
        )
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("request", lambda r: r.url == path.as_uri() or page.faults.append(r.url))
        page.on("console", lambda m: page.faults.append(m.text))
        page.on("pageerror", lambda e: page.faults.append(str(e)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def shown(page: Any) -> list[str]:
    """Give the codes and years of the rows that can be seen."""
    return page.locator("tr[data-find]").evaluate_all(
        "rows => rows.filter(row => row.checkVisibility())"
        ".map(row => `${row.dataset.code} ${row.dataset.year}`)"
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("张北", ["130722 2021", "130722 2020"]),
        ("ZHANG bei", ["130722 2021", "130722 2020"]),
        ("zbx", ["130722 2021", "130722 2020"]),
        ("１３０７０５", ["130705 2021"]),
        ("宣化县", ["130705 2021"]),
        ("130721", ["130705 2021"]),
        ("hlx", []),
    ],
)
def test_search_in_a_browser(
    out: Path, page_of: Callable[..., Any], query: str, codes: list[str]
) -> None:
    page = page_of(site.build(out))
    page.fill("#query", query)
    assert shown(page) == codes
    assert page.inner_text("#found") == f"共5条，符合条件的有{len(codes)}条。"
    assert page.is_visible("#none") == (not codes)
    page.click("button[type=reset]")
    expect(page.locator("tr[data-find][hidden]")).to_have_count(0)
    assert len(shown(page)) == 5
    assert page.faults == []


@pytest.mark.browser
def test_filters_in_a_browser(out: Path, page_of: Callable[..., Any]) -> None:
    """Province opens prefecture, prefecture opens county; the year cuts across."""
    dalian = {"code": "210200", "zh": "大连市", "en": "Dalian City", "pinyin": "dalianshi"}
    liaoning = {"code": "210000", "zh": "辽宁省", "en": "Liaoning", "pinyin": "liaoningsheng"}
    write_report(out, dalian, liaoning)
    write_report(out, {"code": "210202", "zh": "中山区", "en": "Zhongshan"}, dalian)
    page = page_of(site.build(out))
    assert page.is_disabled("#county")
    page.select_option("#province", label="辽宁省")
    assert shown(page) == ["210200 2021", "210202 2021"]
    assert page.locator("#prefecture option").all_inner_texts() == ["全部", "大连市"]
    page.select_option("#county", label="中山区")
    assert shown(page) == ["210202 2021"]
    page.select_option("#province", label="河北省")
    assert page.input_value("#county") == ""
    page.select_option("#year", "2020")
    assert shown(page) == ["130722 2020"]
    assert page.faults == []


@pytest.mark.browser
def test_the_list_reads_without_scripts(out: Path, page_of: Callable[..., Any]) -> None:
    page = page_of(site.build(out), scripts=False)
    assert not page.is_visible("#find")
    assert page.locator("tr[data-find]").count() == 5
    assert page.locator("tr[data-find] >> nth=0").is_visible()
    page.click("nav a >> text=张家口市")
    assert page.url.endswith("#p130700")
    page.click("tr[data-code='130722'] a >> nth=0")
    assert page.url.endswith("public/2021/130722/zh/report.html")


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("name", ["index.html", "index.en.html"])
def test_no_accessibility_violation(
    out: Path, page_of: Callable[..., Any], axe: str, name: str, width: int
) -> None:
    site.build(out)
    page = page_of(out / name, width=width, bypass=True)
    page.evaluate(axe)
    violations = page.evaluate("axe.run().then(result => result.violations)")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_the_whole_country_stays_usable(
    tmp_path: Path, project_root: Path, page_of: Callable[..., Any]
) -> None:
    write_country(tmp_path, project_root)
    page = page_of(site.build(tmp_path))
    start = time.monotonic()
    page.fill("#query", "张北")
    assert shown(page) == ["130722 2021"]
    page.fill("#query", "")
    assert page.inner_text("#found").startswith("共2")
    assert time.monotonic() - start < 5
    assert page.faults == []
