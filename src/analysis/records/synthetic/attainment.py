"""Scores of the schools of a synthetic county: what they rest on, and what exchange did to them.

Everything is in standard deviations between pupils, then turned into marks: a school's level, a
county's shocks that fade, noise of the school, of grade and subject, and of the pupils who sat the
test; on top of it the declared effect of exchange on those who receive and on those who send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.synthetic.grounds import Floats, Grounds
from analysis.records.synthetic.parameters import Parameters, span
from analysis.records.synthetic.postings import Postings
from analysis.records.synthetic.roles import Roles


@dataclass(frozen=True, slots=True)
class Chance:
    """Sources of randomness: of the county's schools, and of the paper that they all sit.

    Attributes
    ----------
    county, paper
        Generators; that of the paper starts alike in all counties of a prefecture if one paper is set.
    code
        Code of the division that sets the paper.
    """

    county: np.random.Generator
    paper: np.random.Generator
    code: str


def effects(grounds: Grounds, postings: Postings, shape: Mapping[str, Any]) -> Floats:
    """Give the true effect of exchange on each school and year, in pupils' standard deviations.

    Parameters
    ----------
    grounds, postings
        Schools, and what they have and lack.
    shape
        ``[exchange.effect]`` of the parameters.

    Returns
    -------
    ndarray
        Shape (sites, years); 0 where neither is felt.
    """
    pupils = np.where(grounds.pupils > 0, grounds.pupils, np.inf)
    has, lacks = (100 * part / pupils for part in (postings.received, postings.sent))
    with np.errstate(invalid="ignore", divide="ignore"):
        backbone = postings.received_backbone / postings.received
    full = np.where(backbone > 0.5, shape["backbone"], shape["others"])
    full = full * np.minimum(has / shape["full_at"], 1.0)
    felt = has >= shape["least"]
    since = np.cumsum(np.maximum.accumulate(felt, axis=1), axis=1) - 1
    profile = np.array(shape["profile"])
    grown = full * profile[np.clip(since, 0, len(profile) - 1)]
    receiving = np.where(felt, np.where(since == 0, shape["first_year"], grown), 0.0)
    return receiving + np.where(lacks >= shape["least"], shape["sending"], 0.0)


def score(
    grounds: Grounds, roles: Roles, effect: Floats, chance: Chance, trend: float, params: Parameters
) -> pd.DataFrame:
    """Make the table of scores, complete.

    Parameters
    ----------
    grounds, roles
        Schools, and which of them stand on a worse footing.
    effect
        From `effects`.
    chance
        Sources of randomness.
    trend
        What receivers lose a year beside all others, in all years.
    params
        Parameters.
    """
    shape = params["exchange"]["scores"]
    expected = _expected(grounds, roles, effect, chance.county, trend, params)
    years, rows = list(span(params)), []
    for g, grade in enumerate(shape["grades"]):
        taken = chance.county.binomial(grounds.tested[g].astype(int), shape["present"])
        for subject in shape["subjects"]:
            middle, spread = _paper(chance.paper, shape, len(years))
            rows.append(
                _cells(grounds, expected, taken, (middle, spread), chance, shape, years)
                .assign(grade=grade, subject=subject)
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _expected(
    grounds: Grounds, roles: Roles, effect: Floats, rng: np.random.Generator, trend: float,
    params: Parameters,
) -> Floats:  # fmt: skip
    """Give what a school's pupils would score on average, noise of the school in the year included."""
    shape = params["exchange"]["scores"]
    sites, years = grounds.pupils.shape
    level = shape["school_sd"] * rng.standard_normal(sites) + rng.normal(0, shape["county_sd"])
    level = level - np.where(grounds.rural, shape["rural"], 0.0)
    level = level - np.where(roles.ever, shape["receivers"], 0.0)
    shocks, shock = np.zeros(years), rng.normal(0, shape["shock_sd"])
    for y in range(years):
        shocks[y] = shock
        fresh = np.sqrt(1 - shape["shock_fades"] ** 2) * shape["shock_sd"]
        shock = shape["shock_fades"] * shock + rng.normal(0, fresh)
    drift = np.outer(roles.ever, trend * np.arange(years))
    noise = shape["school_year_sd"] * rng.standard_normal((sites, years))
    return np.asarray(level[:, None] + shocks + drift + noise + effect)


def _paper(rng: np.random.Generator, shape: Mapping[str, Any], years: int) -> tuple[Floats, Floats]:
    """Draw how hard a paper is and how wide its marks are, by year."""
    (easy, hard), (narrow, wide) = shape["middle"], shape["spread"]
    return rng.uniform(easy, hard, years), rng.uniform(narrow, wide, years)


def _cells(
    grounds: Grounds, expected: Floats, taken: np.ndarray, paper: tuple[Floats, Floats],
    chance: Chance, shape: Mapping[str, Any], years: list[int],
) -> pd.DataFrame:  # fmt: skip
    rng, (middle, spread) = chance.county, paper
    own = expected + shape["subject_sd"] * rng.standard_normal(expected.shape)
    within = shape["within_sd"]
    drawn = own + within * rng.standard_normal(own.shape) / np.sqrt(np.maximum(taken, 1))
    free = np.maximum(taken - 1, 1)
    sd = within * np.sqrt(rng.chisquare(free) / free)
    r, y = np.nonzero(taken)
    return pd.DataFrame(
        {
            "school": grounds.codes[r, y], "year": np.array(years)[y], "paper": chance.code,
            "tested_n": taken[r, y],
            "score_mean": np.round(np.clip(middle[y] + spread[y] * drawn[r, y], 0, 100), 2),
            "score_sd": np.round(np.where(taken[r, y] > 1, spread[y] * sd[r, y], 0.0), 2),
        }
    )  # fmt: skip
