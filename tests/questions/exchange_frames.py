"""Panels of schools with declared effects, for the tests of effects: no counties' files behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd


def make_panel(
    *, counties: int = 16, treated: int = 5, schools: int = 20, years: int = 8, effect: float = 0.3,
    growth: float = 0.0, shock: float = 0.0, noise: float = 0.1, drift: float = 0.0,
    spill: float = 0.0, by: str = "county", starts: tuple[int, ...] = (5,), seed: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Draw a panel.

    Parameters
    ----------
    counties, treated, schools, years
        So many counties, of which treated (by county), with so many schools, for so many years.
        By school: so many schools of every county are treated.
    effect, growth
        In the year of the start, and more for every year since.
    shock, noise
        Standard deviations of counties' and schools' years.
    drift
        By which those who begin move away every year, effect or not.
    spill
        What the other schools of a county that began gain (by county with half of its schools).
    by, starts
        Who begins as one, and the years in which they do, in turn.
    """
    rng = np.random.default_rng(seed)
    county = np.repeat(np.arange(counties), schools)
    school = np.arange(counties * schools)
    first = np.zeros(len(school), dtype=int)
    begins = np.array(starts)
    if by == "county":
        first = np.where(county < treated, begins[county % len(starts)], 0)
        if spill:
            first = np.where(school % 2 == 1, 0, first)
    else:
        first = np.where(school % schools < treated, begins[school % len(starts)], 0)
    level, shocks = rng.normal(size=len(school)), rng.normal(size=(counties, years)) * shock
    rows = []
    for year in range(1, years + 1):
        since = year - first
        on = (first > 0) & (since >= 0)
        gain = on * (effect + growth * since) + drift * (first > 0) * year
        near = (county < treated) & (first == 0) & (year >= begins[county % len(starts)])
        score = level + 0.05 * year + shocks[county, year - 1] + gain + spill * near
        rows.append(pd.DataFrame({
            "school": [f"s{n:05d}" for n in school], "county": [f"c{n:02d}" for n in county],
            "year": 2000 + year, "first": np.where(first > 0, 2000 + first, 0),
            "score": score + noise * rng.normal(size=len(school)),
            "staying": 0.95 + 0.01 * rng.normal(size=len(school)),
            "books": 20 + level + rng.normal(size=len(school)),
            "sports_area": 8 + rng.normal(size=len(school)),
            "log_pupils": 6 + 0.3 * level + 0.02 * rng.normal(size=len(school)),
            "boarders": 0.2 + 0.02 * rng.normal(size=len(school)),
            "migrants": 0.1 + 0.02 * rng.normal(size=len(school)),
            "receives": np.where(on, 2.0, 0.0), "sends": 0.0,
        }))  # fmt: skip
    made = pd.concat(rows, ignore_index=True)
    return made.sort_values(["school", "year"], ignore_index=True)
