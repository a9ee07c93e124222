"""What schools differ by, beyond what is known of their pupils and of themselves.

The model of leaving once more, with an intercept for each school. An odds ratio of it compares two
pupils of one school, or of two schools with the same intercept; one of the model with errors by
school compares pupils over all schools and lies nearer to 1 (Neuhaus, Kalbfleisch and Hauck 1991).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.finding import Cell, Given, NoteValue
from analysis.methods.hazard import RandomIntercept, fit_random_intercept, median_odds_ratio
from analysis.methods.hazard.discrete import FEW
from analysis.questions.dropout.covariates import OF_SCHOOLS
from analysis.questions.dropout.pool import Study
from analysis.questions.dropout.terms import LEFT, known

Row = dict[str, Any]
BY_FACTOR = "factor"


def learn(study: Study) -> RandomIntercept | None:
    """Fit the study's model with an intercept for each school: its periods and covariates.

    None where there is no model, or but one school.
    """
    if study.fitted is None:
        return None
    rows = known(study.pool.rows)
    columns = list(study.fitted.columns)
    if rows["school"].nunique() < 2:
        return None
    frame = rows[[*columns, "school"]].assign(
        event=(rows["exit"] == LEFT).astype(float),
        period=pd.Categorical(rows["period"].astype(str).map(study.fitted.levels)),
    )
    return fit_random_intercept(
        frame, outcome="event", covariates=["period", *columns], group="school"
    )


def rows(made: RandomIntercept | None) -> Iterator[Row]:
    """Give how much schools differ, and what school factors do within the model of it."""
    if made is None:
        return
    low, high = made.sd_interval()
    base: Row = {"interval_kind": "model", "n": len(made.groups), "n_unit": "schools", "unit": "ratio"}  # fmt: skip
    yield {**base, "indicator": "risk_between_sd", "value": made.sd, "value_low": low,
           "value_high": high}  # fmt: skip
    yield {**base, "indicator": "risk_between_odds", "value": median_odds_ratio(made.sd),
           "value_low": median_odds_ratio(low), "value_high": median_odds_ratio(high)}  # fmt: skip
    if not made.sd:
        # Without levels it is the model without them, whose errors take pupils of one school for
        # independent: its ranges would show what those of the other model do not.
        return
    # Normal as in the tables of any such model; the other model's ranges take t by schools.
    width = stats.norm.ppf(0.975) * made.se
    for factor in (each.id for each in OF_SCHOOLS):
        if factor in made.params:
            at, half = made.params[factor], width[factor]
            yield {
                "indicator": "risk_odds_within", "by": BY_FACTOR, "subject": factor,
                "value": np.exp(at), "value_low": np.exp(at - half),
                "value_high": np.exp(at + half), "interval_kind": "model", "unit": "ratio",
            }  # fmt: skip


def tell(table: pd.DataFrame) -> Iterator[tuple[str, dict[str, NoteValue]]]:
    """Say in plain words what schools differ by."""
    found = table[table["indicator"] == "risk_between_odds"]
    if found.empty:
        return
    if not found["value"].iloc[0] > 1:
        yield "between.none", {}
        return
    yield (
        "between.odds",
        {
            "ratio": Cell("risk_between_odds"),
            "low": Cell("risk_between_odds", field="value_low"),
            "high": Cell("risk_between_odds", field="value_high"),
            "schools": Cell("risk_between_odds", field="n"),
        },
    )
    if found["n"].iloc[0] < FEW:
        yield "between.few", {"least": Given(FEW)}
