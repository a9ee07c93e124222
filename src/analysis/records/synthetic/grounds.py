"""The schools of a synthetic county as exchange sees them: who is where, in which year, how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.parameters import Parameters, span

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
STAGES = ("primary", "junior")
OUTSIDE = ("360", "510")
"""Types of school that take no part: vocational and special schools."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Public schools of the compulsory stages, by site: a site keeps its place when its code changes.

    Attributes
    ----------
    sites
        Numbers of the sites.
    codes
        Code of each site in each year, shape (sites, years); empty where it is not open.
    pupils
        Pupils of primary and junior grades, shape (sites, years).
    stages
        Whether it has a primary, a junior stage, shape (2, sites, years).
    teachers
        Teachers of these stages, shape (sites, years).
    tested
        Pupils in each tested grade, shape (grades, sites, years).
    rural
        In a township or village.
    """

    sites: NDArray[np.int64]
    codes: NDArray[np.object_]
    pupils: Floats
    stages: Bools
    teachers: Floats
    tested: Floats
    rural: Bools

    @property
    def steady(self) -> Bools:
        """Open, with pupils in a tested grade, in every year."""
        tested = np.asarray((self.tested > 0).any(axis=0))
        return np.asarray((self.pupils > 0).all(axis=1) & tested.all(axis=1))


def survey(true: Mapping[str, pd.DataFrame], identity: pd.DataFrame, params: Parameters) -> Grounds:
    """Survey a county's schools.

    Parameters
    ----------
    true
        The true tables, typed.
    identity
        Code of each ``site`` in each ``year``.
    params
        Parameters.
    """
    years = list(span(params))
    schools = true["schools"]
    takes_part = schools["owner"].ne("private") & ~schools["kind"].isin(OUTSIDE)
    places = identity.merge(
        schools.loc[takes_part, ["school", "year", "zone"]],
        left_on=["code", "year"], right_on=["school", "year"],
    )  # fmt: skip
    sites = np.sort(places["site"].unique())
    at = places.set_index(["code", "year"])["site"].to_dict()

    def wide(rows: pd.DataFrame, column: str) -> Floats:
        keys = zip(rows["school"], rows["year"], strict=True)
        site = [at.get(key, -1) for key in keys]
        sums = rows.assign(site=site).groupby(["site", "year"])[column].sum().unstack("year")
        return sums.reindex(index=sites, columns=years).fillna(0).to_numpy(dtype=float)

    stages = true["school_years"]
    own = stages[stages["stage"].isin(STAGES)]
    codes = places.pivot(index="site", columns="year", values="code")
    zone = places.drop_duplicates("site", keep="last").set_index("site")["zone"].reindex(sites)
    classes = true["classes"]
    return Grounds(
        sites=sites.astype(np.int64),
        codes=codes.reindex(index=sites, columns=years).fillna("").to_numpy(dtype=object),
        pupils=wide(own, "pupils_n"),
        stages=np.stack([wide(own[own["stage"] == stage], "pupils_n") > 0 for stage in STAGES]),
        teachers=wide(own, "teachers_n"),
        tested=np.stack([wide(classes[classes["grade"] == grade], "pupils_n")
                         for grade in params["exchange"]["scores"]["grades"]]),
        rural=zone.fillna("2").astype(str).str.startswith("2").to_numpy(dtype=bool),
    )  # fmt: skip


def draw_start(code: str, shape: Mapping[str, Any], rng: np.random.Generator) -> int | None:
    """Say when a county begins to concentrate its exchange: as declared, else by chance."""
    drawn, chance = int(rng.choice(shape["start_years"])), rng.random()
    if code in shape["start"]:
        return int(shape["start"][code])
    declared = {place[:4] for place in shape["start"]}
    return drawn if code[:4] not in declared and chance < shape["start_chance"] else None
