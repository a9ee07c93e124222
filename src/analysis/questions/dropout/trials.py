"""How well the model does on pupils that it has not seen: in three ways, always together.

``forward``: learnt from earlier school years, tried on the last one that is known. ``schools``: tried
on schools that it did not learn from. ``counties``: the same for whole counties. Beside each
prediction stands the benchmark that knows no child: the rate of the school in the years learnt
from, shrunken towards all schools'; for a school that was not learnt from, the rate of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods import shrinkage
from analysis.questions.dropout import model
from analysis.questions.dropout.terms import LEFT, known

WAYS = ("forward", "schools", "counties")


def run(
    rows: pd.DataFrame,
    columns: Sequence[str],
    parameters: Mapping[str, Any],
    ways: Sequence[str] = WAYS,
) -> dict[str, pd.DataFrame]:
    """Predict the last known school year in each way that the data allow.

    Parameters
    ----------
    rows
        Pupils at risk of all counties with covariates.
    columns
        Covariates.
    parameters
        ``parameters.toml`` ``[dropout.risk]``.
    ways
        In which ways.

    Returns
    -------
    dict
        By way: the pupils and terms of the last year, without the covariates, with ``left`` (1 or
        0), ``probability`` and ``environment``. Ways for which there is nothing to learn from are missing.
    """
    seen = known(rows)
    if seen.empty:
        return {}
    year = int(seen["year"].max())
    rng = np.random.default_rng(parameters["seed"])
    parts = {
        "forward": _forward(seen, year),
        "schools": _without(seen, year, "school", rng, parameters["folds"]),
        "counties": _without(seen, year, "county", rng, parameters["county_folds"]),
    }
    tried = {way: _try_all(pairs, columns, way) for way, pairs in parts.items() if way in ways}
    return {way: frame for way, frame in tried.items() if len(frame)}


def _forward(rows: pd.DataFrame, year: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    yield rows[rows["year"] < year], rows[rows["year"] == year]


def _without(
    rows: pd.DataFrame, year: int, unit: str, rng: np.random.Generator, folds: int
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Part what is learnt from and what is tried by schools or counties."""
    units = np.sort(rows[unit].unique())
    if len(units) < 2:
        return
    fold = pd.Series(rng.permutation(len(units)) % folds, index=units)
    of = rows[unit].map(fold)
    for number in range(int(fold.max()) + 1):
        inside = of == number
        yield rows[~inside], rows[inside & (rows["year"] == year)]


def _try_all(
    pairs: Iterator[tuple[pd.DataFrame, pd.DataFrame]], columns: Sequence[str], way: str
) -> pd.DataFrame:
    made = [_try_once(learnt, tried, columns, way) for learnt, tried in pairs]
    whole = [frame for frame in made if frame is not None and len(frame)]
    if not whole:
        return pd.DataFrame()
    return pd.concat(whole).sort_values(["year", "term", "pseudonym"], ignore_index=True)


def _try_once(
    learnt: pd.DataFrame, tried: pd.DataFrame, columns: Sequence[str], way: str
) -> pd.DataFrame | None:
    fitted = model.learn(learnt, columns, errors=False) if len(learnt) and len(tried) else None
    if fitted is None:
        return None
    return tried.drop(columns=[*columns, "exit"]).assign(
        left=(tried["exit"] == LEFT).astype(int),
        probability=model.predict(fitted, tried),
        environment=_environment(learnt, tried, way),
    )


def _environment(learnt: pd.DataFrame, tried: pd.DataFrame, way: str) -> pd.Series:
    """Give each pupil the rate of the surroundings, learnt from the same rows as the model."""
    left = (learnt["exit"] == LEFT).astype(float)
    if way == "counties":
        return pd.Series(left.mean(), index=tried.index)
    of_county = left.groupby(learnt["county"]).mean()
    fallback = tried["county"].map(of_county).fillna(left.mean())
    if way == "schools":
        return fallback
    by_school = left.groupby(learnt["school"])
    rates = shrinkage.shrink_rates(by_school.sum().to_numpy(), by_school.size().to_numpy()).estimate
    return tried["school"].map(pd.Series(rates, index=by_school.sum().index)).fillna(fallback)
