r"""Children of school age, from the age groups of the 2020 census.

The single year of age :math:`a` in autumn 2020 is read off straight lines through the middle of
the groups 5-9 and 10-14 (ages 7 and 12); younger and older cohorts keep the level of the nearer
group, because 15-19 is distorted by boarding at senior secondary schools. Grade :math:`g` of
school year :math:`t` was :math:`a = 2025 - t + g` years old then. Every child is in school, in the
county where the census counted it.

Zhangjiakou has three statistical zones in the census that are no divisions: 130771 is counted half
with 桥东区 and half with 桥西区, 130772 half with 张北县 and half with 沽源县, 130773 with 沽源县. These shares
are a judgement of this project (``synthetic.toml``). A county without a census row takes the mean
of its prefecture, else of its province, else of the country.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.county import Place
from analysis.records.synthetic.parameters import Parameters, span

Basis = Literal["own", "folded", "fallback"]
GRADES = range(1, 10)
"""Grades of compulsory education, which the census gives the pupils of."""

_MIDDLES = (7.0, 12.0)
_GROUPS = ("share_5_9", "share_10_14")


@dataclass(frozen=True, slots=True)
class Children:
    """Children of school age of one county.

    Attributes
    ----------
    by_age
        Persons aged 5-9 and 10-14 at the census.
    basis
        ``own``: the county's own row; ``folded``: with parts of statistical zones; ``fallback``:
        the mean of the places around it.
    zones
        Share taken of each zone, by code.
    """

    by_age: tuple[float, float]
    basis: Basis
    zones: dict[str, float]

    def grade(self, year: int, grade: int) -> float:
        """Give the children of a grade of compulsory education in a school year.

        >>> children = Children((500.0, 1000.0), "own", {})
        >>> [children.grade(2021, g) for g in (1, 5, 9)]
        [100.0, 140.0, 200.0]
        """
        age = 2025 - year + grade
        return float(np.interp(age, _MIDDLES, [persons / 5 for persons in self.by_age]))


def count_children(place: Place, census: pd.DataFrame, params: Parameters) -> Children:
    """Count a county's children by the census.

    Parameters
    ----------
    place
        The county.
    census
        ``load_reference().census``: index ``code``, columns ``population``, ``share_5_9``,
        ``share_10_14``.
    params
        The parameters.
    """
    zones = {
        zone["code"]: float(zone["into"][place.code])
        for zone in params["census"]["zone"]
        if place.code in zone["into"] and zone["code"] in census.index
    }
    known = census.dropna(subset=["population", *_GROUPS])
    if place.code not in known.index:
        return Children(_mean_around(place.code, known), "fallback", {})
    parts = {place.code: 1.0, **zones}
    persons = sum(share * _persons(known.loc[[code]])[0] for code, share in parts.items())
    return Children((persons[0], persons[1]), "folded" if zones else "own", zones)


def pupils_by_grade(children: Children, params: Parameters) -> NDArray[np.float64]:
    """Give the children of each simulated year and grade 1 to 9, shape (years, 9)."""
    return np.array([[children.grade(y, g) for g in GRADES] for y in span(params)])


def _persons(rows: pd.DataFrame) -> NDArray[np.float64]:
    population = rows["population"].to_numpy(dtype=float)
    return rows[list(_GROUPS)].to_numpy(dtype=float) * population[:, None]


def _mean_around(code: str, known: pd.DataFrame) -> tuple[float, float]:
    for length in (4, 2, 0):
        around = known[known.index.str.startswith(code[:length])]
        if len(around):
            means = _persons(around).mean(axis=0)
            return (float(means[0]), float(means[1]))
    raise ValueError("the census table is empty")
