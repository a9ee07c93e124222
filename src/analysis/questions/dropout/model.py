"""One hazard model for all pupils at risk, and what it says of those whose term is still open.

Each cause is held against those who stay (Begg and Gray 1984), by grade and term, errors by school.
What the data cannot tell apart is not forced: a period in which nobody left takes the level of the
nearest before it that had events, and a mark that nobody who left bore, or that all bore, is left
out and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from analysis.methods import hazard
from analysis.questions.dropout.terms import LEFT, STAYS

Floats = NDArray[np.float64]
_ALIKE = 1e-9
"""Share of a covariate that others do not hold, under which it says nothing of its own."""


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
    seen = rows[rows["exit"].isin([STAYS, cause])]
    event = (seen["exit"] == cause).to_numpy()
    if not event.any() or event.all():
        return None
    levels = _levels(seen["period"].astype(str), event)
    varying = [name for name in columns if _varies(seen[name].to_numpy(), event)]
    usable = _independent(seen, varying)
    frame = seen[[*usable, "school"]].assign(
        event=event.astype(float), period=seen["period"].astype(str).map(levels)
    )
    fitted, usable = _fit(frame, usable, "school" if errors else None)
    unusable = tuple(name for name in columns if name not in usable)
    return Model(fitted, levels, tuple(usable), unusable, len(seen), int(event.sum()))


def _fit(
    frame: pd.DataFrame, columns: list[str], cluster: str | None
) -> tuple[hazard.Fit, list[str]]:
    """Fit without the covariates that the data cannot say anything of, the last named first.

    Marks of gaps that differ for a few pupils, of whom nobody left, are such.
    """
    while True:
        try:
            fitted = hazard.fit(
                frame, event="event", period="period", covariates=columns, cluster=cluster
            )
        except hazard.UndeterminedError as error:
            wrong = [name for name in columns if name in error.columns]
            if not wrong:
                raise
            columns = [name for name in columns if name != wrong[-1]]
            continue
        return fitted, columns


def predict(model: Model, rows: pd.DataFrame) -> Floats:
    """Give the probability that each pupil at risk leaves before the next term."""
    return np.asarray(expit(design(model, rows) @ model.fitted.params.to_numpy()), dtype=float)


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


def _levels(periods: pd.Series, event: NDArray[np.bool_]) -> dict[str, str]:
    """Give each period itself where somebody left in it, else the nearest before (or the first)."""
    with_events = sorted(periods[event].unique())
    return {period: _nearest(period, with_events) for period in sorted(periods.unique())}


def _level_of(period: str, levels: dict[str, str]) -> str:
    return levels.get(period) or levels[_nearest(period, sorted(levels))]


def _nearest(period: str, among: Sequence[str]) -> str:
    before = [other for other in among if other <= period]
    return before[-1] if before else among[0]


def _independent(rows: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Leave out what is a sum of periods and covariates before it: two marks of one gap are one."""
    periods = pd.get_dummies(rows["period"].astype(str)).to_numpy(dtype=float)
    x = np.column_stack([periods, *(rows[name].to_numpy(dtype=float) for name in columns)])
    scale = np.sqrt((x**2).sum(axis=0))
    gram = (x.T @ x) / np.outer(scale, scale)
    kept = list(range(periods.shape[1]))
    for column in range(len(kept), x.shape[1]):
        inside, across = gram[np.ix_(kept, kept)], gram[kept, column]
        left_over = gram[column, column] - across @ np.linalg.solve(inside, across)
        if left_over > _ALIKE:
            kept.append(column)
    return [columns[column - periods.shape[1]] for column in kept[periods.shape[1] :]]


def _varies(values: NDArray[np.float64], event: NDArray[np.bool_]) -> bool:
    """Tell whether the data can say what a covariate does: else its estimate has no end."""
    if len(np.unique(values)) > 2:
        return True
    marked = values != 0
    return all((event & side).any() and (~event & side).any() for side in (marked, ~marked))
