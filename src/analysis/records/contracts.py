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
from types import MappingProxyType

import pandas as pd
import pandera.pandas as pa

from analysis.records.columns import (
    COUNTY,
    DTYPES,
    STAGE,
    YEAR,
    Column,
    Kind,
    Table,
    amount,
    count,
    person,
    school,
)
from analysis.records.government import (
    COUNTY_YEARS,
    EXCHANGES,
    MONITORING,
    SCHOOL_FUNDS,
    SCHOOL_SCORES,
    SPECIAL_ROOMS,
)
from analysis.records.registers import REGISTERS

__all__ = ["DTYPES", "TABLES", "Column", "Kind", "Table", "empty", "schema", "stored_key"]


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


COUNTIES = Table(
    "counties", "县级情况", "Counties", ("county", "year"),
    (
        COUNTY,
        YEAR,
        count("schools_expected_n", "应报学校数", "Schools that should report", "schools",
               high=5_000),
        count("primary_pupils_n", "小学在校生总数", "Primary pupils in all", "pupils",
               high=1_000_000),
        count("junior_pupils_n", "初中在校生总数", "Junior secondary pupils in all", "pupils",
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
        school(),
        COUNTY,
        YEAR,
        Column("name_zh", "学校名称", "School name", "text", required=True, privacy="P0"),
        Column("name_en", "学校英文名称", "School name in English", "text", privacy="P0"),
        Column("township", "所在乡镇", "Township", "text", privacy="P0"),
        Column("kind", "办学类型", "Type of school", "code", required=True, codes="kind",
               privacy="P0"),
        Column("zone", "城乡类型", "Urban or rural", "code", codes="zone", privacy="P0"),
        Column("owner", "举办者", "Run by", "code", codes="owner", privacy="P0"),
        Column("opened", "建校年份", "Year opened", "year", low=1800, high=2100, privacy="P0",
               known_at="always"),
        Column("longitude", "经度", "Longitude", "number", low=-180, high=180,
               privacy="P0", known_at="always"),
        Column("latitude", "纬度", "Latitude", "number", low=-90, high=90,
               privacy="P0", known_at="always"),
        Column("system", "义务教育学制", "System of grades", "code", codes="system", privacy="P0"),
    ),
    "每所学校每学年一行；学校类型、城乡类型可逐年变化。",
    "One row a school and year; type and location may change over the years.",
)  # fmt: skip

SUCCESSIONS = Table(
    "successions", "学校沿革", "Succession of schools", ("school", "year", "successor"),
    (
        school("school", "原学校标识码", "School code before"),
        COUNTY,
        YEAR,
        school("successor", "现学校标识码", "School code after"),
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
        school(),
        COUNTY,
        YEAR,
        STAGE,
        count("pupils_n", "在校生数", "Pupils", "pupils", required=True),
        count("boarders_n", "寄宿生数", "Boarders", "pupils"),
        count("classes_n", "班数", "Classes", "classes", high=500),
        amount("teachers_n", "专任教师数", "Full-time teachers", "teachers", 3_000),
        count("teachers_graduate_n", "研究生学历教师数", "Teachers with a graduate degree",
               "teachers", high=3_000),
        count("teachers_bachelor_n", "本科学历教师数", "Teachers with a bachelor's degree",
               "teachers", high=3_000),
        count("teachers_associate_n", "专科学历教师数", "Teachers with an associate degree",
               "teachers", high=3_000),
        count("teachers_backbone_n", "县级以上骨干教师数",
               "Backbone teachers of county rank or higher", "teachers", high=3_000),
        count("teachers_pe_n", "体育专任教师数", "Physical education teachers", "teachers",
               high=3_000),
        count("teachers_music_n", "音乐专任教师数", "Music teachers", "teachers", high=3_000),
        count("teachers_fine_art_n", "美术专任教师数", "Fine art teachers", "teachers",
               high=3_000),
        count("teachers_arts_n", "艺术专任教师数", "Arts teachers (general)", "teachers",
               high=3_000),
        count("teachers_shared_pe_arts_n", "体育艺术走教兼职教师数",
               "Shared and part-time PE and arts teachers", "teachers", high=3_000),
        count("teachers_midlevel_n", "中级以上职称教师数", "Teachers of middle rank or higher",
               "teachers", high=3_000),
        count("migrants_n", "进城务工人员随迁子女数", "Children of migrant workers", "pupils",
              privacy="P1"),
    ),
    "每所学校每学年每个学段一行：在校生、班级和专任教师。一贯制学校各学段分行。",
    "One row a school, year and stage: pupils, classes, full-time teachers.",
)  # fmt: skip

RESOURCES = Table(
    "resources", "办学条件", "School resources", ("school", "year"),
    (
        school(),
        COUNTY,
        YEAR,
        amount("teaching_area_m2", "教学及辅助用房面积", "Teaching and auxiliary rooms", "m2",
                500_000),
        amount("indoor_sports_area_m2", "室内体育用房面积", "Indoor sports rooms", "m2",
                100_000),
        amount("sports_ground_m2", "运动场地面积", "Sports grounds", "m2", 1_000_000),
        amount("equipment_yuan", "教学仪器设备值", "Teaching equipment, book value", "yuan",
                1e9),
        count("multimedia_rooms_n", "网络多媒体教室数", "Networked multimedia classrooms", "rooms",
               high=2_000),
        count("computers_n", "计算机台数", "Computers", "units", high=50_000),
        count("books_n", "图书册数", "Books", "books", high=5_000_000),
        amount("spending", "教育支出", "Current spending", "currency", 1e11),
    ),
    "每所学校每学年一行：校舍、场地、设备、图书；一贯制学校各学段共用，由方案拆分。",
    "One row a school and year: rooms, grounds, equipment, books; shared by a school's stages.",
)  # fmt: skip

CLASSES = Table(
    "classes", "班级情况", "Classes", ("school", "year", "stage", "grade", "class_no"),
    (
        school(),
        COUNTY,
        YEAR,
        STAGE,
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
        person("teacher_id", "身份证件号", "Identity number", "text", privacy="P3",
                required=True),
        person("name", "姓名", "Name", "text", privacy="P3", required=True),
        school(),
        COUNTY,
        YEAR,
        STAGE,
        person("sex", "性别", "Sex", "code", codes="sex"),
        person("qualification", "学历", "Qualification", "code", codes="qualification"),
        person("midlevel", "中级以上职称", "Middle rank or higher", "flag", privacy="P2"),
        person("backbone", "县级以上骨干", "Backbone teacher", "flag"),
        person("subject", "任教学科", "Subject", "code", codes="subject"),
        person("first_year", "到校年份", "First year at the school", "year", low=1950, high=2100),
        person("training_hours_n", "近五年培训学时", "Hours of training in the last five years",
               "number", unit="hours", low=0, high=5_000),
        person("certificate", "持有教师资格证", "Holds a teaching certificate", "flag"),
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
            SPECIAL_ROOMS, SCHOOL_FUNDS, COUNTY_YEARS, MONITORING, EXCHANGES,
            SCHOOL_SCORES, *REGISTERS,
        )
    }
)  # fmt: skip
