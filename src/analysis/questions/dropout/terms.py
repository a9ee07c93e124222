"""Pupils at risk, term by term: who was in school, and how the term ended for them.

A row is a pupil on the register on the first day of a term. Until the next term the pupil stays,
leaves (``left``), is known to be in school elsewhere (``moved``), or is gone for another reason
(``other``: suspended, dead). What cannot be told is not guessed: the last term of the register,
grade 9 in spring (it ends there by itself), and schools that handed in nothing for the next term
have no outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

STAYS, LEFT, MOVED, OTHER = "stays", "left", "moved", "other"
LAST_GRADE = 9
_WHO = ["pseudonym", "place"]
_GONE = {"die": OTHER, "suspend": OTHER}


@dataclass(frozen=True, slots=True)
class Terms:
    """Pupils at risk of a county.

    Attributes
    ----------
    rows
        One row a pupil and term, sorted by term and pupil: the register's columns, ``place`` (the
        term's number in the order of time), ``period`` (grade and term) and ``exit``.
    now
        Pupils of the last term on the register, whose end is still to come: as ``rows``, without
        ``exit``.
    unknown
        Rows left out because nothing can be known of their end: by reason
        (``last_term``, ``school_silent``), the number of pupils.
    """

    rows: pd.DataFrame
    now: pd.DataFrame
    unknown: Mapping[str, int]


def list_terms(tables: Mapping[str, pd.DataFrame], starts: Mapping[str, str]) -> Terms:
    """List the pupils at risk of a county with how each term ended for them.

    Parameters
    ----------
    tables
        ``pupils``, ``status_changes`` and ``suspected`` as stored, of all years.
    starts
        First day of each term as month and day: ``{"1": "09-01", "2": "03-01"}``.
    """
    pupils = tables["pupils"]
    rows = pupils.assign(place=number_terms(pupils))
    rows = rows.dropna(subset=["pseudonym", "grade"]).sort_values(
        ["place", "pseudonym"], ignore_index=True
    )
    rows["period"] = rows["grade"].astype("string") + "-" + rows["term"].astype("string")
    rows = rows[~((rows["grade"] == LAST_GRADE) & (rows["term"] == "2"))]
    known, unknown = _followed(rows)
    known = known.assign(exit=_exits(known, rows_next(pupils), tables, starts))
    now = rows[rows["place"] == rows["place"].max()]
    return Terms(known.reset_index(drop=True), now.reset_index(drop=True), unknown)


def number_terms(frame: pd.DataFrame) -> pd.Series:
    """Number the terms in the order of time.

    >>> number_terms(pd.DataFrame({"year": [2020, 2020, 2021], "term": ["1", "2", "1"]})).tolist()
    [4040, 4041, 4042]
    """
    return (2 * frame["year"].astype("int64") + frame["term"].astype("int64") - 1).rename("place")


def place_of_dates(dates: pd.Series, starts: Mapping[str, str]) -> pd.Series:
    """Give the number of the term in which each ISO date lies; missing where there is no date.

    >>> starts = {"1": "09-01", "2": "03-01"}
    >>> place_of_dates(pd.Series(["2020-09-01", "2021-02-28", "2021-03-01"]), starts).tolist()
    [4040, 4040, 4041]
    """
    year = pd.to_numeric(dates.str[:4]).astype("Int64")
    day = dates.str[5:]
    autumn, spring = day >= starts["1"], (day >= starts["2"]) & (day < starts["1"])
    offset = np.select([autumn.fillna(False), spring.fillna(False)], [0, -1], default=-2)
    return (2 * year + offset).where(dates.notna()).rename("place")


def rows_next(pupils: pd.DataFrame) -> pd.MultiIndex:
    """Give who was on the register a term before, as pupil and term: the mark of those who stay."""
    return pd.MultiIndex.from_arrays([pupils["pseudonym"], number_terms(pupils) - 1])


def _followed(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Keep the rows whose end can be known, and count the others."""
    last = rows["place"] == rows["place"].max()
    handed_in = pd.MultiIndex.from_arrays([rows["school"], rows["place"] - 1]).unique()
    at = pd.MultiIndex.from_arrays([rows["school"], rows["place"]])
    silent = ~last & ~at.isin(handed_in) & ~_runs_out(rows)
    counts = {"last_term": int(last.sum()), "school_silent": int(silent.sum())}
    return rows[~last & ~silent], counts


def _runs_out(rows: pd.DataFrame) -> pd.Series:
    """Mark schools and terms after which nobody is left because the pupils have moved on together.

    A school whose pupils are found elsewhere in the next term was merged or recoded; that of
    most of them nothing is heard, it is silent.
    """
    there = pd.MultiIndex.from_arrays([rows["pseudonym"], rows["place"] - 1])
    found = pd.Series(
        pd.MultiIndex.from_arrays([rows["pseudonym"], rows["place"]]).isin(there), index=rows.index
    )
    return found.groupby([rows["school"], rows["place"]]).transform("mean") >= 0.5


def _exits(
    rows: pd.DataFrame, stay: pd.MultiIndex, tables: Mapping[str, pd.DataFrame],
    starts: Mapping[str, str],
) -> pd.Series:  # fmt: skip
    at = pd.MultiIndex.from_frame(rows[_WHO])
    gone = ~at.isin(stay)
    exits = pd.Series(np.where(gone, LEFT, STAYS), index=rows.index, dtype="object")
    changes = tables["status_changes"]
    changes = changes.assign(place=number_terms(changes))
    verified = changes["change"].eq("move_out") & changes["verified"].fillna(False)
    marked = {MOVED: changes[verified], OTHER: changes[changes["change"].isin(_GONE)]}
    cases = _cases(tables["suspected"], starts)
    marked[MOVED] = pd.concat([marked[MOVED][_WHO], cases[cases["outcome"] == "elsewhere"][_WHO]])
    for exit, found in marked.items():
        exits[gone & at.isin(_index(found))] = exit
    left = cases[(cases["outcome"] == LEFT) & ~cases["back"]]
    # On the register still, and known to have left: 名在人不在.
    exits[at.isin(_index(left)) & ~gone] = LEFT
    return exits


def _cases(suspected: pd.DataFrame, starts: Mapping[str, str]) -> pd.DataFrame:
    """Put the ledger's cases into the term in which they were found; say who was back by the next."""
    cases = suspected.assign(place=place_of_dates(suspected["found_on"], starts))
    cases = cases.dropna(subset=["place"]).astype({"place": "int64"})
    back = place_of_dates(cases["returned_on"], starts)
    return cases.assign(back=(back <= cases["place"]).fillna(False).astype(bool))


def _index(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[_WHO])


def add_before(
    rows: pd.DataFrame, table: pd.DataFrame, columns: Mapping[str, str], terms: int = 1
) -> pd.DataFrame:
    """Join what was known of each pupil some terms before.

    Parameters
    ----------
    rows
        Of `list_terms`.
    table
        A table by pupil and term, such as ``attendance``.
    columns
        Its columns and the names that they get.
    terms
        How many terms before.
    """
    before = table.assign(place=number_terms(table) + terms)[[*_WHO, *columns]]
    before = before.drop_duplicates(_WHO, keep="last").rename(columns=dict(columns))
    return rows.merge(before, on=_WHO, how="left", validate="many_to_one")


def known(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the rows that a model of leaving is held against: who stayed and who left."""
    return rows[rows["exit"].isin([STAYS, LEFT])]
