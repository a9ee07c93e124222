"""A finding made by hand, with names that try to break out, before the real gate."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis import i18n
from analysis.display import View
from analysis.finding import Cell, Check, Finding, Indicator, Name, Note, Origin, tidy
from analysis.release import release

HOSTILE = '甲|乙 # $x$ _a_ {{7*7}} "b" \\ <script>alert(1)</script>'
COUNTY = "130722"
SCHOOLS = {"a": HOSTILE, "b": "第二小学", "c": "_丙小学", "d": "丁小学", "e": "戊小学"}

CATALOGUE = """
[headline.most]
zh = "{county}{stage}师资差异系数为{cv:3}⟦，最大的是{school}⟧。"
en = "the {stage} coefficient of {county} is {cv:3}⟦, most in {school}⟧."

[rule.coefficient]
zh = "“{indicator}”差异系数不高于{limit:g}"
en = "Coefficient of “{indicator}” at or below {limit:g}"

[rule.school]
zh = "达到标准"
en = "Meets the threshold"

[reason.small]
zh = "规模过小"
en = "too small"

[figure.strips.title]
zh = "多数学校达到标准"
en = "Most schools reach the threshold"

[box.note]
zh = "附注"
en = "Notes"

[note.one]
zh = "第一条。"
en = "One."
[note.two]
zh = "第二条。"
en = "Two."
[note.three]
zh = "第三条。"
en = "Three."
[note.four]
zh = "第四条。"
en = "Four."
"""

INDICATORS = (
    Indicator("staff", "每百名学生教师数", "Teachers per 100 pupils", "per_100_pupils", "P0",
              "higher", digits=2, source="测试文件第1条〔M〕"),
    Indicator("rooms", "生均校舍面积", "Rooms per pupil", "m2_per_pupil", "P0", "higher",
              digits=1, source="测试文件第2条〔V〕"),
    Indicator("staff.coefficient", "教师差异系数", "Coefficient of teachers", "coefficient", "P0",
              "lower", "sensitivity", digits=3),
    Indicator("rooms.coefficient", "校舍差异系数", "Coefficient of rooms", "coefficient", "P0",
              "lower", "sensitivity", digits=3),
    Indicator("staff.share", "对差异的贡献", "Share of the difference", "share", "P0", digits=0),
    Indicator("staff.gap", "还差教师", "Teachers lacking", "gap", "P0", "lower", digits=0),
    Indicator("schools_met", "达标学校比例", "Schools that meet", "share", "P0", "higher",
              digits=0),
    Indicator("excluded", "不计入学校的在校生", "Pupils of schools left out", "pupils", "P0",
              digits=0),
    Indicator("schools", "学校数", "Schools", "schools", "P0", digits=0),
    Indicator("boarders", "寄宿生", "Boarders", "pupils", "P1", digits=0),
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Add the sample question's sentences to the catalogue, as a new question would."""
    folder = tmp_path_factory.mktemp("locale")
    shutil.copytree(i18n.LOCALE, folder, dirs_exist_ok=True)
    (folder / "sample.toml").write_text(CATALOGUE, encoding="utf-8")
    before = i18n.LOCALE
    i18n.LOCALE = folder
    i18n.catalogue.cache_clear()
    yield
    i18n.LOCALE = before
    i18n.catalogue.cache_clear()


def _rows(stage: str) -> list[dict[str, Any]]:
    base = {"stage": stage, "at": "2021", "n_unit": "schools"}
    shift = 0.0 if stage == "primary" else 1.0
    staff = dict(zip(SCHOOLS, (3.9, 4.1, 4.2, 5.0, 6.5), strict=True))
    rooms = dict(zip(SCHOOLS, (4.0, 4.4, 5.5, 6.0, 7.0), strict=True))
    rows: list[dict[str, Any]] = [
        {**base, "indicator": "staff", "value": 4.83 + shift, "n": 5},
        {**base, "indicator": "rooms", "value": 5.4 + shift, "n": 5, "flag": "p"},
        {**base, "indicator": "staff", "by": "limit", "subject": "threshold", "value": 4.2},
        {**base, "indicator": "staff.coefficient", "value": 0.5004, "value_low": 0.48,
         "value_high": 0.53, "interval_kind": "sensitivity", "n": 5},
        {**base, "indicator": "staff.coefficient", "by": "limit", "subject": "coefficient",
         "value": 0.5},
        {**base, "indicator": "rooms.coefficient", "value": 0.21, "value_low": 0.2,
         "value_high": 0.23, "interval_kind": "sensitivity", "n": 5},
        {**base, "indicator": "staff.gap", "value": 1234.0, "numerator": 2},
        {**base, "indicator": "schools_met", "value": 0.6, "numerator": 3, "denominator": 5},
        {**base, "indicator": "excluded", "by": "school", "subject": "e", "value": 42.0, "n": 1},
    ]  # fmt: skip
    for indicator, values in (("staff", staff), ("rooms", rooms)):
        rows += [
            {**base, "indicator": indicator, "by": "school", "subject": school, "value": value,
             "n": 1}
            for school, value in values.items()
        ]  # fmt: skip
    rows += [
        {**base, "indicator": "staff.share", "by": "school", "subject": school, "value": value}
        for school, value in zip(SCHOOLS, (0.4, 0.3, 0.0004, 0.1, 0.1996), strict=True)
    ]
    for year, value in (("2017", 0.4), ("2018", 0.41), ("2020", 0.45)):
        rows.append({**base, "indicator": "staff.coefficient", "at": year, "value": value})
    return rows


def _checks(stage: str) -> tuple[Check, ...]:
    school = tuple(
        Check("met", stage, "school", s, "2021", "sample.rule.school", 4.2,
              "met" if s in "cde" else "not_met")
        for s in SCHOOLS
    )  # fmt: skip
    return (
        Check("staff.coefficient", stage, "", "", "2021", "sample.rule.coefficient", 0.5,
              "not_met"),
        Check("rooms.coefficient", stage, "", "", "2021", "sample.rule.coefficient", 0.5, "met"),
        Check("excluded", stage, "school", "e", "2021", "sample.rule.school", float("nan"),
              "not_applicable", "sample.reason.small"),
        *school,
    )  # fmt: skip


def _notes(stage: str) -> tuple[Note, ...]:
    values = {
        "county": Name("county", COUNTY),
        "stage": Name("stage", stage),
        "cv": Cell("staff.coefficient", stage, at="2021"),
        "school": Name("school", "a"),
    }
    return (
        Note("sample.headline.most", values, stage),
        Note("sample.figure.strips.title", {}, stage),
        *(Note(f"sample.note.{n}", {}, stage) for n in ("one", "two", "three", "four")),
    )


@pytest.fixture(scope="session")
def finding() -> Finding:
    """Two stages, five schools, a coefficient that rounds to its limit and is above it."""
    plain = [
        {"indicator": "schools", "by": "kind", "subject": "211", "value": 4, "at": "2021"},
        {"indicator": "schools", "by": "kind", "subject": "218", "value": 1, "at": "2021"},
        {"indicator": "boarders", "at": "2021", "value": 7.0, "n": 7, "n_unit": "pupils"},
    ]
    stages = ("primary", "junior")
    return Finding(
        name="sample",
        county=COUNTY,
        year=2021,
        table=tidy([*plain, *(row for stage in stages for row in _rows(stage))]),
        indicators=INDICATORS,
        labels={
            "county": {COUNTY: {"zh": "张北县", "en": "Zhangbei County"}},
            "school": {code: {"zh": name, "en": name} for code, name in SCHOOLS.items()},
            "stage": {
                "primary": {"zh": "小学", "en": "primary"},
                "junior": {"zh": "初中", "en": "junior secondary"},
            },
            "kind": {"211": {"zh": "小学", "en": "primary school"},
                     "218": {"zh": "教学点", "en": "teaching point"}},
            "measure": {"staff": {"zh": "名", "en": "teachers"}},
        },
        checks=tuple(check for stage in stages for check in _checks(stage)),
        notes=tuple(note for stage in stages for note in _notes(stage)),
        origin=Origin("测试局", "Test bureau", "2021-09-01", synthetic=True),
    )  # fmt: skip


@pytest.fixture
def look(finding: Finding) -> Callable[..., View]:
    """Give a function that makes the view of the sample, or of a finding given."""

    def make(audience: str = "internal", language: str = "zh", of: Finding | None = None) -> View:
        return View(release(of or finding, audience), language)  # type: ignore[arg-type]

    return make


@pytest.fixture
def passport() -> dict[str, Any]:
    """What a county says of itself."""
    names = {"code": COUNTY, "zh": "张北县", "en": "Zhangbei County", "pinyin": "zhangbeixian"}
    return {
        "place": {**names, "old": []},
        "parent": {"code": "130700", "zh": "张家口市", "en": "Zhangjiakou", "pinyin": "x"},
        "year": 2021,
        "partitions": ["tables/schools/county=130722/year=2021"],
        "run": "0123456789abcdef",
        "data": {"source_zh": "测试局", "source_en": "Test bureau", "as_of": "2021-09-01",
                 "synthetic": True, "names_public": False},
    }  # fmt: skip


@pytest.fixture(scope="session")
def shipped_font() -> Path:
    """The sans font that drawings use."""
    import pylopdf_fonts_zh_cn

    return Path(pylopdf_fonts_zh_cn.sans_path())
