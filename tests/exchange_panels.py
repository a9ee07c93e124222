"""Panels of schools that receive and send exchange teachers, drawn with declared effects.

Rows as `analysis.questions.exchange.panel.gather` gives them, with what was declared beside:
``true_first`` (0 for never) and ``effect``, what exchange added to the score of the school-year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SUBJECTS = ("chinese", "mathematics", "english")


@dataclass(frozen=True, slots=True)
class Design:
    """What is declared.

    Attributes
    ----------
    starts
        First year of exchange of each county, 0 for none.
    schools
        Schools a county.
    years
        School years.
    receiving, sending
        Shares of the schools of a county that has begun; the others keep under a third of a teacher.
    dose
        Exchange teachers per 100 pupils of those.
    lasting
        Years for which a school receives or sends; 0 for good.
    effects
        What exchange adds to the score of a receiving school, by year since its first; the last
        holds for all later years.
    cost
        The same for a sending school, in every year.
    footing
        How much lower receiving schools begin.
    trend
        What they lose a year, treated or not.
    county_sd, fade
        Shocks of counties, and how much of one is left after a year.
    school_sd, year_sd
        Level of schools, and their differences from year to year.
    """

    starts: tuple[int, ...] = (2016, 2017, 2018, 2018, 2019, *[0] * 11)
    schools: int = 20
    years: range = range(2014, 2022)
    receiving: float = 0.35
    sending: float = 0.2
    dose: float = 1.5
    lasting: int = 0
    effects: tuple[float, ...] = (-0.02, 0.05, 0.10)
    cost: float = -0.02
    footing: float = 0.2
    trend: float = 0.0
    county_sd: float = 0.05
    fade: float = 0.5
    school_sd: float = 0.3
    year_sd: float = 0.08


def draw(design: Design, seed: int) -> pd.DataFrame:
    """Draw schools by year; the same seed gives the same panel.

    Examples
    --------
    >>> rows = draw(Design(starts=(2016, 0), schools=10), 1)
    >>> rows.shape[0], sorted(rows["true_first"].unique().tolist())
    (160, [0, 2016])
    """
    rng = np.random.default_rng([seed, 1307])
    counties, years = len(design.starts), np.array(design.years)
    county, school = np.divmod(np.arange(counties * design.schools), design.schools)
    start = np.array(design.starts)[county]
    receives, sends = _choose(design, rng, start > 0)
    shape = (len(county), len(years))
    since = np.where(start[:, None] > 0, years[None, :] - start[:, None], -1)
    there = (since >= 0) & ((design.lasting == 0) | (since < max(design.lasting, 1)))
    # Thin exchange everywhere, under every threshold.
    doses = {
        name: np.where(there & role[:, None], design.dose, rng.uniform(0, 0.3, shape)).round(3)
        for name, role in (("receives", receives), ("sends", sends))
    }
    effect = _add_effects(design, since, receives, sends)
    level = rng.normal(0, design.school_sd, len(county)) - design.footing * receives
    drift = -design.trend * receives[:, None] * (years - years[0])[None, :]
    shocks = _fade(rng.normal(0, design.county_sd, (counties, len(years))), design.fade)[county]
    mean = level[:, None] + drift + shocks + effect
    pupils = rng.integers(150, 900, len(county))
    columns = {
        **{f"{name}{end}": dose for name, dose in doses.items() for end in ("", "_low", "_high")},
        **{f"score_{name}": mean + rng.normal(0, design.year_sd, shape) for name in SUBJECTS},
        "staying": 1 + rng.normal(0, 0.02, shape),
        "books": 20 + rng.normal(0, 1, shape), "sports_area": 9 + rng.normal(0, 1, shape),
        "boarders": np.clip(0.1 + 0.2 * receives[:, None] + rng.normal(0, 0.02, shape), 0, 1),
        "migrants": np.clip(0.05 + rng.normal(0, 0.01, shape), 0, 1),
        "tested": np.clip(0.97 + rng.normal(0, 0.01, shape), 0, 1),
        "effect": effect,
    }  # fmt: skip
    rows = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    n = len(years)
    rows.insert(
        0, "school", np.repeat([f"{c:02}{s:03}" for c, s in zip(county, school, strict=True)], n)
    )
    rows.insert(1, "county", np.repeat([f"1307{c:02}" for c in county], n))
    rows.insert(2, "year", np.tile(years, len(county)))
    rows["pupils"] = np.repeat(pupils, n).astype(float)
    rows["log_pupils"] = np.log(rows["pupils"])
    rows["score"] = rows[[f"score_{name}" for name in SUBJECTS]].mean(axis=1)
    rows["true_first"] = np.repeat(np.where(receives | sends, start, 0), n)
    rows["true_side"] = np.repeat(np.select([receives, sends], ["receive", "send"], ""), n)
    rows["changed"] = False
    rows["location"] = np.repeat(np.where(receives, "rural", "town"), n)
    rows.loc[rows["year"] == years[-1], "staying"] = np.nan
    return rows.sort_values(["school", "year"], ignore_index=True)


def _choose(
    design: Design, rng: np.random.Generator, begun: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    place = rng.permuted(
        np.tile(np.arange(design.schools), (len(design.starts), 1)), axis=1
    ).ravel()
    most = round(design.receiving * design.schools)
    receives = begun & (place < most)
    sends = begun & (place >= most) & (place < most + round(design.sending * design.schools))
    return receives, sends


def _add_effects(
    design: Design, since: np.ndarray, receives: np.ndarray, sends: np.ndarray
) -> np.ndarray:
    by_since = np.array(design.effects)[np.clip(since, 0, len(design.effects) - 1)]
    received = np.where((since >= 0) & receives[:, None], by_since, 0.0)
    return received + np.where((since >= 0) & sends[:, None], design.cost, 0.0)


def _fade(shocks: np.ndarray, fade: float) -> np.ndarray:
    faded = shocks.copy()
    for year in range(1, shocks.shape[1]):
        faded[:, year] = fade * faded[:, year - 1] + np.sqrt(1 - fade**2) * shocks[:, year]
    return faded
