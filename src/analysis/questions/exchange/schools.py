"""Schools over the years: under one code each, with their pupils in the compulsory stages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.records.county import CountyData

STAGES = ("primary", "junior")
KEY = ["school", "year"]
_CODES = ("school", "to_school")
_TABLES = ("schools", "school_years", "resources", "classes", "exchanges", "school_scores")


@dataclass(frozen=True, slots=True)
class Codes:
    """Which code a school bears last, and what else became of schools.

    Attributes
    ----------
    last
        The last code of every code that was only changed.
    joined
        Mergers and splits under last codes: ``school``, ``successor``, ``year``, ``event``.
    """

    last: Mapping[str, str]
    joined: pd.DataFrame

    def apply(self, codes: pd.Series) -> pd.Series:
        """Give the last code of each school."""
        # Each code is looked up once, however many rows bear it.
        places, known = pd.factorize(codes)
        last = np.array([self.last.get(str(code), str(code)) for code in known] + [None], object)
        return pd.Series(last[places], codes.index, object, codes.name)


_NO_CODES = Codes({}, pd.DataFrame())


def trace_codes(successions: pd.DataFrame) -> Codes:
    """Follow schools over changes of their codes.

    A code that two schools were changed to is a merger whatever it is called.

    Parameters
    ----------
    successions
        Columns ``school``, ``year``, ``successor``, ``event``.

    Examples
    --------
    >>> rows = [("a", 2016, "b", "recoded"), ("b", 2018, "c", "recoded"), ("d", 2017, "b", "merged")]
    >>> codes = trace_codes(pd.DataFrame(rows, columns=["school", "year", "successor", "event"]))
    >>> dict(codes.last), codes.joined["successor"].tolist()
    ({'a': 'c', 'b': 'c'}, ['c'])
    """
    rows = successions.dropna(subset=["school", "successor"]).sort_values(["year", "school"])
    rows = rows[["school", "successor", "year", "event"]].astype(object).reset_index(drop=True)
    only = (rows["event"] == "recoded") & ~rows.duplicated(["successor", "event"], keep=False)
    heirs = dict(zip(rows.loc[only, "school"], rows.loc[only, "successor"], strict=True))
    codes = Codes({code: _walk(code, heirs) for code in heirs}, rows)
    joined = rows[~only]
    return Codes(
        codes.last,
        joined.assign(**{name: codes.apply(joined[name]) for name in ("school", "successor")}),
    )


def find_changed(codes: Codes, schools: pd.DataFrame, least: float) -> frozenset[str]:
    """Find the schools that are not the same over the years.

    Those that were merged into others or split, and those that took in others with at least this
    share of their own pupils of the year before; where either number is not known, they changed. What
    happened before or after the years of a county changes nothing in them.

    Parameters
    ----------
    codes
        From `trace_codes`.
    schools
        ``school``, ``county``, ``year``, ``pupils``.
    least
        The share.

    Examples
    --------
    >>> rows = [("a", 2016, "c", "merged"), ("b", 2016, "d", "merged")]
    >>> codes = trace_codes(pd.DataFrame(rows, columns=["school", "year", "successor", "event"]))
    >>> schools = pd.DataFrame({"school": list("abcdcd"), "county": "k", "year": [2015] * 4 + [2016] * 2,
    ...                         "pupils": [9.0, 90.0, 300.0, 300.0, 309.0, 390.0]})
    >>> sorted(find_changed(codes, schools, 0.1))
    ['a', 'b', 'd']
    """
    joined = codes.joined
    joined = joined.assign(year=joined["year"].astype(int))
    run = schools.groupby("county")["year"].agg(["min", "max"])
    county = schools.drop_duplicates("school").set_index("school")["county"]
    inside = {
        name: joined["year"].gt(at.map(run["min"])) & joined["year"].le(at.map(run["max"]))
        for name in ("school", "successor")
        for at in [joined[name].map(county)]
    }
    pupils = schools.set_index(KEY)["pupils"]
    added, own = (
        pupils.reindex(pd.MultiIndex.from_arrays([joined[name], joined["year"] - 1]))
        for name in ("school", "successor")
    )
    by = [joined["successor"].to_numpy(), joined["year"].to_numpy()]
    together = added.groupby(by, sort=False).transform("sum", skipna=False)
    small = (together.to_numpy(dtype=float) / own.to_numpy(dtype=float)) < least
    other = ~(small & (joined["event"] != "split").to_numpy())
    return frozenset({
        *joined.loc[inside["school"], "school"],
        *joined.loc[inside["successor"] & other, "successor"],
    })  # fmt: skip


def _walk(code: str, heirs: Mapping[str, str]) -> str:
    seen = {code}
    # A ring of codes has no last one: the walk ends where it would begin anew.
    while (following := heirs.get(code)) is not None and following not in seen:
        code = following
        seen.add(code)
    return code


def pool_tables(counties: Sequence[CountyData], codes: Codes) -> dict[str, pd.DataFrame]:
    """Put the tables of counties below each other, schools under their last codes.

    What several counties tell alike, as an exchange between two of them, is kept once.
    """
    pooled: dict[str, pd.DataFrame] = {}
    for name in _TABLES:
        frame = _stack(county.tables[name] for county in counties)
        named = {code: codes.apply(frame[code]) for code in _CODES if code in frame}
        pooled[name] = frame.assign(**named, county=_NO_CODES.apply(frame["county"]))
    return pooled


def list_staff(
    counties: Sequence[CountyData], codes: Codes, staff: Collection[str], sites: Collection[str]
) -> pd.DataFrame:
    """List these teachers wherever they are, and whoever is at these schools, by year.

    Returns
    -------
    DataFrame
        ``pseudonym``, ``school`` (last codes), ``year``.
    """
    found = []
    for county in counties:
        rows = county.tables["teachers"][["pseudonym", "school", "year"]]
        rows = rows.assign(school=codes.apply(rows["school"]))
        kept = rows["pseudonym"].isin(list(staff)) | rows["school"].isin(list(sites))
        found.append(rows[kept])
    rows = _stack(found)
    return rows.assign(pseudonym=rows["pseudonym"].astype(object), year=rows["year"].astype(int))


def _stack(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put frames below each other; one without rows says nothing of how its columns are stored."""
    found = list(frames)
    return pd.concat([each for each in found if len(each)] or found[:1], ignore_index=True)


def list_years(exchanges: pd.DataFrame, school_years: pd.DataFrame) -> dict[str, range]:
    """Give each county's longest run of years with figures of schools and a list of exchanges.

    A year without a list is no year without exchange; of equal runs the later is taken.

    >>> lists = pd.DataFrame({"county": "a", "year": [2014, 2016, 2017, 2019, 2020]})
    >>> list_years(lists, pd.DataFrame({"county": "a", "year": range(2014, 2022)}))
    {'a': range(2019, 2021)}
    """
    found: dict[str, range] = {}
    for county, rows in exchanges.groupby("county", sort=True):
        there = school_years.loc[school_years["county"] == county, "year"]
        years = sorted({int(y) for y in rows["year"]} & {int(y) for y in there})
        runs: list[range] = []
        for year in years:
            if runs and runs[-1].stop == year:
                runs[-1] = range(runs[-1].start, year + 1)
            else:
                runs.append(range(year, year + 1))
        if runs:
            found[str(county)] = max(runs, key=lambda run: (len(run), run.start))
    return found


def list_schools(school_years: pd.DataFrame, years: Mapping[str, range]) -> pd.DataFrame:
    """List schools by year with their pupils in the compulsory stages.

    A year for which a school did not report, between two for which it did, is kept without pupils.

    Returns
    -------
    DataFrame
        ``school``, ``county``, ``year``, ``pupils``, sorted; ``twice`` where two schools bore one
        code in a year.
    """
    rows = school_years[school_years["stage"].isin(STAGES)]
    rows = rows.assign(year=rows["year"].astype(int), pupils=rows["pupils_n"].astype("float64"))
    first, stop = (
        rows["county"].map({county: edge(run) for county, run in years.items()}).astype("float64")
        for edge in (lambda run: run.start, lambda run: run.stop)
    )
    rows = rows[(rows["year"] >= first) & (rows["year"] < stop)]
    by_school = rows.groupby(KEY, sort=True)
    found = by_school.agg(
        county=("county", "first"), stages=("stage", "size"), kinds=("stage", "nunique")
    )
    # A stage that says nothing leaves the school's sum unknown.
    found = found.assign(pupils=by_school["pupils"].sum(skipna=False)).reset_index()
    found = found[~(found["pupils"] <= 0)]
    return _fill(found.assign(twice=found["stages"] > found["kinds"]))


def _fill(found: pd.DataFrame) -> pd.DataFrame:
    spans = found.groupby("school", sort=True).agg(
        county=("county", "last"), low=("year", "min"), high=("year", "max")
    )
    lengths = (spans["high"] - spans["low"] + 1).astype(int)
    whole = spans.loc[spans.index.repeat(lengths)].reset_index()
    whole["year"] = whole["low"] + whole.groupby("school").cumcount()
    joined = whole.merge(found[[*KEY, "pupils", "twice"]], on=KEY, how="left")
    twice = joined["twice"].eq(True)
    return joined.assign(twice=twice)[["school", "county", "year", "pupils", "twice"]]
