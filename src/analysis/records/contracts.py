"""What may come in: every table declared once.

From one declaration come validation (pandera), the data dictionary (`data/README.md`), the
template workbooks for bureaus, the bounds of the synthetic data and what the gate treats as
personal. A column says what it holds, in which unit and bounds, its names, its privacy class and
`known_at`: when in the school year the value exists, so that no model sees the future.

A school year is named by the calendar year in which it begins: 2021 is September 2021 to August
2022. Enrolment, staff and assets are counted at its beginning (1 September).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import pandas as pd
import pandera.pandas as pa

from analysis.finding import Privacy

Kind = Literal["text", "code", "count", "number", "year", "date", "flag"]
KnownAt = Literal["year_start", "year_end", "calendar_year_end", "always"]
"""``year_start``: 1 September; ``year_end``: 31 August; ``calendar_year_end``: 31 December."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    id
        Name in the store, ``snake_case``, suffix by meaning (``_n``, ``_m2``, ``_yuan``).
    zh, en
        Header in templates and dictionary. Other headers that are understood are data:
        ``data/reference/aliases.toml``.
    kind
        How the text of a file becomes a value. ``code`` takes the values of `codes` (a list of
        ``data/reference/codes.toml``), or any text of the `pattern`. ``flag`` is yes or no.
    unit
        Key of a unit in ``locale/units.toml``.
    low, high
        Bounds, inclusive.
    required
        An empty cell is a fault.
    privacy
        P0 fact of an institution … P3 direct identifier or free text.
    known_at
        When the value exists.
    """

    id: str
    zh: str
    en: str
    kind: Kind
    unit: str = ""
    low: float | None = None
    high: float | None = None
    required: bool = False
    codes: str = ""
    pattern: str = ""
    privacy: Privacy = "P3"
    known_at: KnownAt = "year_start"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, what makes a row unique, and what it is."""

    id: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    about_zh: str
    about_en: str
    optional: bool = False

    def __getitem__(self, id: str) -> Column:
        return next(column for column in self.columns if column.id == id)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.id for column in self.columns)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Columns of class P3, which only the identity store holds."""
        return tuple(column.id for column in self.columns if column.privacy == "P3")


DTYPES: Mapping[Kind, str] = MappingProxyType(
    {
        "text": "string", "code": "string", "count": "Int64", "number": "Float64",
        "year": "Int64", "date": "string", "flag": "boolean",
    }
)  # fmt: skip
"""Dtype of each kind in memory; every one of them can be missing."""

SCHOOL_PATTERN = r"[0-9A-Za-z-]{3,20}"
COUNTY_PATTERN = r"\d{5,6}"


def schema(table: Table, *, stored: bool = False) -> pa.DataFrameSchema:
    """Make the pandera schema of a table.

    Parameters
    ----------
    table
        The declaration.
    stored
        The table as the store keeps it: identifiers gone, their place taken by ``pseudonym``.
    """
    columns = {
        column.id: pa.Column(
            DTYPES[column.kind], checks=_checks(column), nullable=not column.required
        )
        for column in table.columns
        if not (stored and column.privacy == "P3")
    }
    if stored and table.identifiers:
        columns["pseudonym"] = pa.Column("string", nullable=False)
    key = list(stored_key(table)) if stored else list(table.key)
    return pa.DataFrameSchema(columns, unique=key, strict=True, name=table.id)


def stored_key(table: Table) -> tuple[str, ...]:
    """Give the key of a table as the store keeps it."""
    if not table.identifiers:
        return table.key
    rest = tuple(name for name in table.key if name not in table.identifiers)
    return ("pseudonym", *rest)


def empty(table: Table) -> pd.DataFrame:
    """Make an empty frame with the stored columns and dtypes of a table."""
    columns = {c.id: DTYPES[c.kind] for c in table.columns if c.privacy != "P3"}
    if table.identifiers:
        columns["pseudonym"] = "string"
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


def _checks(column: Column) -> list[pa.Check]:
    checks = []
    if column.low is not None:
        checks.append(pa.Check.ge(column.low))
    if column.high is not None:
        checks.append(pa.Check.le(column.high))
    if column.pattern:
        checks.append(pa.Check.str_matches(rf"(?:{column.pattern})$"))
    return checks


def _school(id: str = "school", zh: str = "学校标识码", en: str = "School code") -> Column:
    return Column(id, zh, en, "text", required=True, pattern=SCHOOL_PATTERN, privacy="P0",
                  known_at="always")  # fmt: skip


_COUNTY = Column("county", "县级区划代码", "County code", "text", required=True,
                 pattern=COUNTY_PATTERN, privacy="P0", known_at="always")  # fmt: skip
_YEAR = Column("year", "学年", "School year (autumn)", "year", required=True, low=1980, high=2100,
               privacy="P0", known_at="always")  # fmt: skip
_STAGE = Column("stage", "学段", "Stage", "code", required=True, codes="stage", privacy="P0",
                known_at="always")  # fmt: skip


def _count(id: str, zh: str, en: str, unit: str, *, high: float = 30_000, required: bool = False) -> Column:  # fmt: skip
    return Column(id, zh, en, "count", unit=unit, low=0, high=high, required=required, privacy="P0")


def _amount(id: str, zh: str, en: str, unit: str, high: float) -> Column:
    return Column(id, zh, en, "number", unit=unit, low=0, high=high, privacy="P0")


def _person(id: str, zh: str, en: str, kind: Kind, *, codes: str = "", privacy: Privacy = "P1",
            low: float | None = None, high: float | None = None, required: bool = False,
            pattern: str = "") -> Column:  # fmt: skip
    return Column(id, zh, en, kind, codes=codes, privacy=privacy, low=low, high=high,
                  required=required, pattern=pattern)  # fmt: skip


COUNTIES = Table(
    "counties", "县级情况", "Counties", ("county", "year"),
    (
        _COUNTY,
        _YEAR,
        _count("schools_expected_n", "应报学校数", "Schools that should report", "schools",
               high=5_000),
        _count("primary_pupils_n", "小学在校生总数", "Primary pupils in all", "pupils",
               high=1_000_000),
        _count("junior_pupils_n", "初中在校生总数", "Junior secondary pupils in all", "pupils",
               high=1_000_000),
        Column("as_of", "数据截止日期", "Date of the data", "date", privacy="P0"),
    ),
    "县级教育事业统计总数，用来核对各校填报数是否齐全。",
    "County totals of the education statistics, to reconcile what schools report.",
    optional=True,
)  # fmt: skip

SCHOOLS = Table(
    "schools", "学校基本情况", "Schools", ("school", "year"),
    (
        _school(),
        _COUNTY,
        _YEAR,
        Column("name_zh", "学校名称", "School name", "text", required=True, privacy="P0"),
        Column("name_en", "学校英文名称", "School name in English", "text", privacy="P0"),
        Column("township", "所在乡镇", "Township", "text", privacy="P0"),
        Column("kind", "办学类型", "Type of school", "code", required=True, codes="kind",
               privacy="P0"),
        Column("zone", "城乡类型", "Urban or rural", "code", codes="zone", privacy="P0"),
        Column("owner", "举办者", "Run by", "code", codes="owner", privacy="P0"),
        Column("opened", "建校年份", "Year opened", "year", low=1800, high=2100, privacy="P0",
               known_at="always"),
    ),
    "每所学校每学年一行；学校类型、城乡类型可逐年变化。",
    "One row a school and year; type and location may change over the years.",
)  # fmt: skip

SUCCESSIONS = Table(
    "successions", "学校沿革", "Succession of schools", ("school", "year", "successor"),
    (
        _school("school", "原学校标识码", "School code before"),
        _COUNTY,
        _YEAR,
        _school("successor", "现学校标识码", "School code after"),
        Column("event", "变动类型", "What happened", "code", required=True, codes="event",
               privacy="P0"),
    ),
    "换码、合并、撤并与分设：一所学校的标识码随类型改变，逐年比较须按沿革连接。",
    "Recoding, merger and split: a school's code changes with its type, so years are joined here.",
    optional=True,
)  # fmt: skip

SCHOOL_YEARS = Table(
    "school_years", "分学段办学情况", "Schools by stage", ("school", "year", "stage"),
    (
        _school(),
        _COUNTY,
        _YEAR,
        _STAGE,
        _count("pupils_n", "在校生数", "Pupils", "pupils", required=True),
        _count("boarders_n", "寄宿生数", "Boarders", "pupils"),
        _count("classes_n", "班数", "Classes", "classes", high=500),
        _amount("teachers_n", "专任教师数", "Full-time teachers", "teachers", 3_000),
        _count("teachers_graduate_n", "研究生学历教师数", "Teachers with a graduate degree",
               "teachers", high=3_000),
        _count("teachers_bachelor_n", "本科学历教师数", "Teachers with a bachelor's degree",
               "teachers", high=3_000),
        _count("teachers_associate_n", "专科学历教师数", "Teachers with an associate degree",
               "teachers", high=3_000),
        _count("teachers_backbone_n", "县级以上骨干教师数",
               "Backbone teachers of county rank or higher", "teachers", high=3_000),
        _count("teachers_pe_n", "体育专任教师数", "Physical education teachers", "teachers",
               high=3_000),
        _count("teachers_music_n", "音乐专任教师数", "Music teachers", "teachers", high=3_000),
        _count("teachers_fine_art_n", "美术专任教师数", "Fine art teachers", "teachers",
               high=3_000),
        _count("teachers_arts_n", "艺术专任教师数", "Arts teachers (general)", "teachers",
               high=3_000),
        _count("teachers_shared_pe_arts_n", "体育艺术走教兼职教师数",
               "Shared and part-time PE and arts teachers", "teachers", high=3_000),
        _count("teachers_midlevel_n", "中级以上职称教师数", "Teachers of middle rank or higher",
               "teachers", high=3_000),
    ),
    "每所学校每学年每个学段一行：在校生、班级和专任教师。一贯制学校各学段分行。",
    "One row a school, year and stage: pupils, classes, full-time teachers.",
)  # fmt: skip

RESOURCES = Table(
    "resources", "办学条件", "School resources", ("school", "year"),
    (
        _school(),
        _COUNTY,
        _YEAR,
        _amount("teaching_area_m2", "教学及辅助用房面积", "Teaching and auxiliary rooms", "m2",
                500_000),
        _amount("indoor_sports_area_m2", "室内体育用房面积", "Indoor sports rooms", "m2",
                100_000),
        _amount("sports_ground_m2", "运动场地面积", "Sports grounds", "m2", 1_000_000),
        _amount("equipment_yuan", "教学仪器设备值", "Teaching equipment, book value", "yuan",
                1e9),
        _count("multimedia_rooms_n", "网络多媒体教室数", "Networked multimedia classrooms", "rooms",
               high=2_000),
        _count("computers_n", "计算机台数", "Computers", "units", high=50_000),
        _count("books_n", "图书册数", "Books", "books", high=5_000_000),
        _amount("spending", "教育支出", "Current spending", "currency", 1e11),
    ),
    "每所学校每学年一行：校舍、场地、设备、图书；一贯制学校各学段共用，由方案拆分。",
    "One row a school and year: rooms, grounds, equipment, books; shared by a school's stages.",
)  # fmt: skip

CLASSES = Table(
    "classes", "班级情况", "Classes", ("school", "year", "stage", "grade", "class_no"),
    (
        _school(),
        _COUNTY,
        _YEAR,
        _STAGE,
        Column("grade", "年级", "Grade", "count", low=1, high=13, required=True, privacy="P1"),
        Column("class_no", "班号", "Class number", "count", low=1, high=60, required=True,
               privacy="P1"),
        Column("pupils_n", "班级人数", "Pupils in the class", "count", unit="pupils", low=0,
               high=200, required=True, privacy="P1"),
    ),
    "每个教学班一行。",
    "One row a class.",
    optional=True,
)  # fmt: skip

TEACHERS = Table(
    "teachers", "专任教师名册", "Teachers", ("teacher_id", "year"),
    (
        _person("teacher_id", "身份证件号", "Identity number", "text", privacy="P3",
                required=True),
        _person("name", "姓名", "Name", "text", privacy="P3", required=True),
        _school(),
        _COUNTY,
        _YEAR,
        _STAGE,
        _person("sex", "性别", "Sex", "code", codes="sex"),
        _person("qualification", "学历", "Qualification", "code", codes="qualification"),
        _person("midlevel", "中级以上职称", "Middle rank or higher", "flag", privacy="P2"),
        _person("backbone", "县级以上骨干", "Backbone teacher", "flag"),
        _person("subject", "任教学科", "Subject", "code", codes="subject"),
        _person("first_year", "到校年份", "First year at the school", "year", low=1950, high=2100),
    ),
    "每名专任教师每学年一行。姓名与证件号入库时分开存放，其余各处只用化名。",
    "One row a full-time teacher and year. Names and numbers are kept apart from the rest.",
    optional=True,
)  # fmt: skip

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.id: table
        for table in (
            COUNTIES, SCHOOLS, SUCCESSIONS, SCHOOL_YEARS, RESOURCES, CLASSES, TEACHERS,
        )
    }
)  # fmt: skip
