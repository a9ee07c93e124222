"""Invented names: townships, villages, mottoes of town schools, and people with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.parameters import Parameters

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names of one county, each given out once.

    Attributes
    ----------
    stems
        Two-character stems of townships: 云泉 of 云泉镇.
    villages, mottoes
        Endless supplies; when the two-character names run out, a number follows.
    """

    stems: Iterator[str]
    villages: Iterator[str]
    mottoes: Iterator[str]


def make_gazetteer(params: Parameters, rng: np.random.Generator) -> Gazetteer:
    """Shuffle the names that a county may use."""
    names = params["names"]
    return Gazetteer(
        stems=_supply(names["town_first"], names["town_last"], rng),
        villages=_supply(names["village_first"], names["village_last"], rng),
        mottoes=_supply(names["motto_first"], names["motto_last"], rng),
    )


def check_character(digits: str) -> str:
    """Give the check character of an identity number's first 17 digits (GB 11643).

    The standard's own example:

    >>> check_character("11010519491231002")
    'X'
    """
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return _CHECKS[total % 11]


def area_code(county: str, rank: int) -> str:
    """Give the area code of a county's invented people: one that is assigned to no place.

    Real codes have no 91 to 99 as third and fourth digits.

    >>> area_code("130722", 7), area_code("510000", 123)
    ('139907', '519823')
    """
    return f"{county[:2]}{99 - rank // 100}{rank % 100:02d}"


def name_people(
    people: pd.DataFrame, area: str, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Give invented people names and identity numbers.

    Parameters
    ----------
    people
        Columns ``born`` (year) and ``sex`` (1 male, 2 female), one row a person.
    area
        From `area_code`.
    params, rng
        Parameters and source of randomness.

    Returns
    -------
    DataFrame
        Columns ``name`` and ``teacher_id``, same index; no number stands twice.
    """
    size = len(people)
    days = pd.to_timedelta(rng.integers(0, 365, size), unit="D")
    births = pd.to_datetime(people["born"].astype(str) + "0101", format="%Y%m%d") + days
    numbers = _number(births, people["sex"], area)
    return pd.DataFrame(
        {"name": _names(size, params, rng), "teacher_id": numbers}, index=people.index
    )


def name_pupils(
    people: pd.DataFrame, area: str, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Give invented pupils names and registry numbers.

    Parameters
    ----------
    people
        Columns ``born`` (a date) and ``sex`` (1 male, 2 female), one row a person.
    area, params, rng
        As for `name_people`.

    Returns
    -------
    DataFrame
        Columns ``name`` and ``pupil_id``, same index: ``G`` and an identity number, or ``J`` for
        those who have none of their own.
    """
    size = len(people)
    made = rng.random(size) < params["pupils"]["made_numbers"]
    numbers = _number(people["born"], people["sex"], area)
    letters = np.where(made, "J", "G")
    return pd.DataFrame(
        {
            "name": _names(size, params, rng),
            "pupil_id": [a + b for a, b in zip(letters, numbers, strict=True)],
        },
        index=people.index,
    )


def _number(births: pd.Series, sex: pd.Series, area: str) -> list[str]:
    """Give each person an identity number: those of one birthday and sex in a row."""
    stamp = births.dt.strftime("%Y%m%d")
    nth = stamp.groupby([stamp, sex]).cumcount()
    serial = 2 * nth + sex % 2
    if (serial > 999).any():
        raise ValueError("more people of one birthday than numbers")
    first = area + stamp + serial.astype(str).str.zfill(3)
    return [digits + check_character(digits) for digits in first]


def _names(size: int, params: Parameters, rng: np.random.Generator) -> NDArray[np.str_]:
    families = np.array(list(params["people"]["families"]))
    given = np.array(list(params["people"]["given"]))
    # The first families are the commonest, as names are.
    family = families[np.minimum(rng.geometric(0.04, size) - 1, len(families) - 1)]
    first, second = (
        given[rng.integers(0, len(given), size)],
        given[rng.integers(0, len(given), size)],
    )
    short = np.char.add(family, first)
    return np.where(rng.random(size) < 0.15, short, np.char.add(short, second))


def _supply(first: str, last: str, rng: np.random.Generator) -> Iterator[str]:
    """Give every pair once in a random order, then the pairs again with a third character."""
    pairs = ["".join(pair) for pair in product(first, last) if pair[0] != pair[1]]
    order = rng.permutation(len(pairs))

    def names() -> Iterator[str]:
        for extra in ("", *first):
            for i in order:
                yield extra + pairs[i]

    return names()
