"""Rooms, grounds, equipment and books of every school and year.

What a school has in its last year follows from its pupils, the county's aims and the school's
deviation; before, it had less: schools that have little caught up most. Rooms and grounds grew in
two steps (building projects), the rest year by year. Nothing is ever taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic import aims
from analysis.records.synthetic.aims import Aim
from analysis.records.synthetic.parameters import Parameters, span

Floats = NDArray[np.float64]

STEPS = {
    "teaching_area": 1.0, "sports_area": 1.0, "equipment": 100.0, "multimedia_rooms": 1.0,
    "computers": 1.0, "books": 1.0,
}  # fmt: skip
"""What each resource is counted in: whole square metres, hundreds of yuan, whole rooms."""
PER = {"multimedia_rooms": 100, "computers": 100}
"""Levels of these are for 100 pupils."""
_FEWEST = {"teaching_area": 60.0, "sports_area": 80.0, "multimedia_rooms": 0.0}


def furnish(
    sites: pd.DataFrame,
    stages: pd.DataFrame,
    counted: pd.Series,
    county_aims: Mapping[tuple[str, str], Aim],
    params: Parameters,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Furnish the schools of a county.

    Parameters
    ----------
    sites, stages, counted, county_aims, params, rng
        As for `staffing.plan_posts`.

    Returns
    -------
    DataFrame
        One row a site and year it is open: ``site``, ``year`` and the resources by their column
        names in the contract.
    """
    years = np.array(span(params))
    pupils = {s: _wide(stages, "pupils_n", s, sites, years) for s in (*aims.STAGES, "senior")}
    enters = stages.assign(counted=counted.to_numpy(dtype=float))
    assessed = {s: _wide(enters, "counted", s, sites, years)[:, -1] > 0 for s in aims.STAGES}
    taste = rng.standard_normal(len(sites))
    at, when = np.nonzero(np.sum(list(pupils.values()), axis=0))
    stock = {}
    for indicator in STEPS:
        shape = params["aim"][indicator]
        z = aims.deviate(sites, shape, taste, rng)
        last = _equip(indicator, z, pupils, assessed, county_aims, sites, years)
        history = _history(z, shape, sites, years, rng) * _before_stages(pupils, sites, years)
        step = STEPS[indicator]
        had = np.rint(last[:, None] * history / step) * step
        stock[indicator] = np.maximum(had, _FEWEST.get(indicator, step))[at, when]
    indoor = _indoor(sites, stock, at, when, params, rng)
    return pd.DataFrame(
        {
            "site": sites.index.to_numpy()[at],
            "year": years[when],
            "teaching_area_m2": stock["teaching_area"] + indoor,
            "indoor_sports_area_m2": indoor,
            "sports_ground_m2": stock["sports_area"] - indoor,
            "equipment_yuan": stock["equipment"],
            "multimedia_rooms_n": stock["multimedia_rooms"],
            "computers_n": stock["computers"],
            "books_n": stock["books"],
        }
    )


def _wide(
    stages: pd.DataFrame, column: str, stage: str, sites: pd.DataFrame, years: NDArray
) -> Floats:
    rows = stages[stages["stage"] == stage].pivot(index="site", columns="year", values=column)
    wide = rows.reindex(index=sites.index, columns=pd.Index(years))
    return wide.to_numpy(dtype=float, na_value=0.0)


def _equip(
    indicator: str,
    z: Floats,
    pupils: dict[str, Floats],
    assessed: dict[str, NDArray[np.bool_]],
    county_aims: Mapping[tuple[str, str], Aim],
    sites: pd.DataFrame,
    years: NDArray,
) -> Floats:
    """What each site has in its last year, all stages together."""
    final = np.clip(sites["last"].to_numpy() - years[0], 0, len(years) - 1)
    rows, total = np.arange(len(sites)), np.zeros(len(sites))
    for stage in aims.STAGES:
        aim, seen = county_aims[indicator, stage], assessed[stage]
        rate = aim.level / PER.get(indicator, 1)
        make = aims.counting(rate, STEPS[indicator])
        spread = aims.reach(z[seen], pupils[stage][seen, -1], aim.coefficient, make)
        total += pupils[stage][rows, final] * rate * spread.factors(z)
    senior = county_aims[indicator, "junior"].level / PER.get(indicator, 1)
    return total + pupils["senior"][rows, final] * senior


def _history(
    z: Floats,
    shape: Mapping[str, Any],
    sites: pd.DataFrame,
    years: NDArray,
    rng: np.random.Generator,
) -> Floats:
    """Share of its last stock that each site had in each year, shape (sites, years)."""
    growth = shape["growth"] * np.exp(-0.35 * z + 0.3 * rng.standard_normal(len(z)))
    size = len(years)
    if shape.get("stepwise", False):
        projects = rng.integers(1, size, (len(z), 2))
        to_come = (projects[:, :, None] > np.arange(size)).mean(axis=1)
    else:
        to_come = np.repeat(((size - 1 - np.arange(size)) / (size - 1))[None, :], len(z), axis=0)
    had = 1 / (1 + growth[:, None] * to_come)
    final = np.clip(sites["last"].to_numpy() - years[0], 0, size - 1)
    return had / had[np.arange(len(z)), final][:, None]


def _before_stages(pupils: dict[str, Floats], sites: pd.DataFrame, years: NDArray) -> Floats:
    """A school that took over another stage had only its own part before."""
    total = np.sum(list(pupils.values()), axis=0)
    part = np.ones((len(sites), len(years)))
    for row in np.nonzero((sites["before"] == "junior").to_numpy())[0]:
        turn = int(sites["turn"].iloc[row]) - years[0]
        own = pupils["junior"][row, turn] / total[row, turn]
        part[row, :turn] = own
    return part


def _indoor(
    sites: pd.DataFrame,
    stock: dict[str, Floats],
    at: NDArray,
    when: NDArray,
    params: Parameters,
    rng: np.random.Generator,
) -> Floats:
    """A hall in some larger schools of the seat, built in one of the years."""
    large = (sites["place"] == "seat") & (sites[list(aims.STAGES)].sum(axis=1) > 700)
    has = large.to_numpy() & (rng.random(len(sites)) < 0.4)
    built = rng.integers(-6, len(span(params)), len(sites))
    area = np.rint(rng.uniform(400, 1100, len(sites)))
    hall = np.where(has[at] & (when >= built[at]), area[at], 0.0)
    return np.minimum(hall, np.floor(0.3 * stock["sports_area"]))
