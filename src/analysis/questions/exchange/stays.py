"""How long exchanged teachers stay, where they are afterwards, and who is still there later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.questions.exchange.rules import Rules
from analysis.records.county import CountyData
from analysis.records.teachers import list_teachers

Row = dict[str, Any]
BY_YEARS, BY_PLACE, BY_AFTER = "exchange_years", "exchange_place", "exchange_after"
PLACES = ("home", "receiving", "elsewhere", "gone")
_COARSER: tuple[Mapping[str, str], ...] = (
    {place: place for place in PLACES},
    {"home": "home", "receiving": "other", "elsewhere": "other", "gone": "gone"},
    {"home": "listed", "receiving": "listed", "elsewhere": "listed", "gone": "gone"},
)
"""Ways to tell places, from the finest: outside the county none may be of few teachers."""
_FOLLOWED = frozenset({"recoded", "merged"})


def stay_rows(moves: pd.DataFrame, year: int, rules: Rules) -> Iterator[Row]:
    """Give which share of those who went out were still out after so many school years.

    Of each teacher the first exchange counts; after so many years, those of them that began so
    long ago. An exchange without a last day goes on.

    Parameters
    ----------
    moves
        Exchanges of all years out of public schools.
    year, rules
        The year of the report, and what `rules.read_rules` gives.
    """
    first = moves.sort_values(["year", "pseudonym"]).drop_duplicates("pseudonym")
    for years in rules["stay"]["lasted"]:
        begun = first[first["year"] + years <= year]
        passed = (begun["year"] + years).astype("string") + f"-{rules['stay']['day']}"
        out = begun["end"].isna() | (begun["end"] >= passed)
        yield from _share("exchange_lasted", BY_YEARS, str(years), out, year)


def follow(
    county: CountyData, moves: pd.DataFrame, rules: Rules
) -> tuple[pd.DataFrame, Mapping[int, pd.Series]]:
    """Follow those whose exchange is over to the lists of teachers after it.

    Parameters
    ----------
    county
        Needs ``teachers``, ``schools``; ``successions``.
    moves
        Exchanges of all years out of public schools.
    rules
        What `rules.read_rules` gives.

    Returns
    -------
    DataFrame
        The moves that are over, with ``back``, the first autumn after them, and ``place``, where
        the list of that autumn has the teacher: one of `PLACES`.
    mapping
        The school of each teacher by pseudonym, for every year that has a list.
    """
    lists = {
        year: rows.set_index("pseudonym")["school"]
        for year in sorted({int(y) for y in county.tables["teachers"]["year"].unique()})
        if len(rows := list_teachers(county, year, rules["scope"]))
    }
    over = moves[moves["end"].notna()]
    ended = pd.to_numeric(over["end"].str[:4]).astype(int)
    over = over.assign(back=ended + (over["end"].str[5:] >= rules["stay"]["day"]).astype(int))
    over = over[over["back"].isin(list(lists)) & (over["back"] > over["year"])]
    heirs = _heirs(county.tables["successions"])
    places = [
        _place(row, lists[row["back"]].get(row["pseudonym"]), heirs)
        for row in over.to_dict("records")
    ]
    return over.assign(place=pd.Series(places, index=over.index, dtype=object)), lists


def return_rows(
    over: pd.DataFrame, lists: Mapping[int, pd.Series], year: int, rules: Rules, *, few: bool
) -> Iterator[Row]:
    """Give where teachers are after their exchange, and which share is on the lists later.

    Parameters
    ----------
    over, lists
        From `follow`.
    year, rules
        As for `stay_rows`.
    few
        Give every place: for the county's own desk. Else places are told as finely as leaves none
        of few teachers; the others would tell how many.
    """
    latest = over.sort_values(["back", "pseudonym"]).drop_duplicates("pseudonym", keep="last")
    for way in _COARSER:
        places = latest["place"].map(way)
        sizes = [int((places == place).sum()) for place in dict.fromkeys(way.values())]
        if few or not any(0 < size < rules["few"]["teachers"] for size in sizes):
            for place in dict.fromkeys(way.values()):
                yield from _share("exchange_then", BY_PLACE, place, places == place, year)
            break
    seen = over[over["place"] != "gone"].sort_values(["back", "pseudonym"])
    for years in rules["stay"]["after"]:
        due = seen[(seen["back"] + years).isin(list(lists))]
        due = due.drop_duplicates("pseudonym", keep="last")
        there = [
            row["pseudonym"] in lists[row["back"] + years].index for row in due.to_dict("records")
        ]
        stayed = pd.Series(there, index=due.index, dtype=bool)
        yield from _share("exchange_kept", BY_AFTER, str(years), stayed, year)


def succeed(
    code: str, first: int, last: int, heirs: Mapping[str, Sequence[tuple[int, str]]]
) -> str:
    """Give the code that a school bears in a later year, merged schools under that of the merger.

    >>> succeed("a", 2015, 2018, {"a": [(2016, "b")], "b": [(2018, "c")]})
    'c'
    >>> succeed("a", 2016, 2018, {"a": [(2016, "b")]})
    'a'
    """
    year = first
    while True:
        step = next((s for s in heirs.get(code, ()) if year < s[0] <= last), None)
        if step is None:
            return code
        year, code = step


def _heirs(successions: pd.DataFrame) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    rows = successions[successions["event"].isin(_FOLLOWED)].sort_values(["year", "school"])
    for row in rows.to_dict("records"):
        found.setdefault(row["school"], []).append((int(row["year"]), row["successor"]))
    return found


def _place(
    row: Mapping[Any, Any], school: Any, heirs: Mapping[str, Sequence[tuple[int, str]]]
) -> str:
    if not isinstance(school, str):
        return "gone"
    first, last = int(row["year"]), int(row["back"])
    if school == succeed(row["school"], first, last, heirs):
        return "home"
    here = school == succeed(row["to_school"], first, last, heirs)
    return "receiving" if here else "elsewhere"


def _share(indicator: str, by: str, subject: str, marks: pd.Series, year: int) -> Iterator[Row]:
    if len(marks):
        part = int(marks.sum())
        yield {
            "indicator": indicator, "by": by, "subject": subject, "at": str(year),
            "value": part / len(marks), "numerator": part, "denominator": len(marks),
            "n": len(marks), "n_unit": "teachers", "unit": "share",
        }  # fmt: skip
