"""What is predicted: leaving, or where hardly anybody is on record as having left, what comes before.

In recent years counties record 0 to 0.3 of 100 pupils a year as having left. From so few no model can
be learnt and tried. Then the outcome is wider, and says so: put on the ledger of suspected cases
(疑似辍学台账) or left; else absent without leave for as many days on end as have to be reported, or left.
Each holds the one before. Where even that is rare nothing is predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.questions.dropout.ledgers import keeps
from analysis.questions.dropout.terms import (
    LEFT,
    MOVED,
    OTHER,
    STAYS,
    known,
    number_terms,
    place_of_dates,
)
from analysis.records.county import CountyData

Outcome = Literal["left", "suspected", "absent"]
OUTCOMES: tuple[Outcome, ...] = ("left", "suspected", "absent")
"""From the narrowest to the widest."""
UNKNOWN = "unknown"
"""The end of a term of which it cannot be told whether the outcome came."""
_WHO = ["pseudonym", "place"]


def mark(rows: pd.DataFrame, county: CountyData, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Say of each pupil and term whether it came to be suspected, and to a long absence.

    Parameters
    ----------
    rows
        Of `terms.list_terms`.
    county
        Whose.
    settings
        ``parameters.toml`` ``[dropout]``.

    Returns
    -------
    pandas.DataFrame
        The rows with ``suspected`` and ``absent``: 1 or 0; missing where the county keeps no ledger
        for the year, or where the longest absence is not on record.
    """
    at = pd.MultiIndex.from_frame(rows[_WHO])
    found = county.tables["suspected"].assign(
        place=place_of_dates(county.tables["suspected"]["found_on"], settings["terms"]["starts"])
    ).dropna(subset=_WHO)  # fmt: skip
    listed = at.isin(pd.MultiIndex.from_frame(found[_WHO].astype({"place": "int64"})))
    kept = rows["year"].map({int(y): keeps(county, int(y)) for y in rows["year"].unique()})
    attendance = county.tables["attendance"]
    longest = attendance.assign(place=number_terms(attendance)).dropna(subset=["longest_n"])
    days = longest.groupby(_WHO)["longest_n"].max().reindex(at).to_numpy(dtype=float)
    long = (days >= settings["absence"]["report_days"]).astype(float)
    return rows.assign(
        suspected=np.where(listed, 1.0, np.where(kept.to_numpy(dtype=bool), 0.0, np.nan)),
        absent=np.where(np.isnan(days), np.nan, long),
    )


def choose(rows: pd.DataFrame, least: int) -> tuple[pd.DataFrame, Outcome]:
    """Take the narrowest outcome that came often enough to learn it, and to try what was learnt.

    Parameters
    ----------
    rows
        Pupils at risk of all counties, with what `mark` added.
    least
        Fewest events, in the last school year known and in all years before it.

    Returns
    -------
    tuple
        The rows, ``end`` as recorded and ``exit`` with `terms.LEFT` where the outcome came; and the
        outcome. Where none came often enough it is leaving.
    """
    for outcome in OUTCOMES:
        taken = _take(rows, outcome)
        told = known(taken)
        events = told.loc[told["exit"] == LEFT, "year"]
        last = int((events == told["year"].max()).sum())
        if min(last, len(events) - last) >= least:
            return taken, outcome
    return _take(rows, "left"), "left"


def _take(rows: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Put an outcome in the place of leaving."""
    plain = rows.drop(columns=["suspected", "absent"]).assign(end=rows["exit"])
    if outcome == "left":
        return plain
    names = OUTCOMES[1 : OUTCOMES.index(outcome) + 1]
    flags = rows[list(names)].to_numpy(dtype=float)
    end = rows["exit"].to_numpy(dtype=object)
    came = (end == LEFT) | (np.nan_to_num(flags) > 0).any(axis=1)
    # Who is gone for another reason is none of whom the outcome stayed away.
    untold = np.isnan(flags[:, -1]) & ~np.isin(end, [MOVED, OTHER])
    return plain.assign(
        exit=np.select(
            [untold & _is_silent(rows, names[-1]), came, untold, end == STAYS],
            [UNKNOWN, LEFT, UNKNOWN, STAYS], default=end,
        )
    )  # fmt: skip


def _is_silent(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Mark the schools and terms of which nobody's outcome can be told.

    With nobody known to be spared, those who left would stand alone: 100 of 100.
    """
    told = rows[name].notna().groupby([rows["school"], rows["place"]]).transform("any")
    return ~told.to_numpy(dtype=bool)


WORDS: Mapping[Outcome, Mapping[str, Mapping[str, str]]] = {
    "left": {
        "leave": {"zh": "离校", "en": "leave"},
        "left": {"zh": "离校", "en": "left"},
        "left_one": {"zh": "离校", "en": "left"},
        "leaving": {"zh": "离校", "en": "leaving"},
        "meaning": {"zh": "离校", "en": "having left"},
    },
    "suspected": {
        "leave": {"zh": "列为疑似辍学", "en": "be listed as suspected"},
        "left": {"zh": "列为疑似辍学", "en": "were listed as suspected"},
        "left_one": {"zh": "列为疑似辍学", "en": "was listed as suspected"},
        "leaving": {"zh": "疑似辍学", "en": "being listed as suspected"},
        "meaning": {
            "zh": "学期内列入疑似辍学台账，或已离校",
            "en": "put on the ledger of suspected cases during the term, or left",
        },
    },
    "absent": {
        "leave": {"zh": "长期缺勤", "en": "be absent for long"},
        "left": {"zh": "长期缺勤", "en": "were absent for long"},
        "left_one": {"zh": "长期缺勤", "en": "was absent for long"},
        "leaving": {"zh": "长期缺勤", "en": "long absence"},
        "meaning": {
            "zh": "学期内连续无故缺勤达到应报告的天数，或列为疑似辍学，或已离校",
            "en": "absent without leave for as many days on end as have to be reported, "
            "or listed as suspected, or left",
        },
    },
}
"""How sentences and titles speak of each: as what may come, came (to several, to one), and a thing."""
