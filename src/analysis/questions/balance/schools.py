"""Which schools a scheme assesses, and what each of them has, by county, year and stage.

Everything here is done for all schools of the tables at once, whether they are of one county and
its years or of many counties; what depends on the other schools (whether a form has a column at
all) is asked within each county and year.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from analysis.methods.dispersion import Floats, split_shares

Scheme = Mapping[str, Any]
Tables = Mapping[str, pd.DataFrame]
Site = tuple[str, int]
"""A county in a school year."""

SITE: list[Hashable] = ["county", "year"]
SCHOOL: list[Hashable] = [*SITE, "school"]


@dataclass(frozen=True)
class Entrants:
    """The schools of one stage in one county and year.

    Attributes
    ----------
    counted
        One row an assessed school, index ``school``: ``pupils``, ``kind``, ``zone``, ``part`` (the
        stage's part of what the school's stages share) and one column of totals for each
        indicator id (nan where not reported).
    excluded
        One row an excluded school, index ``school``: ``pupils`` and ``reason``.
    """

    counted: pd.DataFrame
    excluded: pd.DataFrame
    arrays: InitVar[dict[str, Floats] | None] = None

    def __post_init__(self, arrays: dict[str, Floats] | None) -> None:
        if arrays is not None:
            self.__dict__["numbers"] = arrays

    @cached_property
    def numbers(self) -> dict[str, Floats]:
        """The numeric columns of `counted` as arrays.

        They are asked for many times, and to take a column out of a frame costs more than what is
        done with it; who has cut them for all counties together gives them (`arrays`).
        """
        columns = self.counted.columns.drop(["kind", "zone"])
        return {str(name): self.counted[name].to_numpy() for name in columns}


def enter(
    tables: Tables, kinds: Mapping[str, Mapping[str, Any]], scheme: Scheme
) -> dict[str, dict[Site, Entrants]]:
    """Find the schools that a scheme assesses in each stage, and total what they have.

    Parameters
    ----------
    tables
        The tables ``schools``, ``school_years`` and ``resources`` of any counties and years.
    kinds
        The code list of types of school, with the ``stages`` that each has.
    scheme
        As in ``data/reference/schemes``.

    Returns
    -------
    dict
        By stage, then by county and year: every one of ``school_years``, even where it has no
        such stage.
    """
    by_stage = tables["school_years"].set_index(SCHOOL)
    schools = tables["schools"].set_index(SCHOOL)
    shared = tables["resources"].set_index(SCHOOL).astype("float64")
    parts = _stage_parts(by_stage, schools["kind"], kinds, scheme["split"]["weights"])
    parts = parts.reindex(shared.index)
    sites = [name_site(key) for key in tables["school_years"].groupby(SITE).size().index]
    entered = {}
    for stage in scheme["stages"]:
        joined = (
            by_stage[by_stage["stage"] == stage]
            .drop(columns="stage")
            .astype("float64")
            .join(schools[["kind", "zone", "owner"]], how="left")
            .join(shared.mul(parts[stage], axis=0), how="left")
            .join(parts[stage].rename("part"), how="left")
        )
        joined = joined.rename(columns={"pupils_n": "pupils"}).sort_index()
        entered[stage] = _sort_out(joined, scheme, stage, sites)
    return entered


def _sort_out(
    schools: pd.DataFrame, scheme: Scheme, stage: str, sites: Sequence[Site]
) -> dict[Site, Entrants]:
    """Tell who is assessed from who is not, and give each county and year its own."""
    reason = _reasons(schools, scheme["exclude"])
    excluded = schools.loc[reason != "", ["pupils"]].assign(reason=reason[reason != ""])
    counted = schools[reason == ""]
    totals = {
        indicator["id"]: _total(counted, indicator, stage) for indicator in scheme["indicator"]
    }
    counted = pd.DataFrame({**counted[["pupils", "kind", "zone", "part"]], **totals})
    numbers = {name: counted[name].to_numpy() for name in ("pupils", *totals)}
    here, there = _places(counted), _places(excluded)
    counted, excluded = counted.droplevel(SITE), excluded.droplevel(SITE)
    nowhere = slice(0, 0)
    return {
        site: Entrants(
            counted=counted.iloc[here.get(site, nowhere)],
            excluded=excluded.iloc[there.get(site, nowhere)],
            arrays={name: of[here.get(site, nowhere)] for name, of in numbers.items()},
        )
        for site in sites
    }


def _places(schools: pd.DataFrame) -> dict[Site, slice]:
    """Tell where in the sorted rows each county and year stands."""
    sizes = schools.groupby(level=SITE).size()
    ends = sizes.cumsum()
    return {
        name_site(key): slice(end - size, end)
        for key, size, end in zip(sizes.index, sizes, ends, strict=True)
    }


def name_site(key: object) -> Site:
    """Give a county and year as plain values."""
    county, year = cast(tuple[str, int], key)
    return str(county), int(year)


def _stage_parts(
    by_stage: pd.DataFrame,
    kind: pd.Series,
    kinds: Mapping[str, Mapping[str, Any]],
    weights: Mapping[str, float],
) -> pd.DataFrame:
    """Give the part of each school's shared resources that belongs to each stage.

    It is unknown where a stage that a school of its type has was not reported.
    """
    pupils = (
        by_stage.astype({"pupils_n": "float64"})
        .pivot_table(index=SCHOOL, columns="stage", values="pupils_n", aggfunc="sum")
        .reindex(columns=list(weights))
    )
    of_school = kind.reindex(pupils.index)
    for stage in weights:
        has = [code for code, entry in kinds.items() if stage in entry.get("stages", ())]
        pupils[stage] = pupils[stage].mask(pupils[stage].isna() & ~of_school.isin(has), 0.0)
    parts = split_shares(pupils.to_numpy(), list(weights.values()))
    return pd.DataFrame(parts, index=pupils.index, columns=list(weights))


def _reasons(schools: pd.DataFrame, rule: Mapping[str, Any]) -> pd.Series:
    """Say why a school is not assessed; empty where it is."""
    points = schools["kind"].isin(rule["teaching_point_kinds"])
    left_out = schools["kind"].isin(rule["kinds"])
    conditions = [
        (schools["pupils"].isna() | (schools["pupils"] <= 0), "no_pupils"),
        (points & left_out, "teaching_point"),
        (left_out, "kind"),
        (schools["owner"].isin(rule["owners"]), "owner"),
        (points & (schools["pupils"] < rule["min_teaching_point"]), "small_teaching_point"),
    ]
    reason = pd.Series("", index=schools.index, dtype=object)
    for condition, name in conditions:
        reason = reason.mask((reason == "") & condition.fillna(False).astype(bool), name)
    return reason


def _total(schools: pd.DataFrame, indicator: Mapping[str, Any], stage: str) -> pd.Series:
    """Total what a school has of an indicator's resource; nan where a part is not reported.

    An optional column is one that not every form has: where no school of the county reports it, it
    is not there.
    A part that is larger than what it is taken from leaves nothing known.
    """
    total = pd.Series(0.0, index=schools.index)
    optional = indicator.get("optional", ())
    for column in indicator["plus"][stage]:
        values = schools[column].astype("float64")
        total = total + (values.where(_reported(values), 0.0) if column in optional else values)
    for column in indicator.get("minus", ()):
        total = total - schools[column].astype("float64")
    small = indicator.get("small_rural")
    if small:
        total = total + _small_rural(schools, small)
    return total.where(total >= 0)


def _small_rural(schools: pd.DataFrame, rule: Mapping[str, Any]) -> pd.Series:
    """Give what small rural schools may count besides, nan where that is not known.

    Nothing where no school of the county reports it: then the form does not have it.
    """
    columns: Sequence[str] = rule["add"]
    added = schools[list(columns)].astype("float64")
    reported = added.where(added.apply(_reported), 0.0)
    small = schools["pupils"].between(rule["from"], rule["below"], inclusive="left")
    rural, unknown = schools["zone"].isin(rule["zones"]), schools["zone"].isna()
    extra = reported.sum(axis=1, skipna=False)
    extra = extra.mask(unknown & (extra != 0), np.nan)
    return extra.where(small & (rural | unknown), 0.0)


def _reported(values: pd.Series) -> pd.Series:
    """Tell for each school whether any school of its county and year reports a column."""
    return values.notna().groupby(level=SITE).transform("any")
