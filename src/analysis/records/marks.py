"""Scores by school held against full marks, the classes of the school, and one paper for a test.

Marks and numbers of pupils are of persons: no fault tells one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.errors import Fault, Level
from analysis.records.contracts import TABLES
from analysis.records.crosschecks import Crossing
from analysis.records.faults import fault, quotable, quote
from analysis.records.gathering import PLACE
from analysis.records.rules import rules

_TABLE = TABLES["school_scores"]


def mark_faults(crossing: Crossing) -> Iterator[Fault]:
    """Say what scores by school have wrong.

    Parameters
    ----------
    crossing
        The frames of all tables.
    """
    marks, rule = crossing.frames["school_scores"], rules()["school_scores"]
    if marks.empty:
        return
    high = (marks["score_mean"] > rule["highest"]).fillna(False)
    yield from _told(crossing, marks[high], "marks-too-high", "score_mean", limit=rule["highest"])
    # Marks from 0 to the full ones lie at most half of these from their mean.
    wide = (marks["score_sd"] > rule["highest"] / 2).fillna(False)
    yield from _told(crossing, marks[wide], "spread-too-wide", "score_sd", limit=rule["highest"])
    nobody = (marks["tested_n"] == 0) & marks[["score_mean", "score_sd"]].notna().any(axis=1)
    yield from _told(crossing, marks[nobody.fillna(False)], "marks-of-nobody", "tested_n")
    alike = (marks["score_sd"] == 0) & (marks["tested_n"] >= rule["most_alike"])
    yield from _told(crossing, marks[alike.fillna(False)], "marks-all-alike", "score_sd")
    yield from _spreads_missing(crossing, marks)
    yield from _told(
        crossing, _over_grade(crossing, marks), "tested-over-grade", "tested_n", "warning"
    )
    yield from _papers(crossing, marks)


def _told(
    crossing: Crossing, rows: pd.DataFrame, code: str, column: str, level: Level = "error",
    **values: int,
) -> Iterator[Fault]:  # fmt: skip
    for row in rows.to_dict("records"):
        yield crossing.fault(code, row, column=_TABLE[column].zh, level=level, **values)


def _spreads_missing(crossing: Crossing, marks: pd.DataFrame) -> Iterator[Fault]:
    """Count the means without a standard deviation: one line a sheet."""
    bare = marks[marks["score_mean"].notna() & marks["score_sd"].isna()
                 & ~crossing.find_unread("school_scores", "score_sd")]  # fmt: skip
    for place, rows in bare.groupby(PLACE, sort=True):
        file, sheet = crossing.places[int(str(place))]
        yield fault("spread-missing", file=file, sheet=sheet, level="info", n=len(rows),
                    column=_TABLE["score_sd"].zh)  # fmt: skip


def _over_grade(crossing: Crossing, marks: pd.DataFrame) -> pd.DataFrame:
    """Find tests with more pupils than the classes of the grade have, where classes are given."""
    key = ["school", "year", "grade"]
    classes = crossing.frames["classes"].dropna(subset=[*key, "pupils_n"])
    sizes = classes.groupby(key, as_index=False)["pupils_n"].sum()
    joined = marks.dropna(subset=[*key, "tested_n"]).merge(sizes, on=key)
    return joined[joined["tested_n"] > joined["pupils_n"]]


def _papers(crossing: Crossing, marks: pd.DataFrame) -> Iterator[Fault]:
    """Find papers that nobody near the county sets, and tests of a county with more than one."""
    named = marks.dropna(subset=["county", "paper"])
    shown = quotable(_TABLE, _TABLE["paper"])
    near = pd.Series(
        [not crossing.china or _is_near(*both)
         for both in zip(named["paper"], named["county"], strict=True)],
        index=named.index, dtype=bool,
    )  # fmt: skip
    for row in named[~near].to_dict("records"):
        yield crossing.fault("paper-unknown", row, column=_TABLE["paper"].zh,
                             value=quote(row["paper"], allowed=shown))  # fmt: skip
    key = ["county", "year", "grade", "subject"]
    # What is no paper's code has been said: rows that have one are not at fault for it.
    papers = named[near].dropna(subset=key).drop_duplicates([*key, "paper"])
    for row in papers[papers.duplicated(key)].to_dict("records"):
        yield crossing.fault("papers-differ", row, column=_TABLE["paper"].zh)


def _is_near(paper: str, county: str) -> bool:
    """Tell whether a paper bears a code of the county's prefecture, old codes too, or the province's.

    >>> [_is_near(paper, "130722") for paper in ("130722", "130700", "130000", "110000", "1307")]
    [True, True, True, False, False]
    """
    province = f"{county[:2]}0000"
    return len(paper) == 6 and paper.isdecimal() and paper[:4] in (county[:4], province[:4])
