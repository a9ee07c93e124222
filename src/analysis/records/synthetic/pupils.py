"""Pupils of junior grades, followed term by term on the schools of a synthetic county.

Every class of the register years is filled with persons. At the end of a term each of them stays,
leaves school, moves away or is gone for another reason, by the declared hazards (`leaving`). In
autumn those who stay move up; where a school has more or fewer than its classes hold, pupils change
schools inside the county first, others move away, and places left over are taken by newcomers. So
the register of every autumn is the enrolment of the school, and whoever leaves is, in the end,
replaced: a count of heads does not see it.

All of it has a stream of chance of its own: no other table of the county moves because of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.leaving import County, behave, place_county
from analysis.records.synthetic.names import name_pupils
from analysis.records.synthetic.parameters import Parameters, span

GRADES = (7, 8, 9)
STAYS, LEFT, MOVED, OTHER = "stays", "left", "moved", "other"
_STREAM = 4
"""Sets the chance of pupils apart from that of the schools."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Pupils of a county and what became of them.

    Attributes
    ----------
    people
        One row a person: what does not change, ``name`` and ``pupil_id`` among it.
    terms
        One row a person and term: ``person``, ``site``, ``year``, ``term``, ``grade``,
        ``class_no``, what was known before (``days_before``, ``score_before``), attendance, marks
        and ``exit``, which is the truth.
    """

    people: pd.DataFrame
    terms: pd.DataFrame


def follow(
    classes: pd.DataFrame, sites: pd.DataFrame, area: str, county: str, params: Parameters,
    regime: str, seed: int,
) -> Followed:  # fmt: skip
    """Follow the pupils of a county through the register years.

    Parameters
    ----------
    classes
        From `enrolment.open_classes`, all years.
    sites
        From `schools.select_sites`: ``place``, ``zone``.
    area, county
        Area code of invented people, division code.
    params
        The parameters.
    regime
        ``survey`` or ``administrative``.
    seed
        With the division code it gives all chance.
    """
    rng = np.random.default_rng([seed, int(county), _STREAM])
    shape = params["pupils"]
    where = place_county(sites, county, params, regime, rng)
    junior = classes[classes["grade"].isin(GRADES)]
    people, last = _nobody(), pd.DataFrame()
    found: list[pd.DataFrame] = []
    for year in range(shape["first"], span(params)[-1] + 1):
        seats = _seats(junior[junior["year"] == year])
        stayed = last[(last["exit"] == STAYS) & (last["grade"] < GRADES[-1])] if len(last) else last
        seated, people, away = _seat(stayed, seats, people, year, where, rng)
        if len(last):
            last.loc[away, "exit"] = MOVED
        for term in shape["term"]:
            now = seated.assign(year=year, term=term)
            last, people = behave(now, people, where, rng)
            found.append(last)
            seated = last.loc[last["exit"] == STAYS, ["person", "site", "grade", "class_no"]]
    terms = pd.concat(found, ignore_index=True)
    named = name_pupils(people, area, params, rng)
    return Followed(people.join(named), terms)


def _nobody() -> pd.DataFrame:
    return pd.DataFrame(index=pd.RangeIndex(0, name="person"))


def _seats(classes: pd.DataFrame) -> pd.DataFrame:
    """Give one row for each place in a class."""
    rows = classes.loc[classes.index.repeat(classes["pupils_n"]), ["site", "grade", "class_no"]]
    return rows.reset_index(drop=True)


def _seat(
    stayed: pd.DataFrame, seats: pd.DataFrame, people: pd.DataFrame, year: int, where: County,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame, list[int]]:  # fmt: skip
    """Put those who stay and newcomers into the places of a year.

    Returns
    -------
    tuple
        Who sits where; all people with the newcomers; the rows of those for whom no place is left.
    """
    parts: list[pd.DataFrame] = []
    away: list[int] = []
    for grade in GRADES:
        places = seats[seats["grade"] == grade].reset_index(drop=True)
        rising = stayed[stayed["grade"] == grade - 1] if len(stayed) else stayed
        taken, over = _match(rising, places["site"].to_numpy(), where.params["change_school"], rng)
        free = np.flatnonzero(taken < 0)
        new = where.draw(places["site"].to_numpy()[free], grade, year, rng)
        new.index = pd.RangeIndex(len(people), len(people) + len(new), name="person")
        people = pd.concat([people, new]) if len(people) else new
        taken[free] = new.index.to_numpy()
        parts.append(places.assign(person=taken))
        away += over
    return pd.concat(parts, ignore_index=True), people, away


def _match(
    rising: pd.DataFrame, sites: NDArray[np.int64], change: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], list[int]]:
    """Give each place a person who stays: first those of the school, then those of others.

    A share of them does not ask for a place at the school any more.

    Returns
    -------
    tuple
        Persons by place, -1 where nobody is left; rows of those without a place.
    """
    taken = np.full(len(sites), -1, dtype=np.int64)
    if rising.empty:
        return taken, []
    order = rising.iloc[rng.permutation(len(rising))].sort_values("class_no", kind="stable")
    stays = rng.random(len(order)) >= change
    queue: dict[int, list[int]] = {}
    for row, site in order.loc[stays, "site"].items():
        queue.setdefault(site, []).append(int(str(row)))
    for place, site in enumerate(sites):
        if waiting := queue.get(site):
            taken[place] = waiting.pop(0)
    pool = [*(row for site in sorted(queue) for row in queue[site]), *order.index[~stays]]
    pool = [pool[i] for i in rng.permutation(len(pool))]
    free = np.flatnonzero(taken < 0)
    free = free[rng.permutation(len(free))][: len(pool)]
    taken[free] = pool[: len(free)]
    filled = taken >= 0
    taken[filled] = rising.loc[taken[filled], "person"].to_numpy()
    return taken, pool[len(free) :]
