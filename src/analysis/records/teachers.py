"""Who teaches at the public schools of the compulsory stages, for how long, and who is exchanged.

Two chapters ask it, and have to give the same numbers. A scope says which stages, kinds of school
and owners belong: ``[scope]`` of ``data/reference/assurance.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.county import CountyData

Scope = Mapping[str, Any]


def list_teachers(county: CountyData, year: int, scope: Scope) -> pd.DataFrame:
    """List the teachers of a year, each once, ``public`` beside: whether the school is.

    Parameters
    ----------
    county
        Needs ``teachers`` and ``schools``.
    year, scope
        The school year, and what belongs.
    """
    teachers = county.table("teachers", year=year)
    teachers = teachers[teachers["stage"].isin(scope["stages"])]
    return keep_scope(teachers, county, year, scope).drop_duplicates("pseudonym")


def list_exchanges(county: CountyData, year: int, scope: Scope) -> pd.DataFrame:
    """List the exchanges that begin in a year out of public schools, one row a teacher."""
    moves = keep_scope(county.table("exchanges", year=year), county, year, scope)
    return moves[moves["public"]].drop_duplicates("pseudonym")


def keep_scope(rows: pd.DataFrame, county: CountyData, year: int, scope: Scope) -> pd.DataFrame:
    """Keep the rows of schools of the scope, and mark the public ones."""
    schools = county.table("schools", year=year).set_index("school")
    kind, owner = rows["school"].map(schools["kind"]), rows["school"].map(schools["owner"])
    stages = {
        code
        for code, entry in county.reference.codes["kind"].items()
        if not entry.get("stages") or set(entry["stages"]) & set(scope["stages"])
    }
    inside = kind.isin(stages - set(scope["exclude_kinds"]))
    public = ~owner.isin(scope["not_public"])
    return rows.assign(public=public.astype(bool))[inside]


def count_years(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Count the years that public teachers had taught at one school when the year began.

    Who was exchanged with the post itself stands at the new school this year: what counts is the
    school of the year before, where there is a list of it.

    Parameters
    ----------
    now, before
        From `list_teachers`, of the year and of the year before.

    Returns
    -------
    Series
        By pseudonym; nan where the list does not say it.

    Examples
    --------
    >>> now = pd.DataFrame({"pseudonym": ["a", "b"], "year": 2021, "first_year": [2021, 2015],
    ...                     "public": True})
    >>> before = pd.DataFrame({"pseudonym": ["a"], "first_year": [2011]})
    >>> count_years(now, before).to_dict()
    {'a': 10.0, 'b': 6.0}
    """
    now = now[now["public"]].set_index("pseudonym")
    earlier = before.set_index("pseudonym")["first_year"].reindex(now.index)
    first = earlier.astype("float64").fillna(now["first_year"].astype("float64"))
    return now["year"].astype("float64") - first


def count_unlisted(
    county: CountyData, listed: pd.DataFrame, year: int, scope: Scope
) -> tuple[float, int]:
    """Count the teachers of the schools' totals whom the list does not have, and those schools.

    Parameters
    ----------
    county
        Needs ``schools`` and ``school_years``.
    listed
        From `list_teachers`.
    year, scope
        The school year, and what belongs.

    Returns
    -------
    float
        How many teachers; infinite where a school said nothing at all.
    int
        How many schools have fewer on the list than they count.
    """
    totals = county.table("school_years", year=year)
    totals = totals[totals["stage"].isin(scope["stages"])]
    totals = keep_scope(totals, county, year, scope)
    counts = listed.groupby(["school", "stage"]).size()
    at = pd.MultiIndex.from_frame(totals[["school", "stage"]])
    here = counts.reindex(at).fillna(0).to_numpy(dtype=float)
    stated = totals["teachers_n"].astype("float64").to_numpy()
    lacking = np.ceil(np.clip(np.nan_to_num(stated) - here, 0, None))
    short = totals.loc[lacking > 0, "school"].nunique()
    silent = _silent(county, year, scope) - set(totals["school"]) - set(listed["school"])
    if (np.isnan(stated) & (here == 0)).any() or silent:
        return math.inf, short
    return float(lacking.sum()), short


def has_all_schools(county: CountyData, year: int) -> bool:
    """Tell whether the list of schools is as long as the county says it should be.

    No list at all is not a list of none.
    """
    expected = county.table("counties", year=year)["schools_expected_n"].dropna()
    return len(county.table("schools", year=year)) >= max([1, *expected.astype(int)])


def _silent(county: CountyData, year: int, scope: Scope) -> set[str]:
    """Give the schools whose type has a stage of the scope: they ought to say something."""
    schools = county.table("schools", year=year)
    kinds = county.reference.codes["kind"]
    asked = [
        bool(set(kinds.get(kind, {}).get("stages", ())) & set(scope["stages"]))
        for kind in schools["kind"]
    ]
    return set(schools.loc[np.array(asked, dtype=bool), "school"])
