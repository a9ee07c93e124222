"""How many teachers of which kind every school has, by stage and year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic import aims
from analysis.records.synthetic.aims import Aim, Spread
from analysis.records.synthetic.parameters import Parameters, span

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEVELS = ("associate", "bachelor", "graduate")


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts of every site and stage, and the teachers wanted for them.

    Attributes
    ----------
    table
        One row a site and stage: ``site``, ``stage``.
    wanted
        Teachers, shape (posts, years); zero where the stage is not open.
    levels
        Of them with at least an associate's, a bachelor's, a graduate degree, shape (3, posts,
        years).
    backbone, specialists, midlevel
        Of them backbone teachers, teachers of sports and arts, teachers of middle rank, shape
        (posts, years).
    """

    table: pd.DataFrame
    wanted: Ints
    levels: Ints
    backbone: Ints
    specialists: Ints
    midlevel: Ints


def plan_posts(
    sites: pd.DataFrame,
    stages: pd.DataFrame,
    counted: pd.Series,
    county_aims: dict[tuple[str, str], Aim],
    params: Parameters,
    rng: np.random.Generator,
) -> Posts:
    """Plan the posts of a county.

    Parameters
    ----------
    sites
        From `schools.select_sites`.
    stages
        From `enrolment.count_stages`.
    counted
        Whether the row of `stages` enters an assessment, aligned with it.
    county_aims
        From `aims.set_aims`.
    params, rng
        Parameters and source of randomness.
    """
    years = list(span(params))
    wide = stages.pivot(index=["site", "stage"], columns="year", values="pupils_n")
    pupils = wide.reindex(columns=years).fillna(0).to_numpy(dtype=float)
    enters = stages.assign(counted=counted).pivot(
        index=["site", "stage"], columns="year", values="counted"
    )
    assessed = enters[years[-1]].fillna(False).to_numpy(dtype=bool)
    table = wide.index.to_frame(index=False)
    taste = rng.standard_normal(len(sites))
    draw = _Draw(sites, table, pupils, assessed, county_aims, taste, params, rng)
    wanted, levels = draw.teachers()
    cap = np.maximum(wanted - 1, 0)
    return Posts(
        table=table,
        wanted=wanted,
        levels=levels,
        backbone=np.minimum(draw.holders("backbone_teachers", "senior_backbone"), cap),
        specialists=np.minimum(draw.holders("pe_arts_teachers", "senior_specialists"), cap),
        midlevel=np.rint(wanted * draw.midlevel()[:, None]).astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    sites: pd.DataFrame
    table: pd.DataFrame
    pupils: Floats
    assessed: NDArray[np.bool_]
    aims: dict[tuple[str, str], Aim]
    taste: Floats
    params: Parameters
    rng: np.random.Generator

    @property
    def away(self) -> Floats:
        years = np.array(span(self.params), dtype=float)
        return years[-1] - years

    def deviations(self, indicator: str) -> Floats:
        drawn = aims.deviate(self.sites, self.params["aim"][indicator], self.taste, self.rng)
        at = self.sites.index.get_indexer(pd.Index(self.table["site"]))
        return drawn[at]

    def teachers(self) -> tuple[Ints, Ints]:
        """Teachers, and those of them at each level of qualification."""
        staff, z = self.params["staff"], self.deviations("qualified_teachers")
        growth = (1 + staff["yearly_growth"]) ** -self.away
        wanted = np.zeros(self.pupils.shape, dtype=np.int64)
        levels = np.zeros((len(LEVELS), *self.pupils.shape), dtype=np.int64)
        for stage, share in staff["qualified"].items():
            rows = (self.table["stage"] == stage).to_numpy()
            rate = self._rate(stage, share)
            spread = self._reach(rows, z, "qualified_teachers", stage, _staffing(rate))
            eased = self._eased(rows, z, spread)
            wanted[rows] = _least(self.pupils[rows], np.rint(eased * rate * growth))
            levels[:, rows] = self._levels(wanted[rows], share)
        special = self.table["site"].map(self.sites["group"] == "special").to_numpy(dtype=bool)
        wanted[special] = np.ceil(self.pupils[special] * staff["special_per_100"] / 100)
        levels[:, special] = self._levels(wanted[special], staff["qualified"]["primary"])
        return wanted, np.minimum.accumulate(levels, axis=0)

    def _levels(self, wanted: Ints, share: dict[str, float]) -> Ints:
        """Teachers at each level or above, shape (levels, posts, years); posts differ by odds."""
        odds = np.exp(0.4 * self.rng.standard_normal(len(wanted)))[:, None]
        growth = self.params["staff"]["qualified_growth"]
        held = []
        for level in LEVELS:
            mean = np.clip(share[level] - growth[level] * self.away, 0.001, 0.9995)
            held.append(np.rint(wanted * mean * odds / (1 - mean + mean * odds)))
        return np.stack(held).astype(np.int64)

    def holders(self, indicator: str, senior: str) -> Ints:
        """Teachers who hold a title or teach a subject, so many for 100 pupils."""
        z, shape = self.deviations(indicator), self.params["aim"][indicator]
        growth = (1 + shape["growth"]) ** (-self.away / (len(self.away) - 1))
        held = np.zeros(self.pupils.shape, dtype=np.int64)
        for stage in ("primary", "junior", "senior"):
            rows = (self.table["stage"] == stage).to_numpy()
            if stage == "senior":
                held[rows] = np.rint(self.pupils[rows] * self.params["staff"][senior] / 100)
                continue
            rate = self.aims[indicator, stage].level / 100
            spread = self._reach(rows, z, indicator, stage, aims.counting(rate))
            held[rows] = np.rint(self._eased(rows, z, spread) * rate * growth)
        return held

    def midlevel(self) -> Floats:
        noise = 0.08 * self.rng.standard_normal(len(self.table))
        return np.clip(self.params["staff"]["midlevel_share"] + noise, 0.15, 0.8)

    def _rate(self, stage: str, share: dict[str, float]) -> float:
        """Teachers a pupil, so that those above the required qualification reach the aim."""
        if stage not in aims.STAGES:
            return float(self.params["staff"]["per_100_pupils"][stage]) / 100
        above = share["associate" if stage == "primary" else "bachelor"]
        return self.aims["qualified_teachers", stage].level / above / 100

    def _reach(
        self,
        rows: NDArray[np.bool_],
        z: Floats,
        indicator: str,
        stage: str,
        make: Callable[[Floats], Floats],
    ) -> Spread:
        if stage not in aims.STAGES:
            return Spread(0.0, 1.0)
        seen = rows & self.assessed
        return aims.reach(
            z[seen], self.pupils[seen, -1], self.aims[indicator, stage].coefficient, make
        )

    def _eased(self, rows: NDArray[np.bool_], z: Floats, spread: Spread) -> Floats:
        """Pupils times the school's factor in each year; the spread narrowed over the years."""
        wider = 1 + self.params["aim"]["yearly_narrowing"] * self.away
        factors = np.stack([spread.factors(z[rows], w) for w in wider], axis=1)
        return self.pupils[rows] * factors


def _staffing(rate: float) -> Callable[[Floats], Floats]:
    return lambda pupils: _least(pupils, np.rint(pupils * rate)).astype(np.float64)


def _least(pupils: Floats, teachers: Floats) -> Ints:
    """No school is without a teacher, and small ones have one or two more."""
    least = np.select([pupils <= 0, pupils < 12, pupils < 40], [0, 1, 2], 3)
    return np.maximum(least, teachers).astype(np.int64)
