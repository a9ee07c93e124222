"""What a reader of all chapters knows of numbers of persons, as unknowns and what ties them.

Cells of any chapter that count the same persons of the same year and place are one unknown.
Groups of a dimension are at most the whole, declared equations hold; where one cell of a table is
withheld, and no other, it is small. Nothing is known here but what is released and the rules.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from analysis.release.links import SEEN, Links, Sum
from analysis.release.profiles import Profile
from analysis.release.statements import Cell, Key, Known, Statement, add_up, shift

GUESSES = 2
"""Guesses are of the groups that there are (1), and of why a cell is withheld (2)."""


class Knowledge:
    """All that is known of the persons of a release.

    Parameters
    ----------
    profile
        The audience.
    links
        The declarations.

    Attributes
    ----------
    unknowns, known
        The unknowns in order, and what is known of them.
    facts
        Unknowns that institutions publish.
    judged
        The indicators whose cells are about an unknown and nothing else: the gate saw them.
    """

    def __init__(self, profile: Profile, links: Links) -> None:
        self.profile, self.links = profile, links
        self.unknowns: dict[Key, None] = {}
        self.known: list[Known] = []
        self.facts: set[Key] = set()
        self.judged: defaultdict[Key, set[str]] = defaultdict(set)
        self._withheld: defaultdict[tuple[str, str], list[Statement]] = defaultdict(list)

    def add(self, cell: Cell, chapters: frozenset[str]) -> bool:
        """Note what a cell says; false if it says what is not declared."""
        form = self.links.forms.get(str(cell["key"]).split("|")[0])
        if form is None:
            return False
        statement = Statement(cell, chapters, form, self.profile, self.links)
        if not statement.is_declared():
            return False
        statement.note()
        for one in statement.known:
            self.unknowns.update(dict.fromkeys(key for key, _ in one.terms))
        self.unknowns.update(statement.unknowns)
        self.known += statement.known
        self.facts |= statement.facts
        for key in statement.judged:
            self.judged[key].add(statement.indicator)
        if cell["flag"] == "c":
            self._withheld[statement.indicator, statement.at].append(statement)
        return True

    def close(self) -> None:
        """Add what follows from what populations are, and from the rules of the gate."""
        self.known += self._alone()
        before = -1
        follows: list[Known] = []
        while before != len(self.unknowns):
            before = len(self.unknowns)
            follows = [*self._families(), *self._equations()]
        self.known += list(dict.fromkeys(follows))
        self.known += [
            Known(((whole, 1), (part, -1)), 0, math.inf) for part, whole in self.within().items()
        ]

    def _alone(self) -> Iterator[Known]:
        """Find the cells of which nothing else is withheld that they could be there to protect."""
        for statements in self._withheld.values():
            key = statements[0].withheld()
            if key and len(statements) == 1:
                one = statements[0]
                yield Known(
                    ((key, 1.0),), 0, one.least - 1, one.chapters, one.indicator,
                    plain=False, guess=GUESSES,
                )  # fmt: skip

    def within(self) -> dict[Key, Key]:
        """Give the groups that unknowns are part of."""
        found = {}
        for key in self.unknowns:
            one = self.links.populations.get(key.population)
            whole = replace(key, population=one.within) if one else key
            if one and one.within and whole in self.unknowns:
                found[key] = whole
        return found

    def _families(self) -> Iterator[Known]:
        """Find the groups that differ from a whole by one more dimension."""
        groups: defaultdict[tuple[Key, str], set[str]] = defaultdict(set)
        seen: defaultdict[tuple[str, str, str, str, str], set[str]] = defaultdict(set)
        for key in list(self.unknowns):
            for name, subject in sorted(key.point):
                above = replace(key, point=key.point - {(name, subject)})
                # Groups that add up tell their whole, whether or not a cell is about it.
                if above in self.unknowns or (key.population and name in self.links.complete):
                    self.unknowns[above] = None
                    groups[above, name].add(subject)
                seen[(*_stage(key), name)].add(subject)
        for (above, name), subjects in groups.items():
            declared = self.links.complete.get(name, ())
            every = seen[(*_stage(above), name)] if declared == SEEN else {*declared}
            exact, guess = subjects <= every, declared == SEEN
            parts = [
                replace(above, point=above.point | {(name, subject)})
                for subject in sorted(every if exact else subjects)
            ]
            self.unknowns.update(dict.fromkeys(parts))
            terms = ((above, 1.0), *((part, -1.0) for part in parts))
            if not exact or guess:
                yield Known(terms, 0, math.inf)
            if exact:
                yield Known(terms, 0, 0, guess=int(guess))

    def _equations(self) -> Iterator[Known]:
        years = [int(key.at) for key in self.unknowns if key.at.isdigit()]
        span = (min(years, default=0), max(years, default=0))
        for equation in self.links.equations:
            bases = {
                shift(key, -term.years, -term.grades, span)
                for term in equation
                for key in self.unknowns
                if key.population == term.population and not key.variant
            }
            for base in sorted((b for b in bases if b), key=str):
                yield from self._equation(equation, base, span)

    def _equation(self, equation: Sum, base: Key, span: tuple[int, int]) -> Iterator[Known]:
        keys = [
            shift(Key(term.population, base.at, base.point), term.years, term.grades, span)
            for term in equation
        ]
        whole = [key for key in keys if key is not None]
        # Of a sum of which one number is known at most nothing follows.
        if len(whole) == len(keys) and sum(key in self.unknowns for key in whole) > 1:
            self.unknowns.update(dict.fromkeys(whole))
            terms = [(key, float(t.sign)) for key, t in zip(whole, equation, strict=True)]
            yield Known(add_up(terms), 0, 0, plain=False)


def _stage(key: Key) -> tuple[str, str, str, str]:
    return key.population, key.at, key.variant, dict(key.point).get("stage", "")
