"""What a synthetic county writes down of its pupils: seven tables of `registers`, as true as filed.

Not all that is true is written down. Some who left are entered as moved away, some who moved away
are never verified, some cases are entered late or not at all and some are never settled. How often
is declared in ``synthetic.toml``; what is true is counted in ``truth.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.leaving import SUBJECTS
from analysis.records.synthetic.parameters import Parameters
from analysis.records.synthetic.pupils import GRADES, LEFT, MOVED, OTHER, STAYS, Followed

_WHO = ["pupil_id", "school", "year", "term", "grade"]
_CASE = ["pupil_id", "school", "year", "grade", "found_on", "cause", "checked_on", "outcome",
         "returned_on", "closed_on"]  # fmt: skip
_CAUSES = {"study": 0.5, "poverty": 0.15, "distance": 0.1, "other": 0.25}


@dataclass(frozen=True, slots=True)
class _Desk:
    """Rows with the codes of their schools, and what is needed to write them down."""

    rows: pd.DataFrame
    shape: Parameters
    rng: np.random.Generator

    def day(self, rows: pd.DataFrame, low: float = 0.0, high: float = 1.0) -> pd.Series:
        """Draw a date inside each row's term, between two shares of it."""
        terms = [self.shape["term"][term] for term in rows["term"]]
        years = rows["year"] + (rows["term"] != "1")
        first = [f"{y}-{each['first']}" for y, each in zip(years, terms, strict=True)]
        share = self.rng.uniform(low, high, len(rows))
        away = [int(s * each["days"]) for s, each in zip(share, terms, strict=True)]
        start = pd.to_datetime(pd.Series(first, index=rows.index, dtype="object"))
        return start + pd.to_timedelta(pd.Series(away, index=rows.index, dtype="int64"), unit="D")

    def happens(self, rows: pd.DataFrame, share: float) -> NDArray[np.bool_]:
        return self.rng.random(len(rows)) < share


def write_down(
    followed: Followed, identity: pd.DataFrame, classes: pd.DataFrame, params: Parameters,
    regime: str, rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Write the registers of a county.

    Parameters
    ----------
    followed
        From `pupils.follow`.
    identity
        Code of each ``site`` and ``year``.
    classes
        From `enrolment.open_classes`, all years: how large a cohort was when it entered.
    params, regime, rng
        Parameters, regime and source of randomness.

    Returns
    -------
    dict
        Tables by contract id, without the county's code.
    """
    codes = identity[["site", "year", "code"]].rename(columns={"code": "school"})
    rows = followed.terms.merge(codes, on=["site", "year"])
    people = followed.people.drop(columns=["days_before", "score_before"])
    rows = rows.join(people, on="person").sort_values(["year", "term", "person"], ignore_index=True)
    chance = params["pupils"]["hazard"]["dead"]
    rows["dead"] = (rows["exit"] == OTHER) & (rng.random(len(rows)) < chance)
    desk = _Desk(rows, params["pupils"], rng)
    return {
        "pupils": _register(desk),
        "attendance": rows[[*_WHO[:-1], "days_due_n", "days_absent_n", "days_unexcused_n",
                            "longest_n"]],
        "scores": _scores(desk),
        "status_changes": _changes(desk, params["pupils"]["regime"][regime]["unverified"]),
        "suspected": _cases(desk, codes),
        "visits": _visits(desk),
        "cohorts": _cohorts(desk, identity, classes),
    }  # fmt: skip


def _register(desk: _Desk) -> pd.DataFrame:
    rows = desk.rows
    made = rows[[*_WHO, "class_no", "name", "distance_km", "migrant", "orphan", "aided"]].assign(
        sex=rows["sex"].astype(str),
        born=rows["born"].dt.strftime("%Y-%m-%d"),
        ethnicity=np.where(rows["minority"], "other", "han"),
        registration=np.where(rows["rural_home"], "1", "2"),
        boarding=np.where(rows["boards"], "2", "1"),
        left_behind=rows["left_behind"].astype(str),
        disability=rows["disabled"].astype(int).astype(str),
        hardship=rows["hardship"],
    )
    for column, share in desk.shape["empty"].items():
        made[column] = made[column].astype(object).mask(desk.happens(made, share))
    return made


def _scores(desk: _Desk) -> pd.DataFrame:
    columns = [f"score_{subject}" for subject in SUBJECTS]
    return desk.rows.dropna(subset=columns, how="all")[[*_WHO, *columns]]


def _changes(desk: _Desk, unverified: float) -> pd.DataFrame:
    """Write the changes of status: of those who leave the school, and of those who come."""
    rows, shape = desk.rows, desk.shape
    moved, left, other = (rows[rows["exit"] == end] for end in (MOVED, LEFT, OTHER))
    entered = desk.rng.random(len(left))
    as_left = entered < shape["left_entered"]
    as_moved = ~as_left & (entered < shape["left_entered"] + shape["left_as_moved"])
    inside, came = _arrivals(rows)
    parts = [
        _change(desk, moved, "move_out", ~desk.happens(moved, unverified)),
        _change(desk, left[as_left], "leave", None),
        _change(desk, left[as_moved], "move_out", False),
        _change(desk, other[other["dead"]], "die", None),
        _change(desk, other[~other["dead"]], "suspend", None),
        _change(desk, inside, "move_out", True, late=True),
        _change(desk, came, "move_in", None, early=True),
    ]
    key = ["pupil_id", "year", "term", "change"]
    return pd.concat(parts, ignore_index=True).drop_duplicates(key)


def _change(
    desk: _Desk, rows: pd.DataFrame, change: str, verified: NDArray[np.bool_] | bool | None, *,
    early: bool = False, late: bool = False,
) -> pd.DataFrame:  # fmt: skip
    low, high = (0.0, 0.1) if early else (0.9, 1.0) if late else (0.1, 1.0)
    return rows[_WHO].assign(
        change=change,
        changed_on=desk.day(rows, low, high).dt.strftime("%Y-%m-%d"),
        verified=verified,
    )


def _arrivals(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find those who change schools inside the county, and those who came to their school.

    Returns
    -------
    tuple
        Rows of the last term at the old school; rows of the first term at the new one.
    """
    order = rows.sort_values(["person", "year", "term"])
    same = order["person"].eq(order["person"].shift())
    elsewhere = order["site"].ne(order["site"].shift())
    inside = (same & elsewhere).shift(-1, fill_value=False)
    first_year = rows["year"].min()
    new = ~same & (order["year"] > first_year) & (order["grade"] > GRADES[0])
    return order[inside].sort_index(), order[(same & elsewhere) | new].sort_index()


def _cases(desk: _Desk, codes: pd.DataFrame) -> pd.DataFrame:
    """Write the ledger of suspected dropouts: long absence first, then who did not come back.

    A school that is closed by then enters nobody.
    """
    rows, rule = desk.rows, desk.shape["ledger"]
    absent = rows[(rows["longest_n"] >= rule["days"])]
    absent = absent[desk.happens(absent, rule["entered"])]
    silent = rows[(rows["exit"] == LEFT) & ~rows.index.isin(absent.index)]
    silent = silent[desk.happens(silent, rule["later"])]
    found = pd.concat([desk.day(absent, 0.2, 0.8), desk.day(_next(silent), 0.02, 0.2)])
    cases = pd.concat([absent, silent]).assign(found=found)
    cases["year"] = cases["found"].dt.year - (cases["found"].dt.month < 9)
    cases = cases.drop(columns="school").merge(codes, on=["site", "year"])
    return _settle(desk, cases)


def _next(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the term after."""
    autumn = rows["term"] == "1"
    return rows.assign(year=rows["year"] + ~autumn, term=np.where(autumn, "2", "1").astype(object))


def _settle(desk: _Desk, cases: pd.DataFrame) -> pd.DataFrame:
    """Check each case, bring back those who stay, and close what is settled."""
    rng, size = desk.rng, len(cases)
    outcome = cases["exit"].map(
        {STAYS: "attending", MOVED: "elsewhere", LEFT: "left", OTHER: "exempt"}
    )
    open_ = (cases["exit"] == LEFT) & desk.happens(cases, desk.shape["ledger"]["open"])
    checked = cases["found"] + pd.to_timedelta(rng.integers(2, 22, size), unit="D")
    returned = checked + pd.to_timedelta(rng.integers(1, 15, size), unit="D")
    closed = returned + pd.to_timedelta(rng.integers(1, 31, size), unit="D")
    stays = cases["exit"] == STAYS

    def day(dates: pd.Series, told: pd.Series) -> pd.Series:
        return dates.dt.strftime("%Y-%m-%d").where(told)

    made = cases[["pupil_id", "school", "year", "grade"]].assign(
        found_on=cases["found"].dt.strftime("%Y-%m-%d"),
        cause=rng.choice(list(_CAUSES), size, p=list(_CAUSES.values())),
        checked_on=day(checked, ~open_),
        outcome=outcome.mask(open_),
        returned_on=day(returned, stays),
        closed_on=day(closed, cases["exit"] != LEFT),
    )
    return made[_CASE]


def _visits(desk: _Desk) -> pd.DataFrame:
    pupils = desk.rows.groupby(["year", "term"]).size().rename("children_n").reset_index()
    return pupils.assign(
        visits_n=np.maximum(1, np.rint(pupils["children_n"] * desk.shape["visits"])).astype(int)
    )


def _cohorts(desk: _Desk, identity: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Count, by school, the cohort that graduates: those that the register has from the start on."""
    rows, shape, rng = desk.rows, desk.shape, desk.rng
    years = [year for year in sorted(rows["year"].unique()) if year - 2 >= shape["first"]]
    return pd.concat([_cohort(rows, identity, classes, int(year), shape, rng) for year in years])


def _cohort(
    rows: pd.DataFrame, identity: pd.DataFrame, classes: pd.DataFrame, year: int,
    shape: Mapping[str, float], rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    own = rows[rows["year"] - rows["grade"] == year - GRADES[-1]]
    entered = classes[(classes["year"] == year - 2) & (classes["grade"] == GRADES[0])]
    entered_n = entered.groupby("site")["pupils_n"].sum()
    spring = own[(own["year"] == year) & (own["term"] == "2")]
    graduated = spring[spring["exit"] == STAYS].groupby("site").size()
    inside, came = _arrivals(own)
    out = pd.concat([own[own["exit"] == MOVED], inside])
    sites = sorted(set(entered_n.index) | set(graduated.index))
    made = pd.DataFrame(
        {
            "entered_n": entered_n, "graduated_n": graduated,
            "moved_in_n": came.groupby("site").size(), "moved_out_n": out.groupby("site").size(),
            "died_n": own[own["dead"]].groupby("site").size(),
        },
        index=pd.Index(sites, name="site"),
    ).fillna(0).astype(int)  # fmt: skip
    came_in = rng.binomial(made["entered_n"], shape["first_in"])
    went = rng.binomial(made["entered_n"], shape["first_out"])
    made = made.assign(entered_first_n=made["entered_n"] - came_in + went, year=year)
    named = made.reset_index().merge(identity[["site", "year", "code"]], on=["site", "year"])
    return named.rename(columns={"code": "school"}).drop(columns="site").assign(stage="junior")
