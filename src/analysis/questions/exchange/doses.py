"""How many exchange teachers a school has, and lacks, in each year: full weeks, with what is not known.

Who is there on one day of the school year counts for it, by the share of the week. What the lists
leave open (last days, shares of itinerant teachers) makes a range, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

SIDES = {"receive": "to_school", "send": "school"}
_OPEN = 9999
_FIRST_MONTH = 8
"""Days of this month and later lie in the calendar year in which a school year begins."""


def list_stays(exchanges: pd.DataFrame, present_on: str) -> pd.DataFrame:
    """List for each exchange in which school years the teacher is there, and for how much of the week.

    Without a first day it begins with its school year. Without a last day it lasts to the end of its
    school year at least, and at most until the next exchange of the same teacher that leaves no room
    for both in a week (and `follow_lists`). Without a share it is the whole week, but of itinerant teachers, and where the
    form is not known either, any part of it.

    Parameters
    ----------
    exchanges
        As the contract has them, with ``pseudonym`` for the teacher.
    present_on
        Month and day on which presence is told, ``"03-01"``.

    Returns
    -------
    DataFrame
        ``pseudonym``, ``school``, ``to_school``, ``first``, ``last_low``, ``last_high``,
        ``share_low``, ``share_high``, ``transferred``; one row a teacher, first school year and
        receiving school.

    Examples
    --------
    >>> rows = [("t", "a", "b", 2016, "regular", None, False, "2016-09-01", "2018-08-31"),
    ...         ("u", "a", "b", 2016, "itinerant", None, False, "2016-09-01", None)]
    >>> columns = ["pseudonym", "school", "to_school", "year", "form", "share_week", "transferred",
    ...            "start", "end"]
    >>> stays = list_stays(pd.DataFrame(rows, columns=columns), "03-01")
    >>> stays[["first", "last_low", "last_high", "share_low", "share_high"]].to_numpy().tolist()
    [[2016.0, 2017.0, 2017.0, 1.0, 1.0], [2016.0, 2016.0, 9999.0, 0.0, 1.0]]
    """
    rows = exchanges.sort_values(["pseudonym", "year", "to_school", "school"], kind="stable")
    rows = rows.drop_duplicates(["pseudonym", "year", "to_school"]).reset_index(drop=True)
    year = rows["year"].to_numpy(dtype=int)
    start, end = (_count_days(rows[name], present_on) for name in ("start", "end"))
    first = np.where(np.isnan(start), year, np.ceil(start))
    last = np.floor(end)
    shares = rows["share_week"].astype("float64").to_numpy()
    known = ~np.isnan(shares)
    whole = rows["form"].notna().to_numpy() & (rows["form"] != "itinerant").fillna(True).to_numpy()
    stays = pd.DataFrame({
        **{name: rows[name].astype(object) for name in ("pseudonym", "school", "to_school")},
        "first": first.astype(int),
        "last_low": np.where(np.isnan(last), year, last).astype(int),
        "last_high": np.where(np.isnan(last), _OPEN, last).astype(int),
        "share_low": np.where(known, shares, np.where(whole, 1.0, 0.0)),
        "share_high": np.where(known, shares, 1.0),
        "transferred": rows["transferred"].eq(True).fillna(False).astype(bool),
    })  # fmt: skip
    return _end_by_next(stays)


def _count_days(dates: pd.Series, present_on: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Place days among school years: whole at the day on which presence is told, half between two."""
    text = dates.astype("string")
    year = pd.to_numeric(text.str[:4], errors="coerce").astype("float64").to_numpy()
    day = (
        pd.to_numeric(text.str[5:7] + text.str[8:10], errors="coerce").astype("float64").to_numpy()
    )
    told = int(present_on.replace("-", ""))
    ahead = 0 if told >= _FIRST_MONTH * 100 else 1
    return np.asarray(year - ahead + np.sign(day - told) / 2, dtype=np.float64)


def _end_by_next(stays: pd.DataFrame) -> pd.DataFrame:
    """End what has no last day where the same teacher's next exchange leaves no room for it."""
    begun = stays.groupby(["pseudonym", "first"], sort=True)["share_low"].sum().reset_index()
    later = begun.groupby("pseudonym")[["first", "share_low"]].shift(-1)
    begun = begun[["pseudonym", "first"]].assign(next=later["first"], taken=later["share_low"])
    following = stays[["pseudonym", "first"]].merge(begun, on=["pseudonym", "first"], how="left")
    crowded = stays["share_low"] + following["taken"] > 1
    ended = crowded & is_open(stays)
    last = np.where(ended, np.maximum(stays["last_low"], following["next"] - 1), stays["last_high"])
    return stays.assign(last_high=last.astype(int))


def is_open(stays: pd.DataFrame) -> pd.Series:
    """Tell which stays have no end that is known."""
    return stays["last_high"] == _OPEN


def follow_lists(stays: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Follow teachers whose exchange has no last day over the lists of teachers, year by year.

    Who is on the list of the receiving school is there for that year; of a teacher whose post moved
    along that does not tell whether the exchange goes on or is over. Who is on neither list is gone.
    On the list of the home school alone a teacher is back if the list of the receiving school had the
    teacher before; else the home school may go on listing who is away, and nothing is known. A year
    counts in which both schools handed in their lists.

    Parameters
    ----------
    stays
        From `list_stays`.
    listed
        Lists of teachers: ``pseudonym``, ``school``, ``year``; those of the schools of open stays will do.

    Returns
    -------
    DataFrame
        The stays with ``last_low`` and ``last_high`` as far as the lists tell them.

    Examples
    --------
    >>> stays = pd.DataFrame({"pseudonym": ["t"], "school": ["a"], "to_school": ["b"], "first": [2016],
    ...                       "last_low": [2016], "last_high": [9999], "transferred": False})
    >>> rows = [("t", "b", 2017), ("u", "a", 2017), ("u", "a", 2018), ("v", "b", 2018)]
    >>> listed = pd.DataFrame(rows, columns=["pseudonym", "school", "year"])
    >>> follow_lists(stays, listed)[["last_low", "last_high"]].to_numpy().tolist()
    [[2017, 2017]]
    """
    seen = _look_up(stays[is_open(stays)], listed)
    stay, ahead = seen["index"], seen["year"] - seen["last_low"]
    there = seen["there"]
    listed_before = there.groupby(stay).cumsum() > 0
    gone = seen[(ahead > 0) & ~there & (~seen["home"] | listed_before)]
    ends = gone.groupby("index")["year"].min() - 1
    after = seen[(ahead > 0) & there & ~seen["transferred"]]
    unbroken = after[after.groupby("index").cumcount() + 1 == ahead[after.index]]
    last_low, last_high = stays["last_low"].copy(), stays["last_high"].copy()
    years = unbroken.groupby("index")["year"].max()
    last_low.loc[years.index] = years
    last_high.loc[ends.index] = np.maximum(ends, last_low.loc[ends.index])
    return stays.assign(last_low=last_low, last_high=last_high)


def _look_up(stays: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Look stays up in the lists of both schools: ``home`` and ``there``, by stay and year."""
    lists = listed[["school", "year"]].drop_duplicates()
    rows = listed[["pseudonym", "school", "year"]].drop_duplicates()
    names = ["pseudonym", "school", "to_school", "first", "last_low", "transferred"]
    seen = stays[names].rename_axis("index").reset_index().merge(lists, on="school")
    seen = seen.merge(lists.rename(columns={"school": "to_school"}), on=["to_school", "year"])
    seen = seen[seen["year"] >= seen["first"]]
    for name, mark in (("school", "home"), ("to_school", "there")):
        has = rows.rename(columns={"school": name}).assign(**{mark: True})
        seen = seen.merge(has, on=["pseudonym", name, "year"], how="left")
        seen[mark] = seen[mark].eq(True)
    return seen.sort_values(["index", "year"], ignore_index=True)


def count_teachers(stays: pd.DataFrame, side: str, years: Iterable[int]) -> pd.DataFrame:
    """Count the teachers a school receives or sends, in full weeks, by year.

    Parameters
    ----------
    stays
        From `list_stays`.
    side
        ``"receive"`` or ``"send"``.
    years
        School years.

    Returns
    -------
    DataFrame
        ``school``, ``year``, ``low``, ``high``, sorted; schools with nobody have no row.

    Examples
    --------
    >>> stays = pd.DataFrame({"to_school": ["b", "b"], "first": [2016, 2017], "last_low": [2017, 2017],
    ...     "last_high": [2017, 9999], "share_low": [1.0, 0.4], "share_high": [1.0, 0.4]})
    >>> count_teachers(stays, "receive", range(2016, 2019)).to_numpy().tolist()
    [['b', 2016, 1.0, 1.0], ['b', 2017, 1.4, 1.4], ['b', 2018, 0.0, 0.4]]
    """
    school = stays[SIDES[side]].rename("school")
    parts = []
    for year in years:
        begun = stays["first"] <= year
        low = stays["share_low"].where(begun & (stays["last_low"] >= year), 0.0)
        high = stays["share_high"].where(begun & (stays["last_high"] >= year), 0.0)
        there = high > 0
        sums = pd.DataFrame({"low": low[there], "high": high[there]}).groupby(school[there]).sum()
        parts.append(sums.reset_index().assign(year=year))
    columns = ["school", "year", "low", "high"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).sort_values(columns[:2], ignore_index=True)[columns]


def measure_doses(schools: pd.DataFrame, stays: pd.DataFrame, side: str) -> pd.DataFrame:
    """Give teachers received or sent per 100 pupils, by school and year of a list of schools.

    Where the pupils of a year are not known, nobody is none all the same, and anybody is any number.

    Parameters
    ----------
    schools
        ``school``, ``year``, ``pupils``.
    stays, side
        As for `count_teachers`.

    Returns
    -------
    DataFrame
        ``low`` and ``high``, index as `schools`.
    """
    counts = count_teachers(stays, side, sorted(schools["year"].unique()))
    joined = schools[["school", "year", "pupils"]].merge(counts, on=["school", "year"], how="left")
    known = joined["pupils"].notna()
    low, high = (
        (100 * joined[end].astype("float64").fillna(0.0) / joined["pupils"]).where(
            known, joined[end].notna().map({True: unknown, False: 0.0})
        )
        for end, unknown in (("low", 0.0), ("high", np.inf))
    )
    return pd.DataFrame({"low": low.to_numpy(), "high": high.to_numpy()}, index=schools.index)
