"""How many are expected to leave before the next term, with a range.

The pupils of the last term on the register have no outcome yet. The range holds three things:
chance, that the estimates could be others, and that schools differ by more than the model knows
(measured on the last year that is known, on predictions made before it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods import prediction
from analysis.questions.dropout import model
from analysis.questions.dropout.model import Model


@dataclass(frozen=True, slots=True)
class Expected:
    """A number to come.

    Attributes
    ----------
    pupils
        At risk.
    number, low, high
        Expected, and the range of 95 %.
    """

    pupils: int
    number: float
    low: int
    high: int


def expect(fitted: Model, rows: pd.DataFrame, spread: float = 1.0) -> Expected:
    """Add up the chances of pupils at risk.

    Parameters
    ----------
    fitted
        The model.
    rows
        Pupils at risk with covariates.
    spread
        By how much counts of schools vary more than by chance (`find_spread`).
    """
    if rows.empty:
        return Expected(0, 0.0, 0, 0)
    chances = model.predict(fitted, rows)
    weight = chances * (1 - chances)
    slope = model.design(fitted, rows).T @ weight
    of_estimates = float(slope @ fitted.fitted.covariance.to_numpy() @ slope)
    number = float(chances.sum())
    low, high = prediction.count_interval(number, spread * float(weight.sum()) + of_estimates)
    return Expected(len(rows), number, low, high)


def find_spread(tried: pd.DataFrame) -> float:
    """Measure how much more schools differ than chance on predictions made before the outcome."""
    chances = tried["probability"].to_numpy()
    by = tried.assign(variance=chances * (1 - chances)).groupby("school")
    sums = by[["left", "probability", "variance"]].sum()
    return prediction.dispersion(sums["left"], sums["probability"], sums["variance"])


def expect_by(
    fitted: Model, rows: pd.DataFrame, groups: pd.Series, spread: float = 1.0
) -> dict[str, Expected]:
    """Add up the chances by group of pupils, such as the location of their school."""
    return {
        str(group): expect(fitted, part, spread)
        for group, part in rows.groupby(groups.to_numpy(), sort=True)
    }


def concentration(fitted: Model, rows: pd.DataFrame, share: float = 0.5) -> tuple[int, int]:
    """Say how few schools hold a share of what is expected, and of how many schools.

    Returns
    -------
    tuple of int
        Fewest schools that together hold at least `share`, and schools in all.
    """
    by = pd.Series(model.predict(fitted, rows)).groupby(rows["school"].to_numpy()).sum()
    ordered = np.sort(by.to_numpy())[::-1]
    enough = np.cumsum(ordered) >= share * ordered.sum() - 1e-12
    return int(np.argmax(enough)) + 1, len(ordered)
