"""Types of schools: where they lie, how strong their teachers are, and which count as good."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.questions.exchange.rules import Rules
from analysis.records.county import CountyData
from analysis.records.reference import locate_zone
from analysis.records.teachers import keep_scope

LOCATIONS = ("urban", "town", "rural")
STRENGTHS = ("strong", "weak")
UNKNOWN = "unknown"


def classify(county: CountyData, year: int, rules: Rules) -> pd.DataFrame:
    """Tell the type of every school of the compulsory stages in a year.

    Returns
    -------
    DataFrame
        By school: ``location`` and ``strength`` (`UNKNOWN` where nothing tells), ``urban_or_good``
        (missing where nothing tells).
    """
    schools = keep_scope(county.table("schools", year=year), county, year, rules["scope"])
    schools = schools.drop_duplicates("school").set_index("school")
    located = schools["zone"].map(locate_zone)
    totals = _totals(county, year, rules)
    ratio = _over(totals, rules["strength"]["columns"]).reindex(schools.index)
    good = _good(county, totals, schools, rules)
    urban = located.isin(rules["urban"]["locations"])
    either = (urban | good.fillna(False).astype(bool)).astype("boolean")
    # Neither urban nor known to be good is a school outside only where both are known.
    open_ = ~either & (located.isna() | good.isna())
    strength = np.where(ratio.isna(), UNKNOWN, np.where(ratio >= 1 - 1e-9, *STRENGTHS))
    return pd.DataFrame(
        {
            "location": located.fillna(UNKNOWN).astype(object),
            "strength": pd.Series(strength, index=schools.index, dtype=object),
            "urban_or_good": either.mask(open_),
        }
    )


def carry_on(kinds: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Take schools that say nothing this year for what they were the year before.

    >>> now = pd.DataFrame({"location": ["town"], "strength": [UNKNOWN], "urban_or_good": [None]}, ["A"])
    >>> old = pd.DataFrame({"location": ["town"], "strength": ["weak"], "urban_or_good": [True]}, ["A"])
    >>> carry_on(now, old).astype(str).loc["A"].tolist()
    ['town', 'weak', 'True']
    """
    old = before.reindex(kinds.index)
    filled = kinds.copy()
    for column in ("location", "strength"):
        silent = kinds[column].eq(UNKNOWN) & old[column].notna()
        filled[column] = kinds[column].mask(silent, old[column])
    either = kinds["urban_or_good"].astype("boolean")
    filled["urban_or_good"] = either.fillna(old["urban_or_good"].astype("boolean"))
    return filled


def over_expected(totals: pd.DataFrame) -> pd.Series:
    """Give how many teachers of a kind schools have, over what the county's share would give them.

    Parameters
    ----------
    totals
        Columns ``school``, ``stage``, ``teachers_n`` and ``counted``, a row a school and stage.

    Returns
    -------
    Series
        By school; nan where a stage says nothing or nobody is expected.

    Examples
    --------
    Half of all teachers are counted; A has 8 of 10, B 2 of 10:

    >>> rows = [("A", "primary", 10, 8), ("B", "primary", 10, 2)]
    >>> table = pd.DataFrame(rows, columns=["school", "stage", "teachers_n", "counted"])
    >>> over_expected(table).to_dict()
    {'A': 1.6, 'B': 0.4}
    """
    rows = totals.assign(
        teachers_n=totals["teachers_n"].astype("float64"), counted=totals["counted"].astype(float)
    )
    known = rows.dropna(subset=["teachers_n", "counted"])
    sums = known.groupby("stage")[["counted", "teachers_n"]].sum()
    share = sums["counted"] / sums["teachers_n"].where(sums["teachers_n"] > 0)
    rows["expected"] = rows["teachers_n"] * rows["stage"].map(share)
    added = rows.groupby("school")[["counted", "expected"]].sum(skipna=False)
    ratio = added["counted"] / added["expected"].where(added["expected"] > 0)
    return ratio.astype("float64")


def _totals(county: CountyData, year: int, rules: Rules) -> pd.DataFrame:
    totals = county.table("school_years", year=year)
    totals = totals[totals["stage"].isin(rules["scope"]["stages"]) & (totals["pupils_n"] > 0)]
    totals = keep_scope(totals, county, year, rules["scope"])
    return totals[totals["public"]].reset_index(drop=True)


def _over(totals: pd.DataFrame, columns: list[str]) -> pd.Series:
    counted = totals[columns].astype("float64").sum(axis=1, skipna=False)
    return over_expected(totals.assign(counted=counted))


def _good(
    county: CountyData, totals: pd.DataFrame, schools: pd.DataFrame, rules: Rules
) -> pd.Series:
    """Mark the good schools: the county's own list, or those with most backbone teachers."""
    index = schools.index
    named = rules["good"]["named"].get(county.place.code)
    if named:
        return pd.Series(index.isin(named), index=index, dtype="boolean")
    ratio = _over(totals, rules["good"]["columns"]).reindex(index)
    if not ratio.notna().any():
        return pd.Series(pd.NA, index=index, dtype="boolean")
    limit = float(np.nanquantile(ratio.to_numpy(dtype=float), 1 - rules["good"]["top"]))
    good = ((ratio >= limit) & (ratio > 0)).astype("boolean")
    # Schools that are not public are not asked; those that said nothing may be good.
    return good.mask(ratio.isna() & schools["public"])
