"""Exchange of teachers in a synthetic county, and scores of its schools: tables, and what is true.

Both are drawn from streams of their own, so that nothing else of the county depends on them. How
many teachers are exchanged each year comes from `government`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.records.synthetic import attainment, government, grounds, pools, postings, roles
from analysis.records.synthetic.attainment import Chance
from analysis.records.synthetic.parameters import Parameters, span

_POSTED, _SCORED, _PAPER, _LOST = 11, 12, 13, 14
"""Numbers of the streams, after the seed and the division."""
_MARKS = ("score_mean", "score_sd")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What exchange truly was.

    Attributes
    ----------
    start
        School year in which the county began to concentrate it, or None.
    weak
        How much likelier weaker teachers were sent.
    trend
        What receivers lose a year for reasons of their own.
    tables
        ``exchanges`` and ``school_scores``, complete.
    rows
        One row a school and year: ``site``, ``school``, ``year``, ``pupils``, ``receives``,
        ``sends`` (full-time equivalents for 100 pupils), ``backbone`` (of those received),
        ``effect``, ``scored``.
    missing
        Cells of the scores that the reports leave empty: ``school``, ``year``, ``grade``,
        ``subject``, ``column``; schools that hand in none in a year have one row, without the rest.
    undated
        Stays whose last day the reports leave out: ``school``, ``year``, ``to_school``.
    """

    start: int | None
    weak: float
    trend: float
    tables: Mapping[str, pd.DataFrame]
    rows: pd.DataFrame
    missing: pd.DataFrame = field(default_factory=pd.DataFrame)
    undated: pd.DataFrame = field(default_factory=pd.DataFrame)


def arrange(
    true: Mapping[str, pd.DataFrame], given: Mapping[str, pd.DataFrame], identity: pd.DataFrame,
    county: str, params: Parameters, seed: int,
) -> Exchange:  # fmt: skip
    """Arrange the exchange of a county and let its schools be tested.

    Parameters
    ----------
    true
        The true tables, typed.
    given
        From `government.provide`: ``exchanges`` say how many a year and of which kind.
    identity
        Code of each ``site`` in each ``year``.
    county
        Division code.
    params, seed
        Parameters, and the seed of the data.
    """
    shape = params["exchange"]
    rng = np.random.default_rng([seed, int(county), _POSTED])
    ground = grounds.survey(true, identity, params)
    began = grounds.draw_start(county, shape, rng)
    numbers = _numbers(given["exchanges"], true["teachers"], params)
    start = None if began is None else began - span(params)[0]
    supply = 0 if start is None else numbers[start][0]
    parts = roles.draw_roles(ground, start, supply, shape, rng)
    weak, trend = (float(shape[name].get(county, 0.0)) for name in ("weak", "trend"))
    eligible = government.find_eligible(true, given["county_years"])
    may_go = pools.gather_pools(ground, true["teachers"], eligible, params)
    posted = postings.post(ground, parts, start, may_go, numbers, weak, params, rng)
    effect = attainment.effects(ground, posted, shape["effect"])
    scores = attainment.score(ground, parts, effect, _chance(county, params, seed), trend, params)
    tables = {"exchanges": posted.rows, "school_scores": scores}
    return Exchange(began, weak, trend, tables, _rows(ground, posted, effect, params))


def report(
    moved: Exchange, frames: Mapping[str, pd.DataFrame], county: str, params: Parameters, seed: int
) -> tuple[dict[str, pd.DataFrame], Exchange]:
    """Make what is reported out of what is true: last days, marks and schools left out.

    Parameters
    ----------
    moved
        From `arrange`.
    frames
        ``exchanges`` and ``school_scores``, typed, all years; they are not written to.
    county, params, seed
        As for `arrange`.

    Returns
    -------
    tuple
        The two tables, and what exchange truly was with what they leave out.
    """
    rng, shape = np.random.default_rng([seed, int(county), _LOST]), params["exchange"]
    stays, scores = frames["exchanges"].copy(), frames["school_scores"]
    open_ended = stays["end"].notna() & (rng.random(len(stays)) < shape["undated"])
    stays["end"] = stays["end"].mask(open_ended)
    schools = scores[["school", "year"]].drop_duplicates()
    silent = schools[rng.random(len(schools)) < shape["scores"]["silent"]]
    at = pd.MultiIndex.from_frame(scores[["school", "year"]])
    given = scores[~at.isin(pd.MultiIndex.from_frame(silent))].reset_index(drop=True)
    empty = rng.random((len(given), len(_MARKS))) < shape["scores"]["empty"]
    row, column = np.nonzero(empty)
    key = ["school", "year", "grade", "subject"]
    cells = given.iloc[row][key].assign(column=np.array(_MARKS)[column])
    given[list(_MARKS)] = given[list(_MARKS)].mask(empty)
    missing = pd.concat([silent, cells], ignore_index=True)
    undated = stays.loc[open_ended, ["school", "year", "to_school"]].reset_index(drop=True)
    told = replace(moved, missing=missing, undated=undated)
    return {"exchanges": stays, "school_scores": given}, told


def _numbers(
    draft: pd.DataFrame, teachers: pd.DataFrame, params: Parameters
) -> list[tuple[int, int]]:
    """Count the teachers exchanged in each year, and the backbone teachers among them."""
    marks = teachers.set_index(["teacher_id", "year"])["backbone"]
    at = pd.MultiIndex.from_frame(draft[["teacher_id", "year"]])
    backbone = marks.reindex(at).to_numpy(dtype=bool)
    years = draft["year"].to_numpy()
    return [
        (int((years == year).sum()), int(backbone[years == year].sum())) for year in span(params)
    ]


def _chance(county: str, params: Parameters, seed: int) -> Chance:
    one = params["exchange"]["scores"]["papers"] == "prefecture"
    code = f"{county[:4]}00" if one else county
    return Chance(
        np.random.default_rng([seed, int(county), _SCORED]),
        np.random.default_rng([seed, int(code), _PAPER]),
        code,
    )


def _rows(
    ground: grounds.Grounds, posted: postings.Postings, effect: np.ndarray, params: Parameters
) -> pd.DataFrame:
    r, y = np.nonzero(ground.pupils > 0)
    pupils = ground.pupils[r, y]
    return pd.DataFrame(
        {
            "site": ground.sites[r], "school": ground.codes[r, y],
            "year": np.array(span(params))[y], "pupils": pupils.astype(int),
            "receives": 100 * posted.received[r, y] / pupils,
            "sends": 100 * posted.sent[r, y] / pupils,
            "backbone": 100 * posted.received_backbone[r, y] / pupils,
            "effect": effect[r, y],
            "scored": (ground.tested[:, r, y] > 0).any(axis=0),
        }
    )  # fmt: skip
