"""How school ends for pupils: who leaves, who moves to a school elsewhere, and what goes with which.

Of the pupils who enter grade 7 some leave, some move, some are gone for other reasons; who comes to
one end comes to no other. The shares follow from the ends of each grade and term of all years on the
register (Aalen and Johansen 1978), up to the beginning of the last term of grade 9, whose end nobody
can know. A pupil who was gone and is on the register again counts again from then on.

What goes with an end is learnt from all counties of a prefecture, each end against staying.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.finding import Cell, NoteValue
from analysis.methods import resampling
from analysis.methods.hazard import cumulative_incidence
from analysis.questions.dropout import model
from analysis.questions.dropout.covariates import ALL, used_columns
from analysis.questions.dropout.pool import Study
from analysis.questions.dropout.terms import LAST_GRADE, LEFT, MOVED, OTHER, STAYS

Row = dict[str, Any]
Floats = NDArray[np.float64]
BY_END, BY_END_INSIDE, BY_COVARIATE = "ending", "ending_inside", "covariate"
AWAY = "away"
"""Moved or gone for other reasons: where one of the two is few, they are told together."""
CAUSES = (LEFT, MOVED, OTHER)
FIRST_GRADE = 7
PERIODS = tuple(
    f"{grade}-{term}" for grade in range(FIRST_GRADE, LAST_GRADE + 1) for term in (1, 2)
)[:-1]
"""From the first term of grade 7 on; the last term of grade 9 has no outcome."""
_HUNDRED = 100.0
_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


@dataclass(frozen=True, slots=True)
class Cause:
    """What goes with one end, learnt from all counties.

    Attributes
    ----------
    fitted
        The model of this end against staying.
    told
        Covariates that rest on enough pupils who came to this end.
    """

    fitted: model.Model
    told: tuple[str, ...]


def learn(study: Study, parameters: Mapping[str, Any]) -> dict[str, Cause]:
    """Learn what goes with each end that enough pupils came to.

    Parameters
    ----------
    study
        From `pool.study`.
    parameters
        ``parameters.toml`` ``[dropout.risk]``.
    """
    if study.fitted is None:
        return {}
    rows, made = _as_recorded(study.pool.rows), {}
    for cause in CAUSES:
        ended = rows[rows["exit"] == cause]
        if len(ended) < parameters["least_events"]:
            continue
        known = cause == study.pool.outcome
        fitted = study.fitted if known else model.learn(rows, used_columns(rows), cause)
        if fitted is not None:
            told = (name for name in fitted.columns if _rests_on(ended, name) >= parameters["least_group"])  # fmt: skip
            made[cause] = Cause(fitted, tuple(told))
    return made


def _as_recorded(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the ends on record, whatever it is that is predicted."""
    return rows.assign(exit=rows["end"])


def _rests_on(ended: pd.DataFrame, name: str) -> float:
    """Count the pupils whom the estimate of a mark hangs on: those with it, or those without."""
    marked = ended[name] != 0
    if not ended.loc[marked, name].eq(1).all():
        return len(ended)
    sides = (ended.loc[side, "pseudonym"].nunique() for side in (marked, ~marked))
    return min(sides)


def cause_rows(causes: Mapping[str, Cause]) -> Iterator[Row]:
    """Give the odds of each end by the pupils' and the schools' situation."""
    for cause, made in causes.items():
        fit = made.fitted.fitted
        bounds = fit.interval().to_dict("index")
        for name in (each.id for each in ALL):
            if name not in made.told:
                continue
            yield {
                "indicator": f"risk_odds_{cause}", "by": BY_COVARIATE, "subject": name,
                "value": np.exp(fit.params[name]), "value_low": np.exp(bounds[name]["low"]),
                "value_high": np.exp(bounds[name]["high"]), "interval_kind": "model",
                "unit": "ratio",
            }  # fmt: skip


def end_rows(study: Study, county: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Give what becomes of 100 pupils who enter grade 7, for the desk and for everybody else.

    Outside of the county an end that few pupils came to is told with the others that are not
    leaving, since all of them add up to a hundred; where that is few as well, or few left, nothing
    is told. What is told there is in steps of that many pupils.
    """
    rows = _followed(study, county)
    if study.fitted is None or not _can_tell(rows):
        return
    few = parameters["least_group"]
    number = {cause: rows.loc[rows["exit"] == cause, "pseudonym"].nunique() for cause in CAUSES}
    own = {LEFT: (LEFT,), MOVED: (MOVED,), OTHER: (OTHER,)}
    yield from _shares(rows, own, BY_END_INSIDE, parameters)
    if _is_few(number[LEFT], few) or _is_few(number[MOVED] + number[OTHER], few):
        return
    together = _is_few(number[MOVED], few) or _is_few(number[OTHER], few)
    told = {LEFT: (LEFT,), AWAY: (MOVED, OTHER)} if together else own
    for row in _shares(rows, told, BY_END, parameters):
        yield _coarsen(row, few)


def _coarsen(row: Row, few: int) -> Row:
    """Give a share in steps of `few` pupils or more: by the next year's report fewer could be told.

    A share of a hundred to the tenth is one pupil where a thousand entered.
    """
    step = next((step for step in _STEPS if step * row["n"] >= _HUNDRED * few), _HUNDRED)
    whole = step * round(row["value"] / step)
    return {
        **row, "value": max(step, whole) if row["value"] > 0 else 0.0,
        "value_low": step * math.floor(row["value_low"] / step),
        "value_high": step * math.ceil(row["value_high"] / step),
    }  # fmt: skip


def _followed(study: Study, county: str) -> pd.DataFrame:
    rows = _as_recorded(study.pool.rows[study.pool.rows["county"] == county])
    return rows[rows["period"].astype(str).isin(PERIODS)]


def _can_tell(rows: pd.DataFrame) -> bool:
    """Tell whether every period was seen, and anybody left: that none did would have no range."""
    return set(rows["period"].astype(str)) == set(PERIODS) and bool((rows["exit"] == LEFT).any())


def _is_few(number: int, least: int) -> bool:
    return 0 < number < least


def _shares(
    rows: pd.DataFrame, ends: Mapping[str, tuple[str, ...]], by: str, parameters: Mapping[str, Any]
) -> Iterator[Row]:
    """Give the share of each end and of those still there, with ranges from drawing schools anew."""
    named = {exit: name for name, exits in ends.items() for exit in exits} | {STAYS: STAYS}
    order = pd.MultiIndex.from_product([PERIODS, [*ends, STAYS]])
    of_school = (
        pd.crosstab(rows["school"], [rows["period"].astype(str), rows["exit"].map(named)])
        .reindex(columns=order, fill_value=0)
        .sort_index()
    )
    counts = of_school.to_numpy(dtype=float)

    def share(weight: Floats) -> tuple[float, ...]:
        table = (weight @ counts).reshape(len(PERIODS), -1)
        came = cumulative_incidence(table[:, :-1], table[:, -1])[-1]
        return (*came, 1 - float(came.sum()))

    values = share(np.ones(len(counts)))
    ranges = resampling.by_cluster(
        share, of_school.index, np.random.default_rng(parameters["seed"]), parameters["draws"]
    )
    entered = int((rows["period"].astype(str) == PERIODS[0]).sum())
    for name, value, (low, high) in zip([*ends, STAYS], values, ranges, strict=True):
        yield {
            "indicator": "risk_ending", "by": by, "subject": name, "value": _HUNDRED * value,
            "value_low": _HUNDRED * low, "value_high": _HUNDRED * high,
            "interval_kind": "sampling", "n": entered, "n_unit": "pupils", "unit": "ratio",
        }  # fmt: skip


def tell(study: Study, county: str, table: pd.DataFrame) -> Iterator[tuple[str, dict[str, NoteValue]]]:  # fmt: skip
    """Say what becomes of a hundred, or why it cannot be said."""
    if study.fitted is None:
        yield "ends.untold", {}
        return
    if not _can_tell(_followed(study, county)):
        yield "ends.cannot", {}
    shown = table.loc[(table["indicator"] == "risk_ending") & (table["by"] == BY_END), "subject"]
    if len(shown):
        key = "together" if AWAY in set(shown) else "apart"
        yield f"ends.{key}", {str(s): Cell("risk_ending", by=BY_END, subject=str(s)) for s in shown}
