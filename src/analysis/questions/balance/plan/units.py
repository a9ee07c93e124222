"""What a plan starts from: each school's stages with what they have, need and could give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import reaches
from analysis.questions.balance.stage import Stage, form, weigh
from analysis.records.county import CountyData

SLACK = 1e-4
"""What is not counted in whole units is planned this share above its threshold: the solver keeps
to a threshold only nearly, and the plan has to hold it."""


@dataclass(frozen=True, slots=True)
class Units:
    """The stages of a county's schools that a plan is about, in order of school code and stage.

    A unit is one stage of one school; `n` units, `k` indicators, `t` kinds of teachers.

    Attributes
    ----------
    stages
        The stages assessed, by id.
    indicators
        Those of the scheme.
    frame
        One row a unit: ``school, stage, pupils, kind, township, part, teachers`` (nan where the
        staff is not reported), ``longitude, latitude`` (nan where not known).
    totals
        Shape (n, k): what a unit has; nan where it did not report.
    need, floor
        Shape (n, k): what it needs for the threshold, and for the floor below it; 0 where it did
        not report what it has.
    carried
        Shape (t, k): true where a teacher of the kind counts in the indicator; the first kind
        counts in none.
    stock
        Shape (n, t): teachers of the list.
    eligible, tenure
        Teachers who may be exchanged, nan without a list, and the years at one school that it
        takes: the county's own number where it gives one.
    """

    stages: Mapping[str, Stage]
    indicators: Sequence[Mapping[str, Any]]
    frame: pd.DataFrame
    totals: np.ndarray
    need: np.ndarray
    floor: np.ndarray
    carried: np.ndarray
    stock: np.ndarray
    eligible: float
    tenure: int

    @property
    def of_teachers(self) -> np.ndarray:
        """Shape (k,): true for the indicators that teachers carry."""
        return np.asarray(self.carried.any(axis=0))

    @property
    def told(self) -> np.ndarray:
        """Shape (n, k): true where a unit reported."""
        return np.asarray(~np.isnan(self.totals))

    def counted(self, kind: int) -> list[str]:
        """Give the indicators that a kind of teacher counts in."""
        return [str(i["id"]) for i, c in zip(self.indicators, self.carried[kind], strict=True) if c]

    def of_stage(self, stage: str) -> np.ndarray:
        """Give the positions of a stage's units."""
        return np.flatnonzero((self.frame["stage"] == stage).to_numpy())

    def compared(self, stage: str, indicator: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the units that a coefficient is over, and their weights in it, which sum to 1."""
        within = self.of_stage(stage)
        within = within[self.told[within, indicator]]
        pupils = self.frame["pupils"].to_numpy(float)[within]
        same = np.ones_like(pupils) if self.stages[stage].weights is None else pupils
        return within, same / same.sum() if len(same) else same


def open_units(county: CountyData, scheme: str) -> Units | None:
    """Find what a plan for a county starts from.

    Parameters
    ----------
    county
        Needs what the assessment needs, and for moves the table ``teachers``.
    scheme
        Id of a scheme.

    Returns
    -------
    Units or None
        None where the scheme has no thresholds or no limits for single indicators, or no school
        reported any.
    """
    rules = county.reference.scheme(scheme)
    if "school_rule" not in rules or rules["coefficient"]["rule"] != "each":
        return None
    now = (county.place.code, county.year)
    tables = county.tables_of(county.year)
    formed = form(tables, county.reference, rules, weigh(rules, "scheme"))
    stages = {id: formed[id][now] for id in sorted(formed) if now in formed[id]}
    if not stages:
        return None
    indicators = list(rules["indicator"])
    ids = [indicator["id"] for indicator in indicators]
    known = pd.concat(
        [
            stage.entrants.counted.assign(stage=id).rename_axis("school").reset_index()
            for id, stage in stages.items()
        ],
        ignore_index=True,
    ).sort_values(["school", "stage"], ignore_index=True)
    known = known[known[ids].notna().any(axis=1)].reset_index(drop=True)
    if known.empty:
        return None
    frame = _describe(county, known)
    carried = _kinds_of_teachers(county, indicators)
    tenure = _tenure(county)
    stock, eligible = _stock(county, indicators, carried, frame, tenure)
    need, floor = _needs(stages, indicators, frame, known[ids].to_numpy(float))
    return Units(
        {id: stage for id, stage in stages.items() if (frame["stage"] == id).any()},
        indicators, frame, known[ids].to_numpy(float), need, floor, carried, stock, eligible,
        tenure,
    )  # fmt: skip


def _describe(county: CountyData, known: pd.DataFrame) -> pd.DataFrame:
    schools = county.table("schools", year=county.year).set_index("school")
    staff = county.table("school_years", year=county.year).set_index(["school", "stage"])
    frame = known[["school", "stage", "pupils", "kind", "part"]].copy()
    frame["township"] = frame["school"].map(schools["township"]).astype("object").fillna("")
    keys = pd.MultiIndex.from_frame(frame[["school", "stage"]])
    frame["teachers"] = staff["teachers_n"].astype("float64").reindex(keys).to_numpy()
    for name in ("longitude", "latitude"):
        place = schools[name].astype("float64") if name in schools else pd.Series(dtype="float64")
        frame[name] = frame["school"].map(place).astype("float64")
    return frame


def _kinds_of_teachers(county: CountyData, indicators: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Give every set of the indicators that the columns of the teacher list can tell of."""
    listed = set(county.reference.actions["teacher"])
    columns = [{c for plus in i["plus"].values() for c in plus} for i in indicators]
    ours = [k for k, named in enumerate(columns) if named <= listed]
    kinds = np.zeros((2 ** len(ours), len(indicators)), dtype=bool)
    for bit, k in enumerate(ours):
        kinds[:, k] = (np.arange(len(kinds)) >> bit) & 1
    return kinds


def counts_in(
    county: CountyData, indicators: Sequence[Mapping[str, Any]], teachers: pd.DataFrame
) -> np.ndarray:
    """Tell in which indicators each teacher of a list counts.

    Returns
    -------
    numpy.ndarray
        Shape (teachers, indicators). What the list leaves out counts in none.
    """
    means = county.reference.actions["teacher"]
    counted = np.zeros((len(teachers), len(indicators)), dtype=bool)
    # A column that not every form has counts where some school of the county reports it.
    silent = county.table("school_years", year=county.year).isna().all()
    for k, indicator in enumerate(indicators):
        for stage, columns in indicator["plus"].items():
            here = (teachers["stage"] == stage).to_numpy()
            for column in columns:
                if column in indicator.get("optional", ()) and silent[column]:
                    continue
                for field, values in means.get(column, {}).items():
                    counted[:, k] |= here & teachers[field].isin(values).fillna(False).to_numpy(
                        bool
                    )
    return counted


def _tenure(county: CountyData) -> int:
    """Give the years at one school after which a teacher may be exchanged."""
    own = county.table("county_years", year=county.year)["eligibility_years_n"].dropna()
    return int(
        own.iloc[0] if len(own) else county.reference.actions["exchange"]["eligibility_years"]
    )


def _stock(
    county: CountyData,
    indicators: Sequence[Mapping[str, Any]],
    carried: np.ndarray,
    frame: pd.DataFrame,
    tenure: int,
) -> tuple[np.ndarray, float]:
    """Count the teachers of the list by unit and kind, and those who may be exchanged."""
    teachers = county.table("teachers", year=county.year)
    stock = np.zeros((len(frame), len(carried)), dtype=int)
    if teachers.empty:
        return stock, float("nan")
    ours = np.flatnonzero(carried.any(axis=0))
    kind = counts_in(county, indicators, teachers)[:, ours] @ (1 << np.arange(len(ours)))
    unit = pd.Series(frame.index, pd.MultiIndex.from_frame(frame[["school", "stage"]]))
    place = unit.reindex(pd.MultiIndex.from_frame(teachers[["school", "stage"]])).to_numpy(float)
    here = ~np.isnan(place)
    np.add.at(stock, (place[here].astype(int), kind[here]), 1)
    may = (teachers["first_year"] <= county.year - tenure).fillna(False).to_numpy(bool) & here
    return stock, float(may.sum())


def _needs(
    stages: Mapping[str, Stage],
    indicators: Sequence[Mapping[str, Any]],
    frame: pd.DataFrame,
    totals: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Give what each unit needs for the threshold and for the floor, in natural units.

    Whole units are rounded up, unless a school's stages share them. What is there already is
    enough as it stands.
    """
    rule = next(iter(stages.values())).scheme["school_rule"]
    pupils = frame["pupils"].to_numpy(float)
    rate = np.array(
        [[stages[s].threshold(i) / i["per"] for i in indicators] for s in frame["stage"]]
    )
    whole = np.array([bool(i.get("whole")) for i in indicators])
    shared = np.array([bool(i.get("shared")) for i in indicators])
    undivided = whole & (~shared | (frame["part"].to_numpy(float) == 1)[:, None])
    levels = []
    for share in (1.0, rule["floor"]):
        exact = share * rate * pupils[:, None]
        level = np.where(undivided, np.ceil(exact - 1e-9 * exact), exact * (1 + SLACK))
        enough = np.asarray(reaches(totals, exact))  # type: ignore[arg-type]
        levels.append(
            np.where(np.isnan(totals), 0.0, np.where(enough, np.minimum(totals, level), level))
        )
    return levels[0], np.minimum(levels[1], levels[0])
