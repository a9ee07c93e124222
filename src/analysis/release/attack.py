"""What a reader can work out of the shown numbers, and what has to go so that he cannot.

The reader knows the rules: a shown count lies within half a rounding step and is no withheld
one; a withheld small number lies below the threshold; rows add up. For each withheld number an
integer programme finds the least and the most it can be. If that range is narrower than what
"fewer than ten" says anyway, one more number is hidden, the cheapest, until nothing can be worked
out or nothing is left of the table.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analysis.release.people import State
from analysis.release.profiles import Profile
from analysis.release.quantities import Complement, Quantity, Statements
from analysis.release.worlds import Line, Target, Worlds, find_narrow, split


class Attack:
    """A reader's knowledge of the numbers of persons in one finding.

    Parameters
    ----------
    statements
        What the rows state.
    states
        What is shown of each row, by label; changed by `protect`.
    profile
        The audience.
    exact
        Labels of rows whose number, when shown, is known to the person (by its range or by a
        verdict on the unrounded value).
    """

    def __init__(
        self,
        statements: Statements,
        states: dict[int, State],
        profile: Profile,
        exact: frozenset[int] = frozenset(),
    ) -> None:
        self.statements, self.states, self.profile, self.exact = statements, states, profile, exact
        self.groups: defaultdict[int, set[int]] = defaultdict(set)
        for complement in statements.complements:
            self.groups[complement.part].add(complement.whole)
        self.wholes = {complement.whole for complement in statements.complements}

    def protect(self) -> set[int]:
        """Hide what has to be hidden and give the labels of those rows."""
        before = {row for row, state in self.states.items() if state == "hidden"}
        for group in self._components():
            self._protect(group)
        return {row for row, state in self.states.items() if state == "hidden"} - before

    def _protect(self, group: Sequence[int]) -> None:
        while True:
            open_target = self._broken(group)
            if open_target is None:
                return
            victim = self._cheapest(open_target, group)
            if victim is None:
                self._hide(row for q in group for row in self.statements.quantities[q].rows)
                return
            self._hide(self.statements.quantities[victim].rows)

    def _hide(self, rows: Iterable[int]) -> None:
        self.states.update(dict.fromkeys(rows, "hidden"))

    def _is_shown(self, quantity: int) -> bool:
        rows = self.statements.quantities[quantity].rows
        states = {self.states[row] for row in rows}
        # A coded share still shows the group that it is a share of.
        coded = states & {"low", "high"} and quantity in self.wholes
        return "shown" in states or bool(coded)

    def limits(self, quantity: int) -> tuple[float, float]:
        """Give what the reader knows of one number by itself."""
        q = self.statements.quantities[quantity]
        if q.known:
            return q.value, q.value
        if not self._is_shown(quantity):
            return 0.0, (q.least - 1.0 if self._is_secret(q) else math.inf)
        shown = [row for row in q.rows if self.states[row] == "shown"]
        if self.profile.base == 1 or self.exact.intersection(shown) or q.value == 0:
            return q.value, q.value
        rounded, half = self.profile.round(q.value), self.profile.half
        return max(rounded - half, min(q.least, q.value)), max(rounded + half, q.value)

    @staticmethod
    def _is_secret(quantity: Quantity) -> bool:
        if quantity.known:
            return False
        lowest = -1 if quantity.sensitive else 0
        return lowest < quantity.value < quantity.least

    def _targets(self, group: frozenset[int]) -> Iterator[Target]:
        for index in sorted(group):
            quantity = self.statements.quantities[index]
            if self._is_secret(quantity):
                yield Target(((index, 1),), self._ceiling(index, quantity.least - 1))
        for one in self.statements.complements:
            if one.part in group and self.is_secret_rest(one):
                terms = ((one.whole, 1), (one.part, -1))
                yield Target(terms, self._ceiling(one.part, one.least - 1))

    def is_secret_rest(self, complement: Complement) -> bool:
        part, whole = (self.statements.quantities[q] for q in (complement.part, complement.whole))
        return whole.value - part.value < complement.least

    def _broken(self, group: Sequence[int]) -> Target | None:
        """Give a target whose range is too narrow, if there is one."""
        targets = list(self._targets(frozenset(group)))
        if not targets:
            return None
        return next(find_narrow(self._worlds(group), targets), None)

    def _worlds(self, group: Sequence[int]) -> Worlds:
        inside = frozenset(group)
        return Worlds(
            {quantity: self.limits(quantity) for quantity in group},
            [*self._sums(inside), *self._complements(inside)],
            [float(self.statements.quantities[q].value).is_integer() for q in group],
        )

    def _sums(self, inside: frozenset[int]) -> Iterator[Line]:
        for one in self.statements.sums:
            if one.total in inside:
                terms = ((one.total, 1), *((part, -1) for part in one.parts))
                yield Line(terms, 0.0, 0.0 if one.exact else math.inf)

    def _complements(self, inside: frozenset[int]) -> Iterator[Line]:
        for one in self.statements.complements:
            if one.part in inside:
                terms = ((one.whole, 1), (one.part, -1))
                if self.is_secret_rest(one):
                    yield Line(terms, 0.0, one.least - 1.0)
                else:
                    shown = self.states[one.row] == "shown"
                    yield Line(terms, one.least if shown else 0.0, math.inf)

    def _ceiling(self, quantity: int, most: int) -> float:
        """Give how far up a number has to stay open: no further than its public group."""
        groups = (self.statements.quantities[group] for group in self.groups[quantity])
        return min([float(most), *(group.value for group in groups if group.known)])

    def _cheapest(self, target: Target, group: Sequence[int]) -> int | None:
        """Choose what to hide: near the target, a part rather than a total, not nothing, small."""
        mine = {index for index, _ in target.terms}
        sums = [s for s in self.statements.sums if mine & {s.total, *s.parts}]
        near = {q for s in sums for q in (s.total, *s.parts)} | mine
        totals = {s.total for s in self.statements.sums}
        for pool in (near, set(group)):
            free = [
                q for q in pool if self._is_shown(q) and not self.statements.quantities[q].known
            ]
            if free:
                return min(free, key=lambda q: (*self._cost(q, totals), q))
        return None

    def _cost(self, quantity: int, totals: set[int]) -> tuple[bool, bool, float]:
        value = self.statements.quantities[quantity].value
        return value == 0, quantity in totals, value

    def _components(self) -> list[list[int]]:
        """Split the unknowns into groups that have nothing to do with one another."""
        ties = [(s.total, *s.parts) for s in self.statements.sums]
        ties += [(c.whole, c.part) for c in self.statements.complements]
        return split(range(len(self.statements.quantities)), ties)


def find_states(
    states: Mapping[int, State], statements: Statements, profile: Profile, exact: frozenset[int]
) -> tuple[dict[int, State], set[int]]:
    """Give the states after complementary protection, and the rows that it hid.

    Parameters
    ----------
    states
        What each row's own size allows, by label.
    statements
        What the rows state.
    profile
        The audience.
    exact
        See `Attack`.
    """
    after = dict(states)
    if not profile.complementary:
        return after, set()
    return after, Attack(statements, after, profile, exact).protect()
