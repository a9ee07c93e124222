"""Pupils of every school, year and grade, and the classes they sit in.

A cohort of the census is shared out among the schools that have the grade, by size, by the growth
of the school's location, and by a draw that a school and cohort keep for good: so the pupils of a
grade are, but for small drift, the pupils of the grade below a year before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.parameters import Parameters, span
from analysis.records.synthetic.schools import OUTSIDE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

STAGE_GRADES = {"primary": range(1, 7), "junior": range(7, 10), "senior": range(10, 13)}
"""Grades 1 to 12 by stage."""
_FEWEST = 3


def enrol(
    table: pd.DataFrame, cohorts: Floats, params: Parameters, rng: np.random.Generator
) -> Ints:
    """Share the children out among the schools.

    Parameters
    ----------
    table
        From `schools.plan_sites`.
    cohorts
        From `population.pupils_by_grade`, shape (years, 9).
    params, rng
        Parameters and source of randomness.

    Returns
    -------
    ndarray, shape (sites, years, 12)
        Pupils by grade.
    """
    years = np.array(span(params))
    weights = _weights(table, years, params) * _tastes(table, len(years), rng)
    outside = table["group"].isin(OUTSIDE).to_numpy()
    shared = weights[:, :, :9].copy()
    shared[outside] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        shared *= np.nan_to_num(cohorts / shared.sum(axis=0))
    shared[outside] = weights[outside][:, :, :9]
    pupils = np.rint(np.concatenate([shared, weights[:, :, 9:]], axis=2)).astype(np.int64)
    return _fill(pupils, weights)


def _weights(table: pd.DataFrame, years: Ints, params: Parameters) -> Floats:
    """Pupils a grade that each site would have, zero where it does not have the grade."""
    growth = table["place"].map(params["change"]["growth"]).to_numpy()
    away = years[None, :] - np.minimum(table["last"].to_numpy(), years[-1])[:, None]
    drift = (1 + growth[:, None]) ** away * _swell(table, years)
    opened = (years >= table["first"].to_numpy()[:, None]) & (
        years <= table["last"].to_numpy()[:, None]
    )
    weights = np.zeros((len(table), len(years), 12))
    turned = years[None, :] >= table["turn"].to_numpy()[:, None]
    for stage, grades in STAGE_GRADES.items():
        size = table[stage].to_numpy(dtype=float)[:, None]
        top = _top_grade(table, turned) if stage == "primary" else np.full(drift.shape, grades[-1])
        a_grade = size / (top - grades[0] + 1)
        for grade in grades:
            has = opened & (grade <= top) & _has_stage(table, stage, turned)
            weights[:, :, grade - 1] = np.where(has, a_grade * drift, 0.0)
    return weights


def _top_grade(table: pd.DataFrame, turned: NDArray[np.bool_]) -> Ints:
    """A village school had all six grades before it became a teaching point."""
    top = np.repeat(table["top"].to_numpy()[:, None], turned.shape[1], axis=1)
    demoted = (table["before"] == "primary").to_numpy()[:, None]
    return np.where(demoted & ~turned, 6, top)


def _has_stage(table: pd.DataFrame, stage: str, turned: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A junior school has no primary grades before it becomes a nine-year school."""
    formed = (table["before"] == "junior").to_numpy()[:, None]
    return ~(formed & ~turned) if stage == "primary" else np.ones(turned.shape, dtype=bool)


def _swell(table: pd.DataFrame, years: Ints) -> Floats:
    """How much larger a site was before it lost grades or was split."""
    before = years[None, :] < table["turn"].to_numpy()[:, None]
    swell = np.where(before, table["swell"].to_numpy()[:, None], 1.0)
    size, parent = table["primary"].to_numpy(dtype=float), table["parent"].to_numpy()
    for child in np.nonzero(parent >= 0)[0]:
        row = np.nonzero(table.index == parent[child])[0][0]
        more = 1 + size[child] / max(1.0, size[row])
        swell[row] *= np.where(years < table["first"].iloc[child], more, 1.0)
    return swell


def _tastes(table: pd.DataFrame, years: int, rng: np.random.Generator) -> Floats:
    """A draw for each site and cohort, larger for small schools, shape (sites, years, 12)."""
    size = table[list(STAGE_GRADES)].sum(axis=1).to_numpy(dtype=float)
    spread = np.sqrt(0.06**2 + 0.4 / np.maximum(size, 4.0))
    draws = rng.standard_normal((len(table), years + 11))
    cohort = np.arange(years)[:, None] + 11 - np.arange(12)[None, :]
    return np.exp(np.clip(draws, -2, 2)[:, cohort] * spread[:, None, None])


def _fill(pupils: Ints, weights: Floats) -> Ints:
    """Leave no open stage of a school without pupils."""
    for grades in STAGE_GRADES.values():
        part = slice(grades[0] - 1, grades[-1])
        bare = (weights[:, :, part].sum(axis=2) > 0) & (pupils[:, :, part].sum(axis=2) < _FEWEST)
        pupils[:, :, grades[0] - 1] = np.where(bare, _FEWEST, pupils[:, :, grades[0] - 1])
    return pupils


def open_classes(
    table: pd.DataFrame, pupils: Ints, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Put the pupils of every grade into classes.

    Returns
    -------
    DataFrame
        Columns ``site``, ``year``, ``stage``, ``grade`` (1 to 12), ``class_no``, ``pupils_n``.
    """
    shape: dict[str, Any] = params["classes"]
    years = np.array(span(params))
    norm = table["place"].map(shape["norm"]).to_numpy() + shape["norm_sd"] * rng.standard_normal(
        len(table)
    )
    excess = np.where(table["place"] == "seat", shape["seat_excess_2014"], 0.0)
    left = (years[-1] - years) / (len(years) - 1)
    target = (norm[:, None] + excess[:, None] * left[None, :])[:, :, None]
    target = np.where(np.arange(12) >= 9, shape["senior"], target)
    count = np.where(pupils > 0, np.maximum(1, np.rint(pupils / target)), 0).astype(np.int64)
    site, year, grade = np.nonzero(count)
    classes = count[site, year, grade]
    at = np.repeat(np.arange(len(site)), classes)
    number = np.arange(len(at)) - np.repeat(np.cumsum(classes) - classes, classes)
    total = pupils[site, year, grade][at]
    each = total // classes[at] + (number < total % classes[at])
    stage = np.repeat(list(STAGE_GRADES), [len(grades) for grades in STAGE_GRADES.values()])
    return pd.DataFrame(
        {
            "site": table.index.to_numpy()[site[at]],
            "year": years[year[at]],
            "stage": stage[grade[at]],
            "grade": grade[at] + 1,
            "class_no": number + 1,
            "pupils_n": each,
        }
    )


def count_stages(table: pd.DataFrame, pupils: Ints, params: Parameters) -> pd.DataFrame:
    """Count pupils by site, year and stage; one row where there are any."""
    years = np.array(span(params))
    parts = []
    for stage, grades in STAGE_GRADES.items():
        total = pupils[:, :, grades[0] - 1 : grades[-1]].sum(axis=2)
        site, year = np.nonzero(total)
        parts.append(
            pd.DataFrame(
                {
                    "site": table.index.to_numpy()[site],
                    "year": years[year],
                    "stage": stage,
                    "pupils_n": total[site, year],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
