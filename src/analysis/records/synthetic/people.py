"""The teachers themselves, year by year.

People stay. Each year some leave their school, retire, or are no longer needed where pupils are
fewer; most of those who leave take up a post elsewhere in the county, the remaining posts are
filled by beginners. Qualifications, titles and subjects are raised to what the posts of the year
want and never taken away, the younger first for qualifications, the older first for rank.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.parameters import Parameters, span
from analysis.records.synthetic.staffing import Posts

Ints = NDArray[np.int64]

QUALIFICATIONS = ("secondary", "associate", "bachelor", "graduate")
SPECIALISTS = ("pe", "music", "fine_art", "arts")
_GENERAL = ("chinese", "mathematics", "english", "science", "humanities", "other")
SUBJECTS = (*SPECIALISTS, *_GENERAL)
_COLUMNS = ("person", "post", "born", "sex", "first_year", "level", "backbone", "midlevel",
            "subject", "eager", "able")  # fmt: skip
_TYPES = {name: "float64" if name in ("eager", "able") else "int64" for name in _COLUMNS}


def staff_posts(posts: Posts, params: Parameters, rng: np.random.Generator) -> pd.DataFrame:
    """Fill the posts of every year with people.

    Parameters
    ----------
    posts
        From `staffing.plan_posts`.
    params, rng
        Parameters and source of randomness.

    Returns
    -------
    DataFrame
        One row a teacher and year: ``person``, ``year``, ``site``, ``stage``, ``born``, ``sex``,
        ``first_year`` (at the school), ``qualification``, ``backbone``, ``midlevel``,
        ``subject``, and ``gone`` (the year after, the teacher has left the county's schools).
    """
    frames = list(_years(posts, params, rng))
    roster = pd.concat(frames, ignore_index=True)
    last = roster.groupby("person")["year"].transform("max")
    post = posts.table.loc[roster["post"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "person": roster["person"],
            "year": roster["year"],
            "post": roster["post"],
            "site": post["site"],
            "stage": post["stage"],
            "born": roster["born"],
            "sex": roster["sex"],
            "first_year": roster["first_year"],
            "qualification": np.array(QUALIFICATIONS)[roster["level"]],
            "backbone": roster["backbone"].astype(bool),
            "midlevel": roster["midlevel"].astype(bool),
            "subject": np.array(SUBJECTS)[roster["subject"]],
            "gone": (roster["year"] == last) & (last < span(params)[-1]),
        }
    )


def _years(posts: Posts, params: Parameters, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    people = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in _TYPES.items()})
    hired = 0
    for i, year in enumerate(span(params)):
        stays, pool = _turn_over(people, posts.wanted[:, i], year, params, rng)
        moved, vacant = _fill(stays, pool, posts, i, year, rng)
        new = _hire(vacant, hired, year, i == 0, params, rng)
        hired += len(new)
        people = pd.concat([stays, moved, new], ignore_index=True).astype(_TYPES)
        people = people.sort_values("person", ignore_index=True)
        _raise(people, posts, i, params, rng)
        yield people.assign(year=year)


def _turn_over(
    people: pd.DataFrame, wanted: Ints, year: int, params: Parameters, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide last year's teachers into those who stay and those who look for another post."""
    staff = params["staff"]
    age = np.where(people["sex"] == 1, staff["retire"]["male"], staff["retire"]["female"])
    working = people[year - people["born"] < age]
    leaves = rng.random(len(working)) < staff["turnover"]
    moves = rng.random(len(working)) < staff["move_share"]
    stays, movers = working[~leaves], working[leaves & moves]
    post = stays["post"].to_numpy(dtype=int)
    needed = _rank(post, [rng.random(len(stays))]) < wanted[post]
    return stays[needed], pd.concat([movers, stays[~needed]])


def _fill(
    stays: pd.DataFrame,
    pool: pd.DataFrame,
    posts: Posts,
    i: int,
    year: int,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, Ints]:
    """Give vacant posts to those who look for one in the same stage."""
    wanted = posts.wanted[:, i]
    filled = np.bincount(stays["post"].to_numpy(dtype=int), minlength=len(wanted))
    vacant = rng.permutation(np.repeat(np.arange(len(wanted)), np.maximum(wanted - filled, 0)))
    stages = posts.table["stage"].to_numpy()
    moved, left = [], []
    for stage in ("primary", "junior", "senior"):
        openings = vacant[stages[vacant] == stage]
        looking = pool[stages[pool["post"].to_numpy(dtype=int)] == stage]
        looking = looking.iloc[rng.permutation(len(looking))[: len(openings)]]
        taken = openings[: len(looking)]
        same = taken == looking["post"].to_numpy(dtype=int)
        arrived = np.where(same, looking["first_year"], year)
        moved.append(looking.assign(post=taken, first_year=arrived))
        left.append(openings[len(looking) :])
    return pd.concat(moved), np.concatenate(left)


def _hire(
    vacant: Ints,
    hired: int,
    year: int,
    founding: bool,
    params: Parameters,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Hire people into the posts that are left; in the first year they are of all ages."""
    size = len(vacant)
    old = founding & (rng.random(size) < 0.93)
    age = np.where(old, rng.integers(25, 58, size), rng.integers(22, 28, size))
    sex = np.where(rng.random(size) < 0.32, 1, 2)
    age = np.minimum(age, np.where(sex == 1, 58, 53))
    there = np.minimum(rng.geometric(0.10, size) - 1, age - 22) if founding else np.zeros(size)
    none = np.zeros(size, dtype=np.int64)
    degree = np.where(rng.random(size) < params["staff"]["beginner_bachelor"], 2, 1)
    level = none if founding else degree
    values = [
        hired + np.arange(size),
        vacant,
        year - age,
        sex,
        year - there,
        level,
        none,
        none,
        none - 1,
        rng.standard_normal(size) - age / 15,
        rng.standard_normal(size),
    ]
    return pd.DataFrame(dict(zip(_COLUMNS, values, strict=True))).astype(_TYPES)


def _raise(
    people: pd.DataFrame, posts: Posts, i: int, params: Parameters, rng: np.random.Generator
) -> None:
    """Bring qualifications, titles and subjects to what the year's posts want, in place."""
    post = people["post"].to_numpy(dtype=int)
    level = people["level"].to_numpy()
    rank = _rank(post, [-people["eager"].to_numpy(), -level])
    wanted = sum((rank < posts.levels[k][post, i]).astype(int) for k in range(len(posts.levels)))
    people["level"] = np.maximum(level, wanted).astype(int)
    able, age = -people["able"].to_numpy(), people["born"].to_numpy()
    for column, counts, order in (
        ("backbone", posts.backbone, able),
        ("midlevel", posts.midlevel, age),
    ):
        has = people[column].to_numpy()
        rank = _rank(post, [order, -has])
        people[column] = np.maximum(has, rank < counts[post, i]).astype(int)
    _assign_subjects(people, post, posts, i, params, rng)


def _assign_subjects(
    people: pd.DataFrame,
    post: Ints,
    posts: Posts,
    i: int,
    params: Parameters,
    rng: np.random.Generator,
) -> None:
    """Teachers keep their subject, but for those who take over sports and arts."""
    subject = people["subject"].to_numpy(dtype=int, copy=True)
    special = (subject >= 0) & (subject < len(SPECIALISTS))
    rank = _rank(post, [rng.random(len(people)), -special.astype(int)])
    change = (rank < posts.specialists[post, i]) & ~special
    shares = np.array([params["staff"]["specialists"][s] for s in SPECIALISTS])
    subject[change] = rng.choice(len(SPECIALISTS), int(change.sum()), p=shares)
    stages = posts.table["stage"].to_numpy()[post]
    for stage, weights in params["staff"]["subjects"].items():
        none = (subject < 0) & (stages == stage)
        p = np.array([weights[s] for s in _GENERAL])
        subject[none] = len(SPECIALISTS) + rng.choice(len(_GENERAL), int(none.sum()), p=p)
    people["subject"] = subject


def _rank(post: Ints, keys: list[NDArray]) -> Ints:
    """Rank within each post, from 0, smallest keys first, the last key first of all."""
    order = np.lexsort([*keys, post])
    ordered = post[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty(len(post), dtype=np.int64)
    rank[order] = np.arange(len(post)) - starts
    return rank
