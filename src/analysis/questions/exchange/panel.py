"""Schools of a prefecture over the years: exchange teachers received and sent, and what came of it.

One row a school and year. A school is under its last code; the years are those for which its county
handed in a list of exchanges, in one run. Teachers who had been exchanged before the first list and
were still there are not known: the first years may count too few, and a start in them is none
(``years_before`` of `assign`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.questions.exchange import doses, outcomes, schools
from analysis.questions.exchange.roles import Assigned, assign
from analysis.questions.exchange.schools import KEY
from analysis.records.county import CountyData
from analysis.records.reference import locate_zone

__all__ = ["Assigned", "Panel", "assign", "gather"]

OUTCOMES = ("score", *(f"score_{name}" for name in outcomes.SUBJECTS), "staying")
PLACEBOS = ("books", "sports_area")
COMPOSITION = ("boarders", "migrants", "log_pupils", "tested")
FOOTING = ("teachers", "backbone")
"""What schools had to begin with, for who receives and who sends."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Schools by year.

    Attributes
    ----------
    rows
        Sorted by school and year: ``school``, ``county``, ``year``, ``pupils``; ``receives`` and
        ``sends``, exchange teachers per 100 pupils in full weeks (nan where not known), with
        ``_low`` and ``_high``; ``changed``; ``location``; `OUTCOMES`, `PLACEBOS`, `COMPOSITION`,
        `FOOTING`. Scores are in standard deviations of pupils.
    common
        There are grades and subjects of which all counties wrote the same papers: scores are of these
        alone, on one scale, and counties may be compared; else each county is standardised by itself.
    years
        Run of years of each county.
    left_out
        What there was and is not in the rows, or not in a column: ``counties`` without any list of
        exchanges, ``private`` schools; scores by school, grade, subject and year that a county tested by
        itself (``own_papers``); of the others (``cells``) those ``without_sd``; school-years with some of them and yet ``unscored``, as too few were
        tested or no grade and subject was in all years of the school.
    """

    rows: pd.DataFrame
    common: bool
    years: Mapping[str, range]
    left_out: Mapping[str, int]


def gather(counties: Sequence[CountyData]) -> Panel:
    """Put the schools of counties into one frame; the registers of pupils are not read.

    Parameters
    ----------
    counties
        Of one prefecture, or one county.
    """
    counties = sorted(counties, key=lambda county: county.place.code)
    parameters = counties[0].reference.parameters["exchange"]["effect"]
    codes = schools.trace_codes(
        pd.concat([county.tables["successions"] for county in counties], ignore_index=True)
    )
    tables = schools.pool_tables(counties, codes)
    years = schools.list_years(tables["exchanges"], tables["school_years"])
    private = _list_private(tables["schools"], parameters)
    listed = schools.list_schools(tables["school_years"], years)
    changed = schools.find_changed(codes, listed, parameters["changed"])
    changed |= frozenset(listed.loc[listed["twice"], "school"])
    listed = listed[~listed["school"].isin(private)].drop(columns="twice").reset_index(drop=True)
    stays = _list_stays(counties, codes, tables["exchanges"], parameters["present_on"])
    rows = _add_doses(listed, stays)
    rows["changed"] = rows["school"].isin(changed)
    scores = _within(tables["school_scores"], rows)
    kept = outcomes.keep_common(scores)
    common = not kept.empty
    marks = (
        _standardise(tables["school_scores"], kept) if common
        else outcomes.standardise(scores, by="county")
    )  # fmt: skip
    rows = _add_outcomes(rows, tables, marks, parameters)
    cells = marks[marks["school"].isin(rows["school"])]
    left_out = {
        "counties": len(counties) - len(years), "private": len(private), "cells": len(cells),
        "own_papers": len(scores) - len(kept) if common else 0,
        "without_sd": int(cells["sd"].isna().sum()),
        "unscored": len(cells.drop_duplicates(KEY)) - int(rows["score"].notna().sum()),
    }  # fmt: skip
    return Panel(rows, common, years, left_out)


def _list_private(frame: pd.DataFrame, parameters: Mapping[str, Any]) -> set[str]:
    """List the schools that were not bound to exchange in any year."""
    return set(frame.loc[frame["owner"].isin(parameters["not_public"]), "school"])


def _list_stays(
    counties: Sequence[CountyData], codes: schools.Codes, exchanges: pd.DataFrame, present_on: str
) -> pd.DataFrame:
    stays = doses.list_stays(exchanges, present_on)
    open_ = stays[doses.is_open(stays)]
    sites = {*open_["school"], *open_["to_school"]}
    staff = schools.list_staff(counties, codes, {*open_["pseudonym"]}, sites)
    return doses.follow_lists(stays, staff)


def _add_doses(listed: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    rows = listed.copy()
    for side, name in (("receive", "receives"), ("send", "sends")):
        range_ = doses.measure_doses(listed, stays, side)
        rows[name] = range_["low"].where(range_["low"] == range_["high"])
        rows[f"{name}_low"], rows[f"{name}_high"] = range_["low"], range_["high"]
    return rows


def _within(scores: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Keep scores of each county's years; private schools wrote the papers as well."""
    run = rows.groupby("county")["year"].agg(["min", "max"])
    year = scores["year"].astype("float64")
    first, last = (scores["county"].map(run[edge]) for edge in ("min", "max"))
    return scores[year.ge(first) & year.le(last)]


def _standardise(scores: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Put the scores that are kept on the scale of all who wrote the same papers.

    Counties that handed in no list that year wrote them as well: the scale is the paper's.
    """
    papers = kept[["year", *outcomes.CELL, "paper"]].drop_duplicates()
    marks = outcomes.standardise(scores.merge(papers))
    own = kept[[*KEY, *outcomes.CELL]].drop_duplicates()
    return marks.merge(own.astype({"year": marks["year"].dtype}))


def _add_outcomes(
    rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame], marks: pd.DataFrame,
    parameters: Mapping[str, Any],
) -> pd.DataFrame:  # fmt: skip
    found = (
        outcomes.average_scores(marks, parameters["least_tested"]),
        outcomes.follow_pupils(tables["classes"]),
        outcomes.share_tested(marks, tables["classes"]),
        outcomes.describe_schools(tables["school_years"], tables["resources"]),
        _locate(tables["schools"]),
    )
    for frame in found:
        rows = rows.merge(frame, on=KEY, how="left")
    # The year after the last of a county's run may be there all the same: it is not of the panel.
    numbers = [*OUTCOMES, *PLACEBOS, *COMPOSITION, *FOOTING]
    rows[numbers] = rows[numbers].astype("float64").replace([np.inf, -np.inf], np.nan)
    return rows.sort_values(KEY, ignore_index=True)


def _locate(frame: pd.DataFrame) -> pd.DataFrame:
    zones = {zone: locate_zone(zone) for zone in frame["zone"].dropna().unique()}
    found = frame.assign(year=frame["year"].astype(int), location=frame["zone"].map(zones))
    return found.drop_duplicates(KEY)[[*KEY, "location"]]
