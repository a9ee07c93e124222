"""What a trial says: ranking, chances, and who would be visited, beside what knows no child.

Visits are planned for one term: precision and recall are of the last term tried, each county with
the number of visits that it has. Ranges come from drawing schools anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods import discrimination
from analysis.methods.discrimination import AtCapacity, Calibration, Estimate
from analysis.questions.dropout.pool import SEEN


@dataclass(frozen=True, slots=True)
class Judged:
    """How a trial went.

    Attributes
    ----------
    pupils, events
        Pupils and terms tried, and how many left.
    auc, delong
        Chance that who left stood above who stayed; ranges by drawing schools, and DeLong's.
    environment
        The same of the school's rate alone.
    calibration
        Whether chances mean what they say.
    visits, by_school
        Who would be visited by the model, and by the school's rate; none without visits.
    gain
        Precision of the first minus that of the second; none without visits.
    """

    pupils: int
    events: int
    auc: Estimate
    delong: Estimate
    environment: Estimate
    calibration: Calibration
    visits: AtCapacity | None
    by_school: AtCapacity | None
    gain: Estimate | None


def judge(
    tried: pd.DataFrame, capacity: Mapping[tuple[str, int], int], parameters: Mapping[str, Any],
    draws: int,
) -> Judged | None:  # fmt: skip
    """Judge a trial; none where too few left for that.

    Parameters
    ----------
    tried
        Rows of `trials.run`, of one county or of several.
    capacity
        Visits by county and number of the term.
    parameters
        ``parameters.toml`` ``[dropout.risk]``.
    draws
        Draws of the bootstrap.
    """
    events = int(tried["left"].sum())
    if events < parameters["least_events"] or events == len(tried):
        return None
    left, chance, school = tried["left"], tried["probability"], tried["school"]

    def rng() -> np.random.Generator:
        return np.random.default_rng(parameters["seed"])

    drawn: dict[str, Any] = {"cluster": school, "draws": draws}
    return Judged(
        len(tried),
        events,
        discrimination.auc(left, chance, rng=rng(), **drawn),
        discrimination.auc(left, chance),
        discrimination.auc(left, tried["environment"], rng=rng(), **drawn),
        discrimination.calibration(left, chance, cluster=school),
        *_at_capacity(tried, capacity, rng, drawn),
    )


def _at_capacity(
    tried: pd.DataFrame, capacity: Mapping[tuple[str, int], int], rng: Any, drawn: dict[str, Any]
) -> tuple[AtCapacity | None, AtCapacity | None, Estimate | None]:
    last = last_term(tried)
    visits = _visits(last, capacity)
    total = int(sum(visits.values()))
    if not total or not last["left"].any():
        return None, None, None
    last = last[last["county"].isin(list(visits))]
    drawn = {**drawn, "cluster": last["school"]}
    by_model, by_school = (_within(last, name, visits) for name in ("probability", "environment"))
    left = last["left"]
    return (
        discrimination.precision_at(left, by_model, total, rng=rng(), **drawn),
        discrimination.precision_at(left, by_school, total, rng=rng(), **drawn),
        discrimination.compare_precision_at(left, by_model, by_school, total, rng=rng(), **drawn),
    )


def last_term(tried: pd.DataFrame) -> pd.DataFrame:
    """Give the rows of the last term tried."""
    return tried[tried["place"] == tried["place"].max()]


def _visits(rows: pd.DataFrame, capacity: Mapping[tuple[str, int], int]) -> dict[str, int]:
    """Give the visits of each county of one term, no more than it has pupils."""
    place = int(rows["place"].iloc[0])
    size = rows["county"].value_counts()
    return {
        str(county): min(capacity[str(county), place], int(n))
        for county, n in size.items()
        if (str(county), place) in capacity
    }


def _within(rows: pd.DataFrame, score: str, visits: Mapping[str, int]) -> pd.Series:
    """Make scores that compare between counties: the first `visits` of each stand above all others."""
    rank = rows.groupby("county")[score].rank(ascending=False, method="average")
    return -(rank - 0.5) / rows["county"].map(visits)


def select(tried: pd.DataFrame, capacity: Mapping[tuple[str, int], int]) -> pd.Series:
    """Mark who of the last term would be visited by the model; equal scores by pseudonym."""
    last = last_term(tried).sort_values(["probability", "pseudonym"], ascending=[False, True])
    place = last.groupby("county").cumcount()
    visits = _visits(last, capacity)
    return (place < last["county"].map(visits).fillna(0)).sort_index()


def by_group(
    tried: pd.DataFrame, capacity: Mapping[tuple[str, int], int], least: int
) -> pd.DataFrame:
    """Give errors of the selection and expected over observed, by group.

    Returns
    -------
    pandas.DataFrame
        As `discrimination.group_errors` for each attribute, ``group`` written ``sex:1``; ``ratio``
        rows hold expected over observed with the range of a count.
    """
    last = last_term(tried).sort_index()
    flagged = select(tried, capacity).astype(int)
    parts = []
    for name in SEEN:
        known = last[f"seen_{name}"].notna()
        group = name + ":" + _codes(last.loc[known, f"seen_{name}"])
        left = last.loc[known, "left"]
        if not known.any():
            continue
        parts.append(discrimination.group_errors(left, flagged[known], group, least=least))
        parts.append(_ratios(last[known], group, least))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _codes(values: pd.Series) -> pd.Series:
    """Write the code of a group; of two kinds of left-behind children one group."""
    plain = values.astype("string").str.replace("True", "1").str.replace("False", "0")
    return plain.str.replace("2", "1") if values.name == "seen_left_behind" else plain


def _ratios(rows: pd.DataFrame, group: pd.Series, least: int) -> pd.DataFrame:
    """Hold what was expected of each group against what happened, on the log scale."""
    sums = rows.groupby(group.to_numpy())[["probability", "left"]].sum()
    size = rows.groupby(group.to_numpy()).size()
    hidden = (sums["left"] < least) | (size < least)
    ratio = (sums["probability"] / sums["left"]).where(~hidden)
    half = np.exp(discrimination.WIDTH / np.sqrt(sums["left"].where(~hidden)))
    made = {
        "group": sums.index, "rate": "ratio", "estimate": ratio, "low": ratio / half,
        "high": ratio * half, "part": sums["left"], "whole": size, "hidden": hidden,
    }  # fmt: skip
    return pd.DataFrame(made).reset_index(drop=True)
