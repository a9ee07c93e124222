"""What one released cell says, and of which persons.

A shown count lies within half a rounding step and is no withheld one; a coded share stands for
fewer than the threshold; a share ties its part to its whole, an exact one down to its fraction.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from analysis.finding import PERSON_UNITS
from analysis.release.links import Form, Links, Sum, Term, negative
from analysis.release.people import CODED
from analysis.release.profiles import Profile
from analysis.release.quantities import Point, place

Cell = Mapping[str, Any]
MOST = 1e6
"""More persons than a county has pupils."""
OTHER_PERSONS = frozenset({"p", "e"})
"""Flags of numbers that do not count all, or none that were counted."""
NOTHING = frozenset({"x", "z"})
"""Flags of what there is no number of, for anybody."""
GRADES = ("grade", "school_grade")
_FINEST, _SAME, _NEAR = 10**6, 1e-13, 1e-9


@dataclass(frozen=True, slots=True)
class Key:
    """Which persons an unknown counts: a population of a year, at a place.

    `variant` sets apart those of a cell of which some schools are missing, and what is no number
    of persons at all.
    """

    population: str
    at: str
    point: Point
    variant: str = ""

    def __str__(self) -> str:
        return "|".join([self.population, *(f"{a}={b}" for a, b in sorted(self.point)), self.at])


Weights = tuple[tuple[Key, float], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known: a sum of unknowns with weights lies between two numbers.

    Attributes
    ----------
    terms, low, high
        The sum and the numbers.
    chapters, indicator
        Who says so; nobody where it follows from what the populations are.
    plain
        The gate knows it as well: one number of persons is shown, or groups add up.
    guess
        Not 0: taken for true unless the numbers say otherwise, the lower the longer.
    """

    terms: Weights
    low: float
    high: float
    chapters: frozenset[str] = frozenset()
    indicator: str = ""
    plain: bool = True
    guess: int = 0


class Statement:
    """What one cell says.

    Parameters
    ----------
    cell, chapters
        A released cell and the chapters that show it.
    form
        What cells of its indicator state.
    profile, links
        The audience and all declarations.

    Attributes
    ----------
    known
        What it says of unknowns.
    unknowns
        All that it is about, shown or not.
    judged
        Those of them that the gate takes for its part or its whole.
    facts
        Those that institutions publish.
    """

    def __init__(
        self, cell: Cell, chapters: frozenset[str], form: Form, profile: Profile, links: Links
    ) -> None:
        self.cell, self.chapters, self.form, self.profile = cell, chapters, form, profile
        self.known: list[Known] = []
        self.unknowns: dict[Key, None] = {}
        self.judged: set[Key] = set()
        self.facts: set[Key] = set()
        self.indicator, stage, by, subject, at = str(cell["key"]).split("|")
        self.point = place({"stage": stage or form.stage, "by": by, "subject": subject})
        self.at = str(int(at) + form.years) if form.years else at
        self.variant = self.indicator if cell["flag"] in OTHER_PERSONS else ""
        self.grouped = bool(by)
        self.persons = cell["n_unit"] in PERSON_UNITS
        self.privacy = max(
            (privacy(self._key(term), links) for term in (form.part or form.whole)),
            default="P0",
        )
        self.least = profile.least(self.privacy, cell["n_unit"])

    def is_declared(self) -> bool:
        """Tell whether every number of the cell is declared with the persons it counts."""
        cell, form = self.cell, self.form
        stated = [(form.part, cell["numerator"]), (form.whole, cell["denominator"])]
        if self.persons:
            stated.append((self._rests_on(), cell["n"]))
        return all(terms or number is None for terms, number in stated)

    def note(self) -> None:
        """Work out what the cell says."""
        cell, form = self.cell, self.form
        if cell["flag"] in NOTHING:
            return
        for terms in (form.part, form.whole):
            keys = [key for key, _ in self._terms(terms)]
            if len(keys) == 1:
                self.judged.add(keys[0])
        if cell["flag"] == "c":
            return
        if form.says == "count":
            self._count(form.part, cell["value"])
        self._count(form.part, cell["numerator"])
        self._count(form.whole, cell["denominator"])
        if self.persons:
            self._count(self._rests_on(), cell["n"])
        if form.says == "share":
            self._share()
        self._ranges()

    def withheld(self) -> Key | None:
        """Give whom a withheld cell is about, if being few is all that it can be withheld for.

        A sensitive number may also be withheld for its complement, or for its table.
        """
        form = self.form
        other = form.n or (self.privacy == "P2" and (form.whole or self.grouped))
        if self.cell["flag"] != "c" or other or len(form.part) != 1:
            return None
        return self._key(form.part[0])

    def _rests_on(self) -> Sum:
        cell, form = self.cell, self.form
        if form.n:
            return form.n
        counted = form.says == "count" and cell["n"] == cell["value"]
        return form.part if counted else form.whole

    def _share(self) -> None:
        cell, rest = self.cell, (*self.form.whole, *negative(self.form.part))
        if cell["flag"] in CODED and cell["numerator"] is None:
            secret = self.form.part if cell["flag"] == "le" else rest
            lowest = 0 if self.privacy == "P2" else 1
            self._tie(secret, lowest, self.least - 1)
        elif cell["value"] is not None and None in (cell["numerator"], cell["denominator"]):
            half = 0.5 * 10**-self.form.digits
            self._ratio(self.form.part, "value", -half, half)
        if self.privacy == "P2" and cell["numerator"] is not None and self.form.whole:
            self._tie(rest, self.least, math.inf)

    def _ranges(self) -> None:
        step = 10**-self.form.digits
        base = self.profile.base
        for field, down, up in (("value_low", 0, 1), ("value_high", -1, 0)):
            terms = self.form.low if field == "value_low" else self.form.high
            value = self.cell[field]
            if not terms or value is None:
                continue
            if self.form.says == "share":
                self._ratio(terms, field, down * step, up * step)
            else:
                wide = base if base > 1 else 0
                self._tie(terms, value + down * wide, value + up * wide)

    def _count(self, terms: Sum, number: float | None) -> None:
        """Note a shown number of persons: exact, or rounded and no withheld one."""
        if number is None or not terms:
            return
        plain = all(term.sign > 0 for term in terms)
        half = self.profile.half if self.persons else 0
        if not self.persons and len(terms) == 1:
            self.facts.add(self._terms(terms)[0][0])
        if not half or (number == 0 and plain):
            self._tie(terms, number, number)
        else:
            low, high = number - half, number + half
            self._tie(terms, max(low, min(self.least, high)) if plain else low, high)

    def _ratio(self, terms: Sum, field: str, down: float, up: float) -> None:
        """Note that a part is so large a share of the whole, exactly or rounded."""
        share = self.cell[field] / self.form.scale
        ratio = Fraction(share).limit_denominator(_FINEST)
        exact = self.profile.base == 1
        whole = self._terms(self.form.whole)
        part = self._terms(terms)
        if not exact or abs(float(ratio) - share) > _SAME:
            ends = (share - _NEAR, share + _NEAR) if exact else (share + down, share + up)
            for end, low, high in ((ends[0], 0.0, math.inf), (ends[1], -math.inf, 0.0)):
                self._note([*part, *((q, -end * weight) for q, weight in whole)], low, high)
            return
        # Of an exact share the reader has the fraction: part and whole are multiples of its terms.
        key = Key("", self.at, self.point, f"{self.indicator} {field}")
        self._note([(key, 1.0)], 1, MOST)
        self._note([*part, (key, -float(ratio.numerator))], 0, 0)
        self._note([*whole, (key, -float(ratio.denominator))], 0, 0)

    def _tie(self, terms: Sum, low: float, high: float) -> None:
        self._note(self._terms(terms), low, high)

    def _note(self, terms: Iterable[tuple[Key, float]], low: float, high: float) -> None:
        added = add_up(terms)
        if added:
            # The gate takes each part and each whole for a number of its own.
            plain = len(added) == 1 and added[0][1] > 0
            self.known.append(Known(added, low, high, self.chapters, self.indicator, plain))

    def _terms(self, terms: Sum) -> list[tuple[Key, float]]:
        found = [(self._key(term), float(term.sign)) for term in terms]
        self.unknowns.update(dict.fromkeys(key for key, _ in found))
        return found

    def _key(self, term: Term) -> Key:
        point = frozenset(pair for pair in self.point if pair[0] not in term.across)
        key = Key(term.population, self.at, point, self.variant)
        return shift(key, term.years, term.grades) or key


def privacy(key: Key, links: Links) -> str:
    """Give the class of an unknown; what is no number of persons is nobody's secret."""
    if not key.population:
        return "P0"
    # The second end of a flow is a dimension like the first.
    return links.privacy(key.population, (name.rstrip("0123456789") for name, _ in key.point))


def shift(
    key: Key, years: int, grades: int, span: tuple[float, float] = (-math.inf, math.inf)
) -> Key | None:
    """Give the unknown so many years later and grades further up; none outside the years.

    >>> key = Key("pupils", "2020", frozenset({("grade", "3")}))
    >>> str(shift(key, 1, 1)), shift(key, 1, 0, (2014, 2020))
    ('pupils|grade=4|2021', None)
    """
    at, point = key.at, key.point
    if years:
        if not at.isdigit() or not span[0] <= int(at) + years <= span[1]:
            return None
        at = str(int(at) + years)
    if grades:
        up = {(n, s) for n, s in point if n in GRADES and s.isdigit()}
        if not up:
            return None
        point = (point - up) | {(name, str(int(grade) + grades)) for name, grade in up}
    return Key(key.population, at, point, key.variant)


def add_up(terms: Iterable[tuple[Key, float]]) -> Weights:
    """Add up the weights of each unknown; what cancels out is left out."""
    weights: defaultdict[Key, float] = defaultdict(float)
    for unknown, weight in terms:
        weights[unknown] += weight
    return tuple((unknown, weight) for unknown, weight in weights.items() if weight)
