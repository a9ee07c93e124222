"""How pupils of a synthetic county behave in a term: absence, marks, and whether they come back.

The log odds of leaving against staying are a sum: grade and term, the declared effects of what was
known on the first day of the term, the school and the county. The marks that enter are those that a
register holds: the mean over the subjects, each standardised by term and grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.parameters import Parameters

Floats = NDArray[np.float64]
SUBJECTS = ("chinese", "mathematics", "english")
RURAL = "2"
"""First digit of a zone that is country."""
_STEP, _MOST_DAYS = 5.0, 40.0
_FAR_KM = 5.0
_ENDS = np.array(["stays", "left", "moved", "other"], dtype=object)


@dataclass(frozen=True, slots=True)
class County:
    """What a county's pupils have in common.

    Attributes
    ----------
    place, rural
        By site: location, and whether it lies in the country.
    level
        By site: log odds of its school and county on top of all others'.
    params
        ``synthetic.toml`` ``[pupils]``.
    """

    place: pd.Series
    rural: pd.Series
    level: pd.Series
    params: Parameters

    def draw(
        self, sites: NDArray[np.int64], grade: int, year: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Draw pupils who come to these sites, as they are for good."""
        shape, size = self.params, len(sites)
        place = pd.Series(sites).map(self.place)

        def drawn(name: str, where: Any = None) -> NDArray[np.bool_]:
            share = shape[name] if where is None else where.map(shape[name]).astype(float)
            return np.asarray(rng.random(size) < share)

        over = drawn("over_1", place).astype(int) + drawn("over_2")
        hardship = drawn("hardship", place)
        away = np.where(drawn("left_behind_2", place), 2, drawn("left_behind_1", place).astype(int))
        chance = np.where(hardship, shape["aided_of_hardship"], shape["aided_of_others"])
        sigma = shape["km_sigma"]
        return pd.DataFrame(
            {
                "born": _births(year - grade - 6 - over, rng),
                "sex": rng.integers(1, 3, size),
                "over": over,
                "minority": drawn("minority"),
                "rural_home": drawn("rural", place),
                "boards": rng.random(size) < place.map(shape["boards"]).astype(float),
                "left_behind": away,
                "migrant": drawn("migrant", place),
                "orphan": drawn("orphan"),
                "disabled": drawn("disabled"),
                "hardship": hardship,
                "aided": rng.random(size) < chance,
                "distance_km": np.round(
                    place.map(shape["km"]).to_numpy(dtype=float)
                    * np.exp(sigma * rng.standard_normal(size)), 1,
                ).clip(0.1, 60.0),
                "ability": rng.standard_normal(size) + shape["ability_hardship"] * hardship
                + shape["ability_over"] * over,
                "days_before": np.nan,
                "score_before": np.nan,
            }
        )  # fmt: skip


def _births(first_year: NDArray[np.int64], rng: np.random.Generator) -> pd.Series:
    """Give birthdays from 1 September of a year to the end of August."""
    start = pd.to_datetime(pd.Series(first_year).astype(str) + "0901", format="%Y%m%d")
    return start + pd.to_timedelta(rng.integers(0, 365, len(first_year)), unit="D")


def place_county(
    sites: pd.DataFrame, county: str, params: Parameters, regime: str, rng: np.random.Generator
) -> County:
    """Draw what the schools and the county put on top."""
    hazard = params["pupils"]["hazard"]
    poor = hazard["poor"] * (county in params["poor"]["counties"])
    shared = poor + hazard["county_sd"] * rng.standard_normal()
    shared += params["pupils"]["regime"][regime]["shift"]
    rural = sites["zone"].str.startswith(RURAL)
    level = shared + params["pupils"]["effects"]["rural"] * rural
    level += hazard["school_sd"] * rng.standard_normal(len(sites))
    shape = {**params["pupils"], "boards": params["classes"]["boarders_junior"]}
    return County(sites["place"], rural, level, shape)


def behave(
    now: pd.DataFrame, people: pd.DataFrame, where: County, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let a term pass.

    Parameters
    ----------
    now
        ``person``, ``site``, ``grade``, ``class_no``, ``year``, ``term``.
    people
        All persons; ``days_before`` and ``score_before`` are brought up to date.
    where, rng
        The county and source of randomness.

    Returns
    -------
    tuple
        The rows with absence, marks and ``exit``; the people.
    """
    person = people.loc[now["person"]].reset_index(drop=True)
    rows = now.reset_index(drop=True)
    fresh = person["days_before"].isna().to_numpy()
    person.loc[fresh, "days_before"] = _absent(person, where.params, rng)[fresh]
    person.loc[fresh, "score_before"] = _marks(rows, person, where.params, rng)[1][fresh]
    rows["days_before"], rows["score_before"] = person["days_before"], person["score_before"]
    rows["exit"] = _exits(rows, person, where, rng)
    days = _absent(person, where.params, rng)
    marks, score = _marks(rows, person, where.params, rng)
    rows = rows.join(_attendance(rows, days, where.params, rng)).join(marks)
    people = people.copy()
    people.loc[rows["person"], "days_before"] = rows["days_unexcused_n"].to_numpy(dtype=float)
    people.loc[rows["person"], "score_before"] = score
    return rows, people


def log_odds(rows: pd.DataFrame, person: pd.DataFrame, where: County) -> Floats:
    """Give the log odds of leaving against staying, by the declared effects."""
    effects = where.params["effects"]
    period = rows["grade"].astype(str) + "-" + rows["term"]
    marks = {
        "years_over": person["over"],
        "boarder": person["boards"],
        "far": ~person["boards"] & (person["distance_km"] > _FAR_KM),
        "left_behind": person["left_behind"] > 0,
        "hardship": person["hardship"],
        "aided": person["aided"],
        "orphan": person["orphan"],
        "unexcused": rows["days_before"].clip(upper=_MOST_DAYS) / _STEP,
        "score": rows["score_before"],
    }
    total = period.map(where.params["hazard"]["base"]) + rows["site"].map(where.level)
    for name, values in marks.items():
        total = total + effects[name] * values.astype(float)
    return total.to_numpy(dtype=float)


def _exits(
    rows: pd.DataFrame, person: pd.DataFrame, where: County, rng: np.random.Generator
) -> NDArray[np.object_]:
    hazard, shape = where.params["hazard"], where.params["hazard"]["moved"]
    seat = rows["site"].map(where.place) == "seat"
    odds = np.exp(
        np.column_stack(
            [
                np.zeros(len(rows)),
                log_odds(rows, person, where),
                shape["base"] + shape["migrant"] * person["migrant"] + shape["seat"] * seat,
                np.full(len(rows), hazard["other"]),
            ]
        )
    )
    reached = odds.cumsum(axis=1) / odds.sum(axis=1, keepdims=True)
    return _ENDS[(rng.random(len(rows))[:, None] > reached).sum(axis=1)]


def _absent(person: pd.DataFrame, shape: Parameters, rng: np.random.Generator) -> Floats:
    """Draw days without leave: many have none, few have many."""
    rule = shape["absence"]
    mean = rule["mean"] * np.exp(
        rule["over"] * person["over"]
        + rule["ability"] * person["ability"]
        + rule["left_behind"] * (person["left_behind"] > 0)
    )
    drawn = rng.poisson(rng.gamma(rule["shape"], mean / rule["shape"]))
    return np.minimum(drawn, _MOST_DAYS).astype(float)


def _attendance(
    rows: pd.DataFrame, days: Floats, shape: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Give the days of the term; many of those who leave stop coming in the middle of it."""
    low, high = shape["leavers_days"]
    stops = (rows["exit"] == "left") & (rng.random(len(rows)) < shape["leavers_absent"])
    run = np.where(stops, rng.integers(low, high + 1, len(rows)), 0)
    unexcused = (days + run).astype(int)
    due = rows["term"].map({term: each["due"] for term, each in shape["term"].items()})
    unexcused = np.minimum(unexcused, due.to_numpy())
    longest = np.maximum(run, np.ceil(days * rng.uniform(0.3, 1.0, len(rows)))).astype(int)
    absent = np.minimum(unexcused + rng.poisson(shape["absence"]["excused"], len(rows)), due)
    return pd.DataFrame(
        {
            "days_due_n": due,
            "days_absent_n": absent,
            "days_unexcused_n": unexcused,
            "longest_n": np.minimum(longest, unexcused),
        },
        index=rows.index,
    )


def _marks(
    rows: pd.DataFrame, person: pd.DataFrame, shape: Parameters, rng: np.random.Generator
) -> tuple[pd.DataFrame, Floats]:
    """Give the marks of a term, empty for who missed the examination, and the standard scores."""
    rule, size = shape["marks"], len(rows)
    weight = rule["ability"]
    gone = np.zeros(size, dtype=bool) if "exit" not in rows else (rows["exit"] == "left").to_numpy()
    missed = rng.random(size) < np.where(gone, rule["leavers_missed"], rule["missed"])
    full: dict[str, Floats] = {}
    for subject in SUBJECTS:
        own = weight * person["ability"].to_numpy() + (1 - weight**2) ** 0.5 * rng.standard_normal(
            size
        )
        full[f"score_{subject}"] = np.clip(np.rint(rule["middle"] + rule["spread"] * own), 0, 100)
    marks = pd.DataFrame(full, index=rows.index)
    seen = marks.mask(np.repeat(missed[:, None], len(SUBJECTS), axis=1))
    by = rows["grade"]
    scores = (marks - seen.groupby(by).transform("mean")) / seen.groupby(by).transform("std")
    return seen, scores.mean(axis=1).to_numpy(dtype=float)
