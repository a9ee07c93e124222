"""What the person rows of a finding state, as unknowns that add up.

Each row states one or two numbers of persons: its part and its whole. The rows of an indicator
that differ in one dimension add up to the row without it; where they do not quite (a category is
missing), they are at most the total. Groups that several indicators share are one unknown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.release.people import People, split

Point = frozenset[tuple[str, str]]
"""Where a row stands: a value for each dimension it fixes."""

Facts = frozenset[tuple[str, str, Point, float]]
"""Numbers of persons that are facts of institutions: unit, year, place and number."""


@dataclass(slots=True)
class Quantity:
    """A number of persons that rows state.

    Attributes
    ----------
    value
        The true number.
    rows
        Labels of the rows that state it.
    least
        Fewer persons than this are withheld; 0 where nobody minds.
    sensitive
        Zero is withheld too.
    known
        Public elsewhere: hiding it here hides nothing.
    """

    value: float
    rows: list[int] = field(default_factory=list)
    least: int = 0
    sensitive: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """`total` is the sum of `parts`, or at least that much (`exact` false)."""

    total: int
    parts: tuple[int, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Complement:
    """The part and the whole of row `row`; `least` protects what lies between them."""

    row: int
    part: int
    whole: int
    least: int


@dataclass(frozen=True, slots=True)
class Statements:
    """All that the person rows of a finding state."""

    quantities: tuple[Quantity, ...]
    sums: tuple[Sum, ...]
    complements: tuple[Complement, ...]


def place(row: Mapping[str, Any]) -> Point:
    """Say where a row stands.

    >>> sorted(place({"stage": "primary", "by": "sex×grade", "subject": "f×3"}))
    [('grade', '3'), ('sex', 'f'), ('stage', 'primary')]
    """
    names, subjects = split(row["by"]), split(row["subject"])
    if len(names) != len(subjects):
        names, subjects = ((row["by"],), (row["subject"],)) if row["by"] else ((), ())
    # The two ends of a flow between the same dimension are two dimensions.
    ends = [f"{name}{names[:n].count(name) or ''}" for n, name in enumerate(names)]
    stage = [("stage", row["stage"])] if row["stage"] else []
    return frozenset([*zip(ends, subjects, strict=True), *stage])


def collect(
    rows: Mapping[int, Mapping[str, Any]],
    people: Iterable[People],
    public: Facts,
) -> Statements:
    """Collect what rows about persons state.

    Parameters
    ----------
    rows
        The rows by label.
    people
        What they say.
    public
        What institutions publish anyway: a whole that is among it is known.
    """
    found = _Collector()
    for person in people:
        if person.kind != "blank":
            found.add(rows[person.row], person, public)
    return found.statements()


class _Collector:
    """Gathers unknowns, one for each key."""

    def __init__(self) -> None:
        self.quantities: list[Quantity] = []
        self.index: dict[Hashable, int] = {}
        self.lattices: defaultdict[Hashable, dict[Point, int]] = defaultdict(dict)
        self.complements: list[Complement] = []

    def add(self, row: Mapping[str, Any], person: People, public: Facts) -> None:
        at, point, indicator = row["at"], place(row), row["indicator"]
        part = whole = None
        if math.isfinite(person.part):
            part = self._quantity(("part", indicator, at, point), person.part, person)
            self.lattices["part", indicator, at][point] = part
        if math.isfinite(person.whole):
            whole = self._quantity(("whole", at, point, person.whole), person.whole, person)
            self.lattices["whole", indicator, at][point] = whole
            if (row["n_unit"], at, point, person.whole) in public:
                self.quantities[whole].known = True
        if part is not None and whole is not None:
            least = person.least if person.sensitive else 0
            self.complements.append(Complement(person.row, part, whole, least))

    def _quantity(self, key: Hashable, value: float, person: People) -> int:
        if key not in self.index:
            self.index[key] = len(self.quantities)
            self.quantities.append(Quantity(value))
        quantity = self.quantities[self.index[key]]
        quantity.rows.append(person.row)
        quantity.least = max(quantity.least, person.least)
        # An empty group is nobody's secret; that nobody of a group has the attribute is.
        quantity.sensitive |= person.sensitive and key[0] == "part"  # type: ignore[index]
        return self.index[key]

    def statements(self) -> Statements:
        found = {one for points in self.lattices.values() for one in self._sums(points)}
        return Statements(
            tuple(self.quantities),
            tuple(sorted(found, key=lambda one: (one.total, one.parts))),
            tuple(self.complements),
        )

    def _sums(self, points: Mapping[Point, int]) -> Iterator[Sum]:
        """Find the rows that differ from a row by one more dimension."""
        families: defaultdict[tuple[Point, str], list[int]] = defaultdict(list)
        for point, quantity in points.items():
            for dimension in point:
                above = point - {dimension}
                if above in points:
                    families[above, dimension[0]].append(quantity)
        for (above, _), parts in families.items():
            total = points[above]
            rest = self.quantities[total].value - self._value(parts)
            if total not in parts and rest > -1e-6:
                yield Sum(total, tuple(sorted(parts)), abs(rest) < 1e-6)

    def _value(self, quantities: Sequence[int]) -> float:
        return sum(self.quantities[quantity].value for quantity in quantities)
