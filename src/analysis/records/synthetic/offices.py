"""The figures of a synthetic county's own offices: pay, placement, places, enrolment, survey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.synthetic.parameters import Parameters

Frames = Mapping[str, pd.DataFrame]

COLUMNS = {
    "pay": ("pay_teachers_yuan", "paid_teachers_n", "pay_officials_yuan", "paid_officials_n"),
    "nearby_primary": ("primary_intake_n", "primary_nearby_n"),
    "nearby_junior": ("junior_intake_n", "junior_nearby_n"),
    "quota": ("senior_places_n", "senior_allotted_n"),
    "migrants": ("migrants_n", "migrants_public_n", "migrants_bought_n"),
    "disabled": ("disabled_n", "disabled_enrolled_n"),
    "retention": ("cohort_graduates_n", "cohort_in_n", "cohort_out_n", "cohort_n", "cohort_died_n"),
    "training_funds": ("training_yuan", "funds_yuan"),
    "recognition": ("surveyed_n", "approving_n"),
}
"""Columns of each item; one that is left blank has none of them."""
_ROUNDS = (("mathematics", "pe"), ("chinese", "arts"), ("science", "morals"))


def count(
    true: Frames, items: Mapping[str, str], params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Count a county's figures of every year.

    Parameters
    ----------
    true
        The true tables, ``school_funds`` and the numbers of migrants' children among them.
    items
        What the county does with each item.
    params, rng
        Parameters and source of randomness.
    """
    shape = params["government"]
    rng_of_year = rng.spawn(1)[0]
    reports = rng.random() < shape["years_reported"]
    own = int(rng.choice(shape["years_choices"])) if reports else None
    rows = []
    for year in sorted(true["schools"]["year"].unique()):
        draw = _Draw(items, shape["level"], rng_of_year)
        rows.append({"year": int(year), "eligibility_years_n": own,
                     **_figures(_of_year(true, int(year)), draw, int(year), params)})  # fmt: skip
    return pd.DataFrame(rows)


def monitor(
    true: Frames, meets: bool, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Give the results of the national monitoring, two subjects a year."""
    level = params["government"]["level"]["monitoring"]
    rows = []
    for year in sorted(true["schools"]["year"].unique()):
        for place, subject in enumerate(_ROUNDS[int(year) % 3]):
            # One subject in each round is wide apart where the county does not meet the item.
            low, high = level["fails" if not meets and place == 0 else "meets"]
            rows.append(
                {"year": int(year), "monitored": subject, "level": int(rng.integers(3, 5)),
                 "variation": round(float(rng.uniform(low, high)), 2)}
            )  # fmt: skip
    return pd.DataFrame(rows)


class _Draw:
    """Draws the share of an item, and what makes it of a whole."""

    def __init__(
        self, items: Mapping[str, str], level: Mapping[str, Any], rng: np.random.Generator
    ) -> None:
        self.items, self.level, self.rng = items, level, rng

    def share(self, item: str) -> float:
        low, high = self.level[item]["fails" if self.items[item] == "fails" else "meets"]
        return float(self.rng.uniform(low, high))

    def part(self, item: str, whole: int) -> int:
        """Give a part that is on the side of the limit where the county stands."""
        share = self.share(item) * whole
        return int(np.floor(share) if self.items[item] == "fails" else np.ceil(share))


def _of_year(true: Frames, year: int) -> dict[str, pd.DataFrame]:
    return {name: frame[frame["year"] == year] for name, frame in true.items()}


def _figures(now: Frames, draw: _Draw, year: int, params: Parameters) -> dict[str, float]:
    shape, rng = params["government"], draw.rng
    stages = now["school_years"][now["school_years"]["stage"].isin(["primary", "junior"])]
    pupils = int(stages["pupils_n"].sum())
    intake = {grade: _intake(now, grade) for grade in (1, 7)}
    places = int(_grade(now, 9) * shape["senior_places_share"])
    migrants = int(stages["migrants_n"].sum())
    placed = draw.part("migrants", migrants)
    bought = int(0.05 * placed)
    disabled = int(rng.binomial(pupils, shape["disabled_share"]))
    funds = float(now["school_funds"]["budget_yuan"].sum())
    surveyed = int(rng.integers(*shape["survey"]))
    return {
        **_pay(now, draw, year, params),
        "primary_intake_n": intake[1], "primary_nearby_n": draw.part("nearby_primary", intake[1]),
        "junior_intake_n": intake[7], "junior_nearby_n": draw.part("nearby_junior", intake[7]),
        "senior_places_n": places, "senior_allotted_n": draw.part("quota", places),
        "migrants_n": migrants, "migrants_public_n": placed - bought, "migrants_bought_n": bought,
        "disabled_n": disabled, "disabled_enrolled_n": draw.part("disabled", disabled),
        **_cohort(_grade(now, 8), draw, params),
        "funds_yuan": funds,
        "training_yuan": float(np.ceil(draw.share("training_funds") * funds / 100) * 100),
        "surveyed_n": surveyed, "approving_n": draw.part("recognition", surveyed),
    }  # fmt: skip


def _pay(now: Frames, draw: _Draw, year: int, params: Parameters) -> dict[str, float]:
    shape = params["government"]
    teachers = now["teachers"]
    teachers = teachers[teachers["stage"].isin(["primary", "junior"])]
    private = now["schools"].loc[now["schools"]["owner"] == "private", "school"]
    paid = int((~teachers["school"].isin(private)).sum())
    officials = int(paid * shape["officials_per_teacher"])
    each = shape["teacher_pay_yuan"] * (1 + shape["pay_growth"]) ** (year - params["span"]["first"])
    pay = np.ceil(each * paid)
    return {
        "pay_teachers_yuan": float(pay), "paid_teachers_n": paid,
        "pay_officials_yuan": float(np.floor(pay / paid / draw.share("pay") * officials)),
        "paid_officials_n": officials,
    }  # fmt: skip


def _cohort(started: int, draw: _Draw, params: Parameters) -> dict[str, int]:
    shape, rng = params["government"], draw.rng
    died = int(rng.binomial(started, shape["died"]))
    came = int(rng.binomial(started, shape["moved_in"]))
    left = int(rng.binomial(started, shape["moved_out"]))
    stayed = draw.part("retention", started - died)
    return {
        "cohort_n": started, "cohort_died_n": died, "cohort_in_n": came, "cohort_out_n": left,
        "cohort_graduates_n": max(0, stayed + came - left),
    }  # fmt: skip


def _grade(now: Frames, grade: int) -> int:
    classes = now["classes"]
    return int(classes.loc[classes["grade"] == grade, "pupils_n"].sum())


def _intake(now: Frames, grade: int) -> int:
    """Count a grade in the public schools of cities and towns."""
    schools = now["schools"]
    urban = schools["zone"].fillna("").str.startswith("1") & (schools["owner"] != "private")
    classes = now["classes"][now["classes"]["school"].isin(schools.loc[urban, "school"])]
    return int(classes.loc[classes["grade"] == grade, "pupils_n"].sum())
