r"""What a county's levels and differences are aimed at, and the spread that reaches them.

A school's deviation :math:`z_i` leans on its location and its size and is else its own. A resource
is :math:`x_i = P_i \, m \, e^{\sigma z_i} / c` with :math:`c` such that the mean over the assessed
schools is :math:`m`; :math:`\sigma` is chosen so that the enrolment-weighted difference coefficient
comes as near as may be to its aim, whole persons and rooms and least numbers included. What the
coefficient then truly is stands in ``truth.json``; the aim is only an aim.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.parameters import Parameters

Floats = NDArray[np.float64]
STAGES = ("primary", "junior")
INDICATORS = (
    "qualified_teachers", "backbone_teachers", "pe_arts_teachers", "teaching_area", "sports_area",
    "equipment", "multimedia_rooms", "computers", "books",
)  # fmt: skip

_GRID = np.linspace(0.0, 1.6, 81)
_SHARED = 0.45
"""How far doing well at one thing goes with doing well at another."""
_TOWN = {"111": 1.0, "112": 0.7, "121": 0.5, "122": 0.3, "210": -0.2, "220": -0.9}


@dataclass(frozen=True, slots=True)
class Aim:
    """Mean level and difference coefficient of one indicator and stage in the last year."""

    level: float
    coefficient: float


def set_aims(
    county: str, params: Parameters, rng: np.random.Generator
) -> dict[tuple[str, str], Aim]:
    """Draw a county's aims by indicator and stage."""
    shape = params["aim"]
    poor = county in params["poor"]["counties"]
    common, rich = rng.normal(0, shape["county_sd"]), rng.normal(0, shape["level_sd"])
    aims = {}
    for indicator in INDICATORS:
        for stage in STAGES:
            own = rng.normal(0, shape["own_sd"])
            coefficient = shape[indicator]["coefficient"][stage] + common + own
            level = shape[indicator]["level"][stage] * np.exp(
                rich + 0.4 * rng.normal(0, shape["level_sd"])
            )
            if poor:
                coefficient += shape["poor_coefficient"]
                level *= shape["poor_level"]
            aims[indicator, stage] = Aim(float(level), float(max(shape["least"], coefficient)))
    return aims


def deviate(
    table: pd.DataFrame, aim: dict[str, Any], taste: Floats, rng: np.random.Generator
) -> Floats:
    """Draw the deviation of each site for one indicator.

    Parameters
    ----------
    table
        Sites with ``zone`` and the sizes.
    aim
        The indicator's parameters: how it leans on ``zone`` and ``size``.
    taste
        How well a site does at everything, shape (sites,).
    rng
        Source of randomness.
    """
    town = np.asarray(table["zone"].map(_TOWN), dtype=np.float64)
    size = np.asarray(table[list(STAGES)].sum(axis=1), dtype=np.float64)
    leaning = aim["zone"] * _standard(town) + aim["size"] * _standard(np.log(np.maximum(size, 8.0)))
    own = np.sqrt(max(0.1, 1 - aim["zone"] ** 2 - aim["size"] ** 2))
    noise = _SHARED * taste + np.sqrt(1 - _SHARED**2) * rng.standard_normal(len(table))
    return np.asarray(np.clip(leaning + own * noise, -2.4, 2.4), dtype=np.float64)


def counting(rate: float, step: float = 1.0) -> Callable[[Floats], Floats]:
    """Give what turns pupils into a resource at a rate, in whole steps.

    >>> counting(0.023)(np.array([100.0, 60.0])).tolist()
    [2.0, 1.0]
    """
    return lambda pupils: np.rint(pupils * rate / step) * step


@dataclass(frozen=True, slots=True)
class Spread:
    """A deviation made into factors of mean one: ``exp(sigma z) / norm``."""

    sigma: float
    norm: float

    def factors(self, deviations: Floats, widen: float = 1.0) -> Floats:
        """Give the factor of each school; `widen` multiplies the spread."""
        return np.exp(self.sigma * widen * deviations) / self.norm


def reach(
    deviations: Floats, pupils: Floats, coefficient: float, make: Callable[[Floats], Floats]
) -> Spread:
    """Choose the spread whose coefficient comes nearest to the one aimed at.

    Parameters
    ----------
    deviations, pupils
        Of the assessed schools, shape (n,).
    coefficient
        Aim.
    make
        Turns pupils times factors into what a school has, in whole units.

    Examples
    --------
    >>> z, pupils = np.array([-1.0, 0.0, 1.0]), np.array([100.0, 100.0, 100.0])
    >>> spread = reach(z, pupils, 0.4, lambda share: share)
    >>> made = pupils * spread.factors(z)
    >>> round(float(made.std() / made.mean()), 1)
    0.4
    """
    if len(pupils) < 2:
        return Spread(0.0, 1.0)
    spreads = []
    for sigma in _GRID:
        raw = np.exp(sigma * deviations)
        norm = float(raw @ pupils / pupils.sum())
        spreads.append(Spread(float(sigma), norm))
    misses = [
        abs(_coefficient(make(pupils * s.factors(deviations)), pupils) - coefficient)
        for s in spreads
    ]
    return spreads[int(np.argmin(misses))]


def _coefficient(totals: Floats, pupils: Floats) -> float:
    if not totals.sum() > 0:
        return 0.0
    mean = totals.sum() / pupils.sum()
    return float(np.sqrt(pupils @ (totals / pupils - mean) ** 2 / pupils.sum()) / mean)


def _standard(values: NDArray[np.floating[Any]]) -> Floats:
    spread = float(values.std())
    centred: Floats = values - values.mean()
    return centred / spread if spread > 0 else np.zeros(len(values))
