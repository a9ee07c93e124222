"""One hazard model for all pupils at risk, and what it says of those whose term is still open.

Each cause is held against those who stay (Begg and Gray 1984), by grade and term, errors by school.
What the data cannot tell apart is not forced: a period in which nobody left takes the level of the
nearest before it that had events, and a mark that nobody who left bore, or that all bore, is left
out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from analysis.methods import hazard
from analysis.questions.dropout import evidence
from analysis.questions.dropout.evidence import Evidence
from analysis.questions.dropout.terms import LEFT, STAYS

Floats = NDArray[np.float64]
Fitting = Callable[[Sequence[str], Mapping[str, str]], hazard.Fit]


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model.

    Attributes
    ----------
    fitted
        Estimates and their errors.
    levels
        For each period that occurs, the period whose level it takes.
    columns
        Covariates used.
    unusable
        Covariates that could not be told, by name.
    rows, events
        What it was learnt from.
    """

    fitted: hazard.Fit
    levels: dict[str, str]
    columns: tuple[str, ...]
    unusable: tuple[str, ...]
    rows: int
    events: int


def learn(
    rows: pd.DataFrame, columns: Sequence[str], cause: str = LEFT, *, errors: bool = True
) -> Model | None:
    """Fit the model of one cause of leaving; none where nobody left for it, or nobody stayed.

    Parameters
    ----------
    rows
        Of `covariates.add_covariates`.
    columns
        Covariates.
    cause
        Which end of a term.
    errors
        Whether errors by school are wanted: with few schools they take as many fits as schools,
        and a prediction needs none.
    """
    seen = mark_ends(rows, columns, cause)

    def fit(usable: Sequence[str], levels: Mapping[str, str]) -> hazard.Fit:
        return hazard.fit(
            seen.assign(period=seen["period"].map(levels)), event="event", period="period",
            covariates=usable, cluster="school" if errors else None,
        )  # fmt: skip

    return settle(evidence.look(seen, columns), columns, fit)


def mark_ends(rows: pd.DataFrame, columns: Sequence[str], cause: str = LEFT) -> pd.DataFrame:
    """Give what a model looks at, of those who stayed or left for one cause, and nothing else."""
    seen = rows[rows["exit"].isin([STAYS, cause])]
    return seen[["school", *columns]].assign(
        event=(seen["exit"] == cause).astype(float), period=seen["period"].astype(str)
    )


def settle(known: Evidence, columns: Sequence[str], fit: Fitting) -> Model | None:
    """Fit with what the rows can tell; none where nobody left, or nobody stayed.

    Covariates that the data cannot say anything of are left out one by one, the last named first:
    marks of gaps that differ for a few pupils, of whom nobody left, are such.

    Parameters
    ----------
    known
        What the rows say.
    columns
        Covariates.
    fit
        Fits with some of the covariates, each period at a level.
    """
    if known.events in (0, known.rows):
        return None
    levels, usable = known.find_levels(), known.find_usable(columns)
    while True:
        try:
            fitted = fit(usable, levels)
        except hazard.UndeterminedError as error:
            wrong = [name for name in usable if name in error.columns]
            if not wrong:
                raise
            usable = [name for name in usable if name != wrong[-1]]
            continue
        unusable = tuple(name for name in columns if name not in usable)
        return Model(fitted, levels, tuple(usable), unusable, known.rows, known.events)


def predict(model: Model, rows: pd.DataFrame) -> Floats:
    """Give the probability that each pupil at risk leaves before the next term.

    Log-odds to ten decimals: pupils of whom the same is known have the same chance then, where
    linear algebra, which adds in another order from row to row and from processor to processor,
    would rank them by its rounding.
    """
    log_odds = design(model, rows) @ model.fitted.params.to_numpy()
    return np.asarray(expit(log_odds.round(10)), dtype=float)


def design(model: Model, rows: pd.DataFrame) -> Floats:
    """Give the columns that the estimates belong to, in their order, for these rows.

    Shape (rows, estimates).
    """
    level = rows["period"].astype(str).map(lambda period: _level_of(period, model.levels))
    made = {
        name: rows[name] if name in model.columns else (level == name[len("period[") : -1])
        for name in model.fitted.params.index
    }
    return np.column_stack([np.asarray(values, dtype=float) for values in made.values()])


def _level_of(period: str, levels: dict[str, str]) -> str:
    return levels.get(period) or levels[evidence.nearest(period, sorted(levels))]
