"""Question. Which county is this: its people, its schools, its pupils (县情)?

Data. The 2020 census by county (``data/reference/census2020.csv``); tables ``schools`` and
``school_years``.

Method. Counts and ratios of totals; enrolment by stage over the years. School-age numbers are the
census population times the published share of the age group.

Assumptions. Census shares are printed with four decimals, so school-age numbers are good to about
0.01 % of the population. Pupils per teacher is total over total.

Source. 国家统计局《中国人口普查分县资料—2020》; definitions by the education statistics.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Cell, Finding, Given, Indicator, Name, Note, NoteValue, tidy
from analysis.records.county import CountyData
from analysis.records.reference import locate_zone

Row = dict[str, Any]

INDICATORS = (
    Indicator("population", "常住人口（2020年普查）", "Resident population (2020 census)",
              "persons", "P0", digits=0, source="第七次全国人口普查"),
    Indicator("age_group", "学龄人口（2020年普查）", "School-age children (2020 census)",
              "persons", "P0", digits=0, source="第七次全国人口普查"),
    Indicator("age_share", "人口年龄构成", "Population by age", "share", "P0", digits=1,
              source="第七次全国人口普查"),
    Indicator("schools", "学校数", "Schools", "schools", "P0", digits=0),
    Indicator("small_schools", "小规模学校（含教学点）", "Small schools, teaching points among them", "schools",
              "P0", digits=0),
    Indicator("pupils", "在校生数", "Pupils", "pupils", "P0", digits=0),
    Indicator("teachers", "专任教师数", "Full-time teachers", "teachers", "P0", digits=0),
    Indicator("classes", "班数", "Classes", "classes", "P0", digits=0),
    Indicator("pupils_per_teacher", "生师比", "Pupils per teacher", "ratio", "P0", digits=1),
    Indicator("pupils_per_class", "平均班额", "Pupils per class", "pupils", "P0", digits=1),
    Indicator("boarders", "寄宿生", "Boarders", "pupils", "P1", digits=0),
)  # fmt: skip

_AGES = {"share_0_14": "0_14", "share_15_64": "15_64", "share_65": "65"}
_SCHOOL_AGES = {"share_5_9": "5_9", "share_10_14": "10_14"}
_AGE_LABELS = {
    "0_14": {"zh": "0—14岁", "en": "0 to 14"},
    "15_64": {"zh": "15—64岁", "en": "15 to 64"},
    "65": {"zh": "65岁及以上", "en": "65 and over"},
    "5_9": {"zh": "5—9岁", "en": "5 to 9"},
    "10_14": {"zh": "10—14岁", "en": "10 to 14"},
}
_ZONES = {
    "urban": {"zh": "城区", "en": "urban"},
    "town": {"zh": "镇区", "en": "town"},
    "rural": {"zh": "乡村", "en": "rural"},
}


def describe(county: CountyData) -> Finding:
    """Describe a county's people, schools and pupils.

    Parameters
    ----------
    county
        From `analysis.records.open_county`.

    Returns
    -------
    Finding
        Named ``"context"``.
    """
    table = tidy(
        [
            *_census_rows(county),
            *_school_rows(county),
            *(
                row
                for year in sorted(county.tables["school_years"]["year"].unique())
                for row in _stage_rows(county, int(year))
            ),
        ]
    )
    return Finding(
        name="context",
        county=county.place.code,
        year=county.year,
        table=table,
        indicators=_indicators(table),
        labels={
            "county": {county.place.code: county.place.label, "parent": county.parent.label},
            "stage": county.reference.names("stage"),
            "kind": county.reference.names("kind"),
            "zone": _ZONES,
            "age": _AGE_LABELS,
            "units": _units(county),
        },
        notes=tuple(_notes(county, table)),
        origin=county.origin,
    )


def _indicators(table: pd.DataFrame) -> tuple[Indicator, ...]:
    """Declare the indicators; teachers have a decimal where they are counted by their hours."""
    teachers = table.loc[table["indicator"] == "teachers", "value"]
    digits = 0 if (teachers % 1 == 0).all() else 1
    return tuple(replace(i, digits=digits) if i.id == "teachers" else i for i in INDICATORS)


def _census_rows(county: CountyData) -> Iterator[Row]:
    census = county.reference.census
    if county.place.code not in census.index:
        return
    figures: dict[Hashable, Any] = census.loc[county.place.code].to_dict()
    population = float(figures["population"])
    yield {"indicator": "population", "at": "2020", "value": population, "unit": "persons"}
    for column, age in _AGES.items():
        if column in census.columns and pd.notna(figures[column]):
            yield {
                "indicator": "age_share", "by": "age", "subject": age, "at": "2020",
                "value": float(figures[column]), "unit": "share",
            }  # fmt: skip
    for column, age in _SCHOOL_AGES.items():
        if column in census.columns and pd.notna(figures[column]):
            yield {
                "indicator": "age_group", "by": "age", "subject": age, "at": "2020",
                "value": float(round(population * float(figures[column]))), "unit": "persons",
            }  # fmt: skip


def _school_rows(county: CountyData) -> Iterator[Row]:
    schools = county.table("schools", year=county.year)
    base = {"at": str(county.year), "n_unit": "schools", "unit": "schools", "indicator": "schools"}
    yield {**base, "value": len(schools), "n": len(schools)}
    groups = {
        "kind": schools["kind"],
        "zone": schools["zone"].map(locate_zone),
    }
    for by, codes in groups.items():
        for code, number in codes.dropna().value_counts().sort_index().items():
            yield {**base, "by": by, "subject": str(code), "value": number, "n": number}
    pupils = (
        county.table("school_years", year=county.year)
        .astype({"pupils_n": "float64"})
        .groupby("school")["pupils_n"]
        .sum()
    )
    if pupils.empty:
        return
    limit = county.reference.parameters["context"]["small_school"]["pupils"]
    small = int((pupils < limit).sum())
    yield {**base, "indicator": "small_schools", "value": small, "n": len(pupils)}


def _units(county: CountyData) -> dict[str, dict[str, str]]:
    """Name what is counted as a school: where all are of one type that has a name of its own, that."""
    kinds = county.table("schools", year=county.year)["kind"].dropna().unique()
    names = [county.reference.codes["kind"][kind] for kind in kinds]
    own = names[0] if len(names) == 1 and "counted_zh" in names[0] else {}
    zh = own.get("counted_zh", "所学校")
    return {
        "one": {"zh": zh, "en": own.get("counted_one_en", "school")},
        "many": {"zh": zh, "en": own.get("counted_en", "schools")},
    }


def _stage_rows(county: CountyData, year: int) -> Iterator[Row]:
    schools = county.table("school_years", year=year)
    for stage, rows in schools.groupby("stage", sort=True):
        sums = rows[["pupils_n", "teachers_n", "classes_n"]].astype("float64").sum()
        complete = rows[["pupils_n", "teachers_n", "classes_n"]].notna().all()
        base = {"stage": str(stage), "at": str(year), "n": len(rows), "n_unit": "schools"}
        for column, indicator in (
            ("pupils_n", "pupils"), ("teachers_n", "teachers"), ("classes_n", "classes"),
        ):  # fmt: skip
            if rows[column].notna().any():
                yield {
                    **base, "indicator": indicator, "value": sums[column], "unit": indicator,
                    "flag": "" if complete[column] else "p",
                }  # fmt: skip
        for column, indicator, unit in (
            ("teachers_n", "pupils_per_teacher", "ratio"),
            ("classes_n", "pupils_per_class", "pupils"),
        ):
            seen = rows[rows[column].notna() & rows["pupils_n"].notna()].astype(
                {column: "float64", "pupils_n": "float64"}
            )
            if seen[column].sum() > 0:
                yield {
                    **base, "indicator": indicator, "unit": unit, "n": len(seen),
                    "value": seen["pupils_n"].sum() / seen[column].sum(),
                    "flag": "" if len(seen) == len(rows) else "p",
                }  # fmt: skip
        yield from _boarder_rows(rows, stage=str(stage), year=year)


def _boarder_rows(rows: pd.DataFrame, *, stage: str, year: int) -> Iterator[Row]:
    seen = rows[rows["boarders_n"].notna() & rows["pupils_n"].notna()]
    if seen.empty:
        return
    boarders, pupils = float(seen["boarders_n"].sum()), float(seen["pupils_n"].sum())
    yield {
        "indicator": "boarders", "stage": stage, "at": str(year), "value": boarders,
        "numerator": boarders, "denominator": pupils, "n": boarders, "n_unit": "pupils",
        "unit": "pupils", "flag": "" if len(seen) == len(rows) else "p",
    }  # fmt: skip


def _notes(county: CountyData, table: pd.DataFrame) -> Iterator[Note]:
    now = str(county.year)
    known = {tuple(key) for key in table[["indicator", "stage", "by", "at"]].to_numpy()}
    names: dict[str, NoteValue] = {
        "county": Name("county", county.place.code),
        "parent": Name("county", "parent"),
        "year": Given(county.year),
    }
    if ("population", "", "", "2020") in known:
        yield Note("context.headline.census", {
            **names,
            "population": Cell("population", at="2020"),
            "children": Cell("age_share", by="age", subject="0_14", at="2020"),
        })  # fmt: skip
    kinds = table[(table["indicator"] == "schools") & (table["by"] == "kind")]
    points = np.flatnonzero(kinds["subject"] == "218")
    yield Note("context.headline.schools", {
        **names,
        "schools": Cell("schools", at=now),
        **({"small": Cell("small_schools", at=now)} if ("small_schools", "", "", now) in known else {}),
        "units": Name("units", "one" if county.table("schools", year=county.year)["school"].nunique() == 1 else "many"),
        "limit": Given(county.reference.parameters["context"]["small_school"]["pupils"]),
        **({"points": Cell("schools", by="kind", subject="218", at=now)} if len(points) else {}),
    })  # fmt: skip
    ratios = table[(table["indicator"] == "pupils_per_teacher") & (table["at"] == now)]
    flags = dict(zip(ratios["stage"], ratios["flag"], strict=True))
    for stage in table.loc[(table["indicator"] == "pupils") & (table["at"] == now), "stage"]:
        values: dict[str, NoteValue] = {
            **names, "stage": Name("stage", stage), "pupils": Cell("pupils", stage, at=now),
        }  # fmt: skip
        if stage in flags:
            values["ratio"] = Cell("pupils_per_teacher", stage, at=now)
        if flags.get(stage) == "p":  # a sum without some schools is no number of teachers
            values["seen"] = Cell("pupils_per_teacher", stage, at=now, field="n")
        elif stage in flags:
            values["teachers"] = Cell("teachers", stage, at=now)
        yield Note("context.headline.pupils", values, stage)
    years = sorted(set(table.loc[table["indicator"] == "pupils", "at"]))
    if len(years) > 1:
        pupils = table[table["indicator"] == "pupils"]
        ends = {
            f"{stage}_{end}": Cell("pupils", str(stage), at=at)
            for stage, at in pupils[["stage", "at"]].itertuples(index=False)
            for end, year in (("first", years[0]), ("last", now))
            if at == year
        }
        span = {**names, "first": Given(int(years[0])), **ends}
        for part in ("title", "subtitle", "alt", "reading"):
            yield Note(f"context.figure.enrolment.{part}", span)
