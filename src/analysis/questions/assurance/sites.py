"""The schools that the items speak of, each with what its stages, classes and rooms say of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.records.county import CountyData
from analysis.records.teachers import has_all_schools

Rules = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """A school in one year; what is not reported is nan, ``None`` or an empty text.

    Attributes
    ----------
    school, kind, zone
        Code, type of school, location.
    opened
        Year it was built.
    stages
        Compulsory stages that a school of its type has.
    pupils
        Pupils of those stages; nan unless all of them reported.
    seen
        Pupils of the stages that did report.
    migrants, classes
        Children of migrant workers, classes, of those stages.
    sizes
        Pupils of each class that is listed, with its stage.
    all_classes
        The listed classes are all that it has, as far as its totals tell.
    """

    school: str
    kind: str
    zone: str
    opened: float
    stages: tuple[str, ...]
    pupils: float
    seen: float
    migrants: float
    classes: float
    sizes: tuple[tuple[str, float], ...]
    all_classes: bool

    @property
    def largest(self) -> float:
        """Pupils of its largest class; nan unless all classes are listed."""
        return max((size for _, size in self.sizes), default=math.nan) if self.all_classes else (
            math.nan
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sites:
    """Schools of a county and year.

    Attributes
    ----------
    compulsory
        Schools with primary or junior stages, without pupils none.
    special
        Codes of special schools with their pupils, nan where not reported.
    listed
        The list has as many schools as the county says should report.
    """

    compulsory: tuple[Site, ...]
    special: Mapping[str, float]
    listed: bool


def survey(county: CountyData, rules: Rules) -> Sites:
    """Gather the schools of a county in the year asked for.

    Parameters
    ----------
    county
        Needs ``schools``, ``school_years``; ``classes`` and ``counties`` where there are any.
    rules
        ``data/reference/assurance.toml``.
    """
    schools = county.table("schools", year=county.year).sort_values("school")
    totals = rows_by_school(county, "school_years")
    classes = rows_by_school(county, "classes")
    kinds = county.reference.codes["kind"]
    wanted, left_out = rules["scope"]["stages"], rules["scope"]["exclude_kinds"]
    special_kinds = {
        kind for item in rules["item"] if item["id"] == "special_funds" for kind in item["kinds"]
    }
    found, special = [], {}
    for facts in _records(schools):
        school, kind = str(facts["school"]), str(facts["kind"])
        rows = totals.get(school, [])
        if kind in special_kinds:
            special[school] = _total(rows, "pupils_n")
            continue
        stages = tuple(s for s in kinds.get(kind, {}).get("stages", ()) if s in wanted)
        if stages and kind not in left_out:
            site = _site(facts, stages, rows, classes.get(school, []))
            if site.pupils != 0:
                found.append(site)
    return Sites(tuple(found), special, has_all_schools(county, county.year))


def rows_by_school(county: CountyData, table: str) -> dict[str, list[Row]]:
    """Give the rows of a table of the year by school, ``None`` where a cell is empty."""
    found: dict[str, list[Row]] = {}
    for row in _records(county.table(table, year=county.year)):
        found.setdefault(str(row["school"]), []).append(row)
    return found


def _records(frame: pd.DataFrame) -> list[Row]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _site(facts: Row, stages: Sequence[str], totals: Sequence[Row], classes: Sequence[Row]) -> Site:
    mine = [row for row in totals if row["stage"] in stages]
    complete = set(stages) <= {row["stage"] for row in mine}
    pupils, counted = _total(mine, "pupils_n"), _total(mine, "classes_n")
    sizes = tuple(
        (str(row["stage"]), float(row["pupils_n"])) for row in classes if row["stage"] in stages
    )
    return Site(
        school=str(facts["school"]),
        kind=str(facts["kind"]),
        zone=str(facts["zone"] or ""),
        opened=math.nan if facts["opened"] is None else float(facts["opened"]),
        stages=tuple(stages),
        pupils=pupils if complete else math.nan,
        seen=float(sum(row["pupils_n"] or 0 for row in mine)),
        migrants=_total(mine, "migrants_n") if complete else math.nan,
        classes=counted if complete else math.nan,
        sizes=sizes,
        all_classes=complete and _is_whole(sizes, counted, pupils),
    )


def _is_whole(sizes: Sequence[tuple[str, float]], counted: float, pupils: float) -> bool:
    """Tell whether a list of classes is as long, and holds as many pupils, as the totals say."""
    if not sizes or math.isnan(pupils):
        return False
    seated = sum(size for _, size in sizes)
    return (math.isnan(counted) or len(sizes) >= counted) and seated >= pupils


def _total(rows: Sequence[Row], column: str) -> float:
    """Add up a column; nan where there is no row or a cell is empty."""
    values = [row[column] for row in rows]
    return float(sum(values)) if values and None not in values else math.nan
