"""Music and art rooms, and the funds, of the schools of a synthetic county."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.reference import load_reference
from analysis.records.synthetic.parameters import Parameters

_COMPULSORY = ("primary", "junior")
_NARROW = 30
"""Classes under this make a small rural school's rooms smaller; here it must hold in all years."""


def gather_facts(true: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Gather a row a school and year: ``kind``, ``zone``, ``opened``, ``pupils``, ``boarders``,
    ``primary``, ``classes`` and ``largest`` of the compulsory stages, and ``all_pupils``.
    """
    key = ["school", "year"]
    stages = true["school_years"]
    mine = stages[stages["stage"].isin(_COMPULSORY)]
    classes = true["classes"]
    classes = classes[classes["stage"].isin(_COMPULSORY)]
    facts = true["schools"].set_index(key)[["kind", "zone", "opened"]].sort_index()
    sums = mine.groupby(key)[["pupils_n", "boarders_n", "classes_n"]].sum()
    facts["pupils"] = sums["pupils_n"].astype(float).reindex(facts.index).fillna(0.0)
    facts["boarders"] = sums["boarders_n"].astype(float).reindex(facts.index).fillna(0.0)
    facts["classes"] = sums["classes_n"].astype(float).reindex(facts.index).fillna(0.0)
    primary = stages[stages["stage"] == "primary"].set_index(key)["pupils_n"].astype(float)
    facts["primary"] = primary.reindex(facts.index).fillna(0.0)
    everyone = stages.groupby(key)["pupils_n"].sum().astype(float)
    facts["all_pupils"] = everyone.reindex(facts.index).fillna(0.0)
    largest = classes.groupby(key)["pupils_n"].max().astype(float)
    facts["largest"] = largest.reindex(facts.index).fillna(0.0)
    return facts.reset_index()


def furnish_rooms(
    facts: pd.DataFrame, meets: bool, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Give every school with classes its music and art rooms, large enough and enough of them.

    Where the county does not meet the item, some schools have one room too few.
    """
    shape, rule = params["government"], _item("rooms")
    mine = facts[(facts["classes"] > 0) & ~facts["kind"].isin(["360", "510"])]
    schools = mine.groupby("school").agg(
        opened=("opened", "max"), pupils=("pupils", "max"), largest=("largest", "max"),
        junior=("primary", "min"), zone=("zone", "first"), zones=("zone", "nunique"),
    ).sort_index()  # fmt: skip
    least = _least_areas(schools, rule)
    relaxed = rng.random(len(schools)) < shape["relaxed_rooms"]
    short = rng.random(len(schools)) < shape["schools_at_fault"]
    if not short.any():
        short[int(rng.integers(len(short)))] = True
    parts = []
    for room, full in rule["area"].items():
        floor = np.where(relaxed, least[room], full)
        area = np.round(floor + rng.uniform(0, shape["rooms_over"], len(schools)), 1)
        lacks = short & (rng.random(len(schools)) < 0.7) & (not meets)
        if room == "music":
            lacks |= short & (not meets)
        of_school = pd.DataFrame({"area_m2": area, "lacks": lacks}, index=schools.index)
        rows = mine[["school", "year", "opened", "classes"]].join(of_school, on="school")
        need = np.ceil(rows["classes"] / rule["classes"]).astype(int) - rows["lacks"].astype(int)
        rows = rows.assign(room=room, room_no=1, rooms_n=need, built=rows["opened"])
        rows["area_m2"] = rows["area_m2"].where(need > 0)
        rows["built"] = rows["built"].where(need > 0)
        parts.append(rows.drop(columns=["opened", "classes", "lacks"]))
    return pd.concat(parts, ignore_index=True)


def _least_areas(schools: pd.DataFrame, rule: Mapping[str, Any]) -> pd.DataFrame:
    """Give the smallest area that a school's rooms may have in every year."""
    old = (schools["opened"] <= rule["old"]["built"]).fillna(False).to_numpy(dtype=bool)
    rural = schools["zone"].isin(load_reference().assurance["rural"]["zones"])
    small = (
        rural & (schools["zones"] == 1) & (schools["pupils"] < 100) & (schools["largest"] < _NARROW)
    )
    areas: Mapping[str, float] = rule["small"]["area"]
    narrow = np.where(schools["junior"] > 0, areas["primary"], areas["junior"])
    least = {}
    for room, full in rule["area"].items():
        floor = np.where(old, rule["old"]["area"][room], full)
        least[room] = np.where(small.to_numpy(dtype=bool), np.minimum(floor, narrow), floor)
    return pd.DataFrame(least, index=schools.index)


def fund(
    facts: pd.DataFrame,
    small_meets: bool,
    special_meets: bool,
    params: Parameters,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Give every school its budget of public funds, small rural schools as if of a hundred pupils.

    Where the county does not meet that, some of them are funded by the pupils they have.
    """
    shape, small, special = params["government"], _item("small_funds"), _item("special_funds")
    zones = load_reference().assurance["rural"]["zones"]
    schools = np.sort(facts["school"].unique().astype(str))
    over = 1 + rng.uniform(0, shape["funds_over"], len(schools))
    bare = (rng.random(len(schools)) < shape["schools_at_fault"]) & (not small_meets)
    per_school = pd.DataFrame({"over": over, "bare": bare}, index=schools)
    rows = facts.join(per_school, on="school")
    quotas = {year: _quota(small["quota"], int(year)) for year in rows["year"].unique()}
    quota = rows["year"].map(quotas)
    few = rows["kind"].isin(small["kinds"]) & rows["zone"].isin(zones)
    few &= rows["pupils"] < small["pupils"]
    if not small_meets and few.any() and not (few & rows["bare"]).any():
        rows["bare"] |= rows["school"] == str(rows.loc[few, "school"].min())
    heads = rows["primary"] + (rows["pupils"] - rows["primary"]) * shape["junior_to_primary"]
    heads = heads.mask(few & ~rows["bare"].astype(bool), small["pupils"])
    yuan = (heads * quota + rows["boarders"] * shape["boarder_yuan"]) * rows["over"]
    low = 1 + shape["special_over"] * rng.random()
    rate = special["yuan"] * (low if special_meets else 1 - 0.5 * (low - 1) - 0.05)
    yuan = yuan.mask(rows["kind"].isin(special["kinds"]), rows["all_pupils"] * rate)
    budget = np.ceil(yuan / 100) * 100
    return rows[["school", "year"]].assign(budget_yuan=budget)[budget > 0]


def _quota(entries: list[Mapping[str, Any]], year: int) -> float:
    known = [entry["yuan"] for entry in entries if entry["from"] <= year]
    return float(known[-1] if known else entries[0]["yuan"])


def _item(id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        item for item in load_reference().assurance["item"] if item["id"] == id
    )
    return found
