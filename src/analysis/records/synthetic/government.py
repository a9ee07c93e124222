"""What the government of a synthetic county gives its schools, and what it says of that.

Everything is drawn from a stream of its own, after all that the resource indicators rest on, so
that schools, pupils and teachers are the same with it and without. For each item of the 2017
scheme a county meets it, does not, or leaves it blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.reference import load_reference
from analysis.records.synthetic import offices, rooms
from analysis.records.synthetic.parameters import Parameters

Frames = dict[str, pd.DataFrame]
PARTIAL = {"rooms": "special_rooms", "small_funds": "school_funds"}
"""Items of which single schools may say nothing, and the tables that they rest on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a county does with each item: ``meets``, ``fails`` or ``blank``.

    Attributes
    ----------
    items
        By item.
    partial
        Tables that a few schools left out, with the codes of those schools.
    """

    items: Mapping[str, str]
    partial: Mapping[str, tuple[str, ...]]

    def meets(self, item: str) -> bool:
        """Tell whether the county meets an item, whatever it says of it."""
        return self.items[item] != "fails"


def plan_items(schools: pd.DataFrame, params: Parameters, rng: np.random.Generator) -> Plan:
    """Draw what a county does with each item.

    Parameters
    ----------
    schools
        The true list of schools, all years.
    params, rng
        Parameters and source of randomness.
    """
    shape = params["government"]
    items = {}
    for item in load_reference().assurance["item"]:
        drawn = rng.random()
        state = "blank" if drawn < shape["blank"] else "fails"
        items[item["id"]] = "meets" if drawn >= 1 - shape["meets"] else state
    codes = np.sort(schools["school"].unique().astype(str))
    partial = {}
    for table in PARTIAL.values():
        few = rng.choice(codes, min(shape["partial_schools"], len(codes)), replace=False)
        if rng.random() < shape["partial"]:
            partial[table] = tuple(sorted(map(str, few)))
    return Plan(items, partial)


def provide(true: Frames, params: Parameters, rng: np.random.Generator) -> tuple[Frames, Plan]:
    """Give the tables on what the government owes, complete, and the plan behind them.

    Parameters
    ----------
    true
        The true tables, typed; they are not written to.
    params, rng
        Parameters and source of randomness.

    Returns
    -------
    tuple
        ``school_years`` and ``teachers`` with the columns filled that belong here, and
        ``special_rooms``, ``school_funds``, ``county_years``, ``monitoring``, ``exchanges``.
    """
    plan = plan_items(true["schools"], params, rng)
    made: Frames = {
        "school_years": _migrants(true, params, rng),
        "teachers": _trained(true["teachers"], plan, params, rng),
    }
    facts = rooms.gather_facts(true)
    made["special_rooms"] = rooms.furnish_rooms(facts, plan.meets("rooms"), params, rng)
    made["school_funds"] = rooms.fund(
        facts, plan.meets("small_funds"), plan.meets("special_funds"), params, rng
    )
    figures = offices.count(true | made, plan.items, params, rng)
    made["county_years"] = figures
    made["monitoring"] = offices.monitor(true, plan.meets("monitoring"), params, rng)
    made["exchanges"] = _exchanges(true, figures, plan, params, rng)
    return made, plan


def withhold(reported: Frames, plan: Plan, silent: pd.DataFrame) -> None:
    """Take out of the reports what the plan leaves blank and what silent schools would say."""
    blank = {item for item, state in plan.items.items() if state == "blank"}
    for item, column in (("training", "training_hours_n"), ("certificates", "certificate")):
        if item in blank:
            reported["teachers"] = _emptied(reported["teachers"], [column])
    for item, table in (("rooms", "special_rooms"), ("monitoring", "monitoring")):
        if item in blank:
            reported[table] = reported[table].iloc[:0]
    if {"exchange", "exchange_backbone"} & blank:
        reported["exchanges"] = reported["exchanges"].iloc[:0]
    if {"small_funds", "special_funds"} & blank:
        reported["school_funds"] = reported["school_funds"].iloc[:0]
    for item in sorted(blank & offices.COLUMNS.keys()):
        columns = list(offices.COLUMNS[item])
        reported["county_years"] = _emptied(reported["county_years"], columns)
    for table, schools in plan.partial.items():
        rows = reported[table]
        reported[table] = rows[~rows["school"].isin(schools)].reset_index(drop=True)
    absent = pd.MultiIndex.from_frame(silent[["school", "year"]])
    for table in ("special_rooms", "school_funds", "exchanges", "school_scores"):
        rows = reported[table]
        at = pd.MultiIndex.from_frame(rows[["school", "year"]])
        reported[table] = rows[~at.isin(absent)].reset_index(drop=True)


def _emptied(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Empty columns, their types kept."""
    blank = {
        column: pd.Series(pd.NA, index=frame.index, dtype=frame[column].dtype) for column in columns
    }
    return frame.assign(**blank)


def _migrants(true: Frames, params: Parameters, rng: np.random.Generator) -> pd.DataFrame:
    """Count the children of migrant workers of every school and stage."""
    shape = params["government"]
    schools = true["schools"].drop_duplicates("school").sort_values("school").set_index("school")
    zone = schools["zone"].fillna("2").astype(str)
    share = np.zeros(len(schools))
    for prefix, level in shape["migrants"].items():
        share = np.where(zone.str.startswith(prefix), level, share)
    share = share * rng.uniform(0.5, 1.5, len(schools))
    many = zone.str.startswith("11").to_numpy() & (
        rng.random(len(schools)) < shape["migrant_school_chance"]
    )
    share = np.where(many, shape["migrant_school_share"], share)
    of_school = pd.Series(np.minimum(share, 0.95), index=schools.index)
    rows = true["school_years"]
    p = rows["school"].map(of_school).to_numpy(dtype=float)
    drawn = rng.binomial(rows["pupils_n"].to_numpy(dtype=int), p)
    return rows.assign(migrants_n=pd.array(drawn, dtype="Int64"))


def _trained(
    teachers: pd.DataFrame, plan: Plan, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Say of every teacher the hours of training and the certificate; a person keeps both."""
    shape = params["government"]
    persons = np.sort(teachers["teacher_id"].unique().astype(str))
    (low, high), (few, most) = shape["hours"], shape["hours_short"]
    hours = rng.integers(low, high + 1, len(persons))
    short = rng.random(len(persons)) < shape["training_at_fault"]
    if not plan.meets("training"):
        hours = np.where(short, rng.integers(few, most + 1, len(persons)), hours)
    without = rng.random(len(persons)) < shape["certificates_at_fault"]
    held = ~without | plan.meets("certificates")
    who = teachers["teacher_id"].astype(str)
    return teachers.assign(
        training_hours_n=who.map(dict(zip(persons, hours.astype(float), strict=True))).astype("Float64"),
        certificate=who.map(dict(zip(persons, held, strict=True))).astype("boolean"),
    )  # fmt: skip


def find_eligible(true: Mapping[str, pd.DataFrame], figures: pd.DataFrame) -> pd.DataFrame:
    """Find the teachers of public schools who have been at their school as long as the county says."""
    owner = true["schools"].set_index(["school", "year"])[["owner", "kind"]]
    teachers = true["teachers"].join(owner, on=["school", "year"])
    inside = teachers["stage"].isin(["primary", "junior"]) & (teachers["owner"] != "private")
    inside &= ~teachers["kind"].isin(["360", "510"])
    years = figures.set_index("year")["eligibility_years_n"].fillna(6)
    served = teachers["year"] - teachers["first_year"]
    return teachers[inside & (served >= teachers["year"].map(years))]


def _exchanges(
    true: Frames, figures: pd.DataFrame, plan: Plan, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Exchange some of the eligible teachers of every year, backbone teachers among them.

    How many and of which kind stands; who goes where is arranged by `exchange`.
    """
    eligible = find_eligible(true, figures)
    forms = np.array(list(load_reference().codes["exchange_form"]))[:6]
    parts = []
    for year, rows in eligible.groupby("year"):
        rows = rows.sort_values("teacher_id").reset_index(drop=True)
        chosen = rows.loc[_choose(rows, plan, params, rng)]
        posts = np.sort(rows["school"].unique().astype(str))
        place = np.searchsorted(posts, chosen["school"].to_numpy(dtype=str))
        step = rng.integers(1, max(2, len(posts)), len(chosen))
        parts.append(
            pd.DataFrame(
                {
                    "teacher_id": chosen["teacher_id"],
                    "school": chosen["school"],
                    "to_school": posts[(place + step) % len(posts)],
                    "year": year,
                    "form": forms[rng.integers(0, len(forms), len(chosen))],
                    "start": f"{year}-09-01",
                    "end": [f"{int(str(year)) + n}-08-31" for n in rng.integers(1, 4, len(chosen))],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _choose(
    rows: pd.DataFrame, plan: Plan, params: Parameters, rng: np.random.Generator
) -> np.ndarray:
    level: Mapping[str, Any] = params["government"]["level"]

    def draw(item: str) -> float:
        low, high = level[item]["meets" if plan.meets(item) else "fails"]
        return float(rng.uniform(low, high))

    number = int(np.ceil(draw("exchange") * len(rows)))
    if not plan.meets("exchange"):
        number = max(1, int(draw("exchange") * len(rows)))
    backbone = rows["backbone"].to_numpy(dtype=bool)
    first, others = np.flatnonzero(backbone), np.flatnonzero(~backbone)
    share = draw("exchange_backbone") * number
    wanted = int(np.ceil(share) if plan.meets("exchange_backbone") else share)
    wanted = min(wanted, len(first))
    taken = rng.permutation(first)[:wanted]
    rest = rng.permutation(others)[: number - wanted]
    return np.sort(np.concatenate([taken, rest]))
