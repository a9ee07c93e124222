"""The trial again under other conditions: how far ahead, how many visits, which group.

A horizon of several terms asks who leaves within so many: a pupil who stays now and is found to have
left in a later one of them counts, one of whom that is not known yet is left out. The model learns
that outcome anew from the years before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import UsageError
from analysis.finding import Finding, Given, Name, Note, tidy
from analysis.questions.dropout import performance, risk, risk_rows, trials
from analysis.questions.dropout.covariates import used_columns
from analysis.questions.dropout.outcomes import WORDS, Outcome
from analysis.questions.dropout.pool import SEEN, Pool
from analysis.questions.dropout.risk_indicators import GROUPS, declare
from analysis.questions.dropout.terms import LAST_GRADE, STAYS
from analysis.records.county import CountyData

GROUPINGS = SEEN
"""Attributes that errors can be looked at by."""
HORIZONS = (1, 2)
"""Terms ahead."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A forward trial at a horizon.

    Attributes
    ----------
    horizon
        Terms ahead.
    tried
        Rows of `trials.run`; none where the registers do not reach so far.
    outcome
        What is predicted.
    """

    horizon: int
    tried: pd.DataFrame | None
    outcome: Outcome


def look_ahead(rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Give how the next `horizon` terms ended for each pupil, where all of them can be known.

    Rows too near to the end of the registers, or of grade 9, are left out whoever left: of those
    who stayed nothing is known.

    Parameters
    ----------
    rows
        Of a `Pool`.
    horizon
        Terms ahead; with 1 the rows are as they are.

    Examples
    --------
    >>> rows = pd.DataFrame({"pseudonym": ["a", "a", "b"], "place": [4040, 4041, 4041],
    ...     "grade": 7, "term": ["1", "2", "2"], "exit": ["stays", "left", "stays"]})
    >>> look_ahead(rows, 2)["exit"].tolist()
    ['left']
    """
    later = horizon - 1
    terms_left = 2 * (LAST_GRADE - rows["grade"]) + (rows["term"] == "1").astype(int)
    too_near = (rows["place"] > rows["place"].max() - later) | (terms_left <= later)
    known = pd.Series(
        rows["exit"].to_numpy(), index=pd.MultiIndex.from_frame(rows[["pseudonym", "place"]])
    )
    exits = rows["exit"].to_numpy(dtype=object)
    for ahead in range(1, horizon):
        next_ = pd.MultiIndex.from_arrays([rows["pseudonym"], rows["place"] + ahead])
        found = known.reindex(next_).to_numpy(dtype=object)
        exits = np.where(exits == STAYS, found, exits)
    kept = pd.notna(exits) & ~too_near.to_numpy(dtype=bool)
    return rows.assign(exit=exits)[kept].reset_index(drop=True)


def try_out(pool: Pool, horizon: int, parameters: Mapping[str, Any]) -> Trial:
    """Learn from earlier years and try on the last one, at a horizon.

    Raises
    ------
    UsageError
        For a horizon that there is not.
    """
    if horizon not in HORIZONS:
        ends = f"{HORIZONS[0]}～{HORIZONS[-1]}"
        raise UsageError(f"时间跨度应为 {ends} 个学期", f"the horizon is {ends} terms")
    rows = look_ahead(pool.rows, horizon)
    tried = trials.run(rows, used_columns(rows), parameters, ("forward",))
    return Trial(horizon, tried.get("forward"), pool.outcome)


def report(
    trial: Trial, county: CountyData, visits: int, grouping: str, parameters: Mapping[str, Any]
) -> Finding:
    """Say how the trial goes for a county with so many visits, and by a group.

    Parameters
    ----------
    trial
        From `try_out`.
    county
        One of the pool.
    visits
        Pupils that could be visited in a term.
    grouping
        One of `GROUPINGS`.
    parameters
        ``parameters.toml`` ``[dropout.risk]``.

    Returns
    -------
    Finding
        Named ``"risk"``, for the county's own eyes: rows by way and by group.

    Raises
    ------
    UsageError
        For a number of visits or a grouping that there is not.
    """
    if visits < 1 or grouping not in GROUPINGS:
        raise UsageError(
            "走访人数应不少于1，群体应在列表内", "visits are 1 or more, the group is of the list"
        )
    code = county.place.code
    own = trial.tried[trial.tried["county"] == code] if trial.tried is not None else pd.DataFrame()
    said: dict[str, Any] = {
        "county": Name("county", code), "terms": Given(trial.horizon), "visits": Given(visits),
        **{form: Name("word", form) for form in WORDS[trial.outcome]},
    }  # fmt: skip
    judged = None
    if len(own):
        capacity = {(code, int(place)): visits for place in own["place"].unique()}
        judged = performance.judge(own, capacity, parameters, parameters["pool_draws"])
    if judged is None:
        return _finding(county, trial.outcome, [], (Note("risk.look.cannot", said),))
    groups = performance.by_group(own, capacity, parameters["least_group"])
    mine = groups[groups["group"].str.startswith(f"{grouping}:")]
    rows = [
        *risk_rows.trial_rows({"forward": judged}, risk_rows.BY_WAY),
        *risk_rows.group_rows(mine),
    ]
    return _finding(county, trial.outcome, rows, (Note("risk.look.conditions", said),))


def name_groupings() -> dict[str, dict[str, str]]:
    """Name the attributes that errors can be looked at by."""
    return {name: GROUPS[name] for name in GROUPINGS}


def _finding(
    county: CountyData, outcome: Outcome, rows: list[risk_rows.Row], notes: tuple[Note, ...]
) -> Finding:
    return Finding(
        name="risk", county=county.place.code, year=county.year, table=tidy(rows),
        indicators=declare(outcome), labels=risk.name_all(county, outcome), notes=notes, origin=county.origin,
    )  # fmt: skip
