"""The possible worlds of some numbers of persons: how small and how large each of them can be.

An integer programme finds worlds that agree with everything that is known; a number whose range
is too narrow has been worked out.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

CLOSE = 1e-6
NODES = 20_000
"""An integer programme that is not solved within so many branches counts as broken into."""
IMPOSSIBLE = 2
"""What the solver says where there is proven to be no world."""


@dataclass(frozen=True, slots=True)
class Target:
    """A withheld number, as a sum of unknowns with signs, that has to stay open up to `most`."""

    terms: tuple[tuple[int, int], ...]
    most: float


@dataclass(frozen=True, slots=True)
class Line:
    """A sum of unknowns with weights lies between two numbers."""

    terms: tuple[tuple[int, float], ...]
    low: float
    high: float


class Worlds:
    """The integer programme of one group of unknowns.

    Parameters
    ----------
    limits
        The least and the most that each unknown can be by itself.
    lines
        What ties them together.
    whole
        Whether each unknown is a whole number, in the order of `limits`.

    Examples
    --------
    >>> worlds = Worlds({0: (0, 99), 1: (0, 9)}, [Line(((0, 1), (1, 1)), 12, 12)], [True, True])
    >>> float(worlds.value(((0, 1),), worlds.extreme(((0, 1),), 1)))
    3.0
    """

    def __init__(
        self,
        limits: Mapping[int, tuple[float, float]],
        lines: Sequence[Line],
        whole: Sequence[bool],
    ) -> None:
        self.column = {unknown: place for place, unknown in enumerate(limits)}
        self.bounds = Bounds([low for low, _ in limits.values()], [up for _, up in limits.values()])
        self.integrality = np.array(whole, dtype=int)
        matrix = np.reshape([self._line(line.terms) for line in lines], (-1, len(limits)))
        self.constraints = LinearConstraint(
            matrix, [line.low for line in lines], [line.high for line in lines]
        )

    def _line(self, terms: Iterable[tuple[int, float]]) -> np.ndarray:
        line = np.zeros(len(self.column))
        for unknown, weight in terms:
            line[self.column[unknown]] += weight
        return line

    def extreme(
        self, terms: Iterable[tuple[int, float]], sign: int, *, search: bool = True
    ) -> np.ndarray | None:
        """Give a possible world in which numbers are as small (or, negative, as large) as can be.

        None if there is none, or, without `search`, if it takes branching to find it.
        """
        goal = sign * self._line(terms)
        # Tables that add up mostly have whole corners.
        world, _ = self._solve(goal, np.zeros_like(self.integrality))
        if world is None or _is_whole(world[self.integrality == 1]):
            return world
        return self._solve(goal, self.integrality)[0] if search else None

    def are_none(self) -> bool:
        """Tell whether it is proven that no world agrees with what is known."""
        nothing = np.zeros(len(self.column))
        world, none = self._solve(nothing, np.zeros_like(self.integrality))
        if none or (world is not None and _is_whole(world[self.integrality == 1])):
            return none
        return self._solve(nothing, self.integrality)[1]

    def _solve(self, goal: np.ndarray, integrality: np.ndarray) -> tuple[np.ndarray | None, bool]:
        solved = milp(
            goal, bounds=self.bounds, constraints=self.constraints, integrality=integrality,
            options={"node_limit": NODES},
        )  # fmt: skip
        return (solved.x if solved.status == 0 else None), solved.status == IMPOSSIBLE

    def value(self, terms: Iterable[tuple[int, float]], world: np.ndarray) -> float:
        return float(sum(weight * world[self.column[q]] for q, weight in terms))


class _Reached:
    """How far down and up the targets were seen to go."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets
        self.low = np.full(len(targets), math.inf)
        self.high = np.full(len(targets), -math.inf)
        self.most = np.array([target.most for target in targets])

    def left(self, sign: int) -> list[int]:
        """List the targets that were not yet seen low (sign 1) or high enough."""
        if sign > 0:
            return np.flatnonzero(self.low > np.minimum(1, self.most) + CLOSE).tolist()
        return np.flatnonzero(self.high < self.most - CLOSE).tolist()

    def note(self, worlds: Worlds, world: np.ndarray | None) -> None:
        """Note what the numbers are in a possible world."""
        if world is not None:
            numbers = [worlds.value(target.terms, world) for target in self.targets]
            self.low = np.minimum(self.low, numbers)
            self.high = np.maximum(self.high, numbers)


def find_narrow(worlds: Worlds, targets: Sequence[Target]) -> Iterator[Target]:
    """Find the targets whose range does not reach from one (or nobody) up to their `most`."""
    reached = _Reached(targets)
    for sign in (1, -1):
        # One world often opens many numbers at once; what is left is looked at one by one.
        left: list[int] = []
        while left != (left := reached.left(sign)):
            terms = [term for place in left for term in targets[place].terms]
            reached.note(worlds, worlds.extreme(terms, sign, search=False))
        for place in left:
            if place in reached.left(sign):
                reached.note(worlds, worlds.extreme(targets[place].terms, sign))
                if place in reached.left(sign):
                    yield targets[place]


def split(unknowns: Iterable[int], ties: Iterable[Iterable[int]]) -> list[list[int]]:
    """Split unknowns into groups that have nothing to do with one another.

    >>> split(range(4), [(0, 2), (2, 3)])
    [[0, 2, 3], [1]]
    """
    parent = {unknown: unknown for unknown in unknowns}

    def root(unknown: int) -> int:
        while parent[unknown] != unknown:
            parent[unknown] = parent[parent[unknown]]
            unknown = parent[unknown]
        return unknown

    for tie in ties:
        first, *others = tie
        for other in others:
            parent[root(other)] = root(first)
    groups: dict[Hashable, list[int]] = {}
    for unknown in parent:
        groups.setdefault(root(unknown), []).append(unknown)
    return list(groups.values())


def _is_whole(numbers: np.ndarray) -> bool:
    return bool(np.all(np.abs(numbers - np.round(numbers)) < CLOSE))
