"""Which persons released numbers count: the declarations in ``linked/``, a file a chapter.

Chapters do not know of one another. What ties their numbers together stands here: populations
that several cells count, sums of them that are equal, and groups that add up.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

LINKED = Path(__file__).with_name("linked")
SEEN = ("seen",)
"""The groups of a dimension are those that are released."""
T = TypeVar("T")
_TERM = re.compile(r"\s*([+-]?)\s*([a-z][a-z0-9_]*)(?:@([+-]\d+))?(?:\^([+-]\d+))?\s*")


@dataclass(frozen=True, slots=True)
class Population:
    """Persons that cells count.

    Attributes
    ----------
    id, zh, en
        Its name here, and for readers.
    privacy
        P0 is nobody's secret, of P1 few are withheld, of P2 nobody and all but few too.
    within
        The population that it is part of, or nothing.
    """

    id: str
    zh: str
    en: str
    privacy: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A population in a sum.

    Attributes
    ----------
    sign, population
        Added or taken away, and which.
    years, grades
        How many later and further up.
    across
        Dimensions of which it is all groups.
    """

    sign: int
    population: str
    years: int = 0
    grades: int = 0
    across: tuple[str, ...] = ()


Sum = tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What the cells of an indicator state, as sums of populations; see ``linked/``."""

    says: Literal["count", "share", "mean"]
    part: Sum
    whole: Sum
    n: Sum
    low: Sum
    high: Sum
    stage: str
    years: int
    scale: float
    digits: int


@dataclass(frozen=True, slots=True)
class Links:
    """All declarations.

    Attributes
    ----------
    populations
        By id.
    forms
        By indicator.
    equations
        Sums that are zero.
    complete
        Groups that add up to the whole, by dimension; `SEEN` for those that are released.
    dimensions
        The class of groups by each dimension.
    """

    populations: Mapping[str, Population]
    forms: Mapping[str, Form]
    equations: tuple[Sum, ...]
    complete: Mapping[str, tuple[str, ...]]
    dimensions: Mapping[str, str]

    def privacy(self, population: str, dimensions: Iterable[str]) -> str:
        """Give the class of a population's group; what is not declared is sensitive.

        >>> [load_links().privacy("enrolled", names) for names in ((), ("sex",), ("sex", "faith"))]
        ['P0', 'P1', 'P2']
        """
        classes = [self.dimensions.get(name, "P2") for name in dimensions]
        return max([self.populations[population].privacy, *classes])


@cache
def load_links() -> Links:
    """Read the declarations of all chapters once."""
    return read_links(*(path.read_text(encoding="utf-8") for path in sorted(LINKED.glob("*.toml"))))


def read_links(*texts: str) -> Links:
    """Read declarations.

    Parameters
    ----------
    *texts
        TOML as described in ``linked/dimensions.toml``, each on its own, all meant together.

    Raises
    ------
    ValueError
        If a sum cannot be read or names a population that is not declared, or if something is
        declared twice.

    Examples
    --------
    >>> links = read_links('''
    ... [population.pupils]
    ... zh = "学生"
    ... en = "pupils"
    ... class = "P0"
    ... [[cell]]
    ... indicators = ["enrolment"]
    ... says = "count"
    ... part = "pupils"
    ... ''')
    >>> links.forms["enrolment"].part
    (Term(sign=1, population='pupils', years=0, grades=0, across=()),)
    """
    files = [tomllib.loads(text) for text in texts]
    cells = [cell for file in files for cell in file.get("cell", [])]
    links = Links(
        populations=_once(
            (id, Population(id, one["zh"], one["en"], one["class"], one.get("within", "")))
            for file in files for id, one in file.get("population", {}).items()
        ),
        forms=_once((id, _read_form(cell)) for cell in cells for id in cell["indicators"]),
        equations=tuple(
            _read_equation(one["says"]) for file in files for one in file.get("equation", [])
        ),
        complete=_once(
            (name, (groups,) if isinstance(groups, str) else tuple(groups))
            for file in files for name, groups in file.get("complete", {}).items()
        ),
        dimensions=_once(
            (name, privacy)
            for file in files for privacy, names in file.get("dimensions", {}).items()
            for name in names
        ),
    )  # fmt: skip
    _check(links)
    return links


def _once(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    found: dict[str, T] = {}
    for name, one in pairs:
        if name in found:
            raise ValueError(f"{name} is declared twice")
        found[name] = one
    return found


def read_sum(text: str) -> Sum:
    """Read a sum of populations.

    >>> [(t.sign, t.population, t.years) for t in read_sum("entered - died@+1")]
    [(1, 'entered', 0), (-1, 'died', 1)]
    """
    terms: list[Term] = []
    at = 0
    while at < len(text):
        found = _TERM.match(text, at)
        if not found or (terms and not found[1]):
            raise ValueError(f"{text!r} is no sum of populations")
        terms.append(
            Term(-1 if found[1] == "-" else 1, found[2], int(found[3] or 0), int(found[4] or 0))
        )
        at = found.end()
    return tuple(terms)


def _read_form(cell: Mapping[str, Any]) -> Form:
    sums = {name: read_sum(cell.get(name, "")) for name in ("part", "whole", "n", "low", "high")}
    across = tuple(cell.get("across", ()))
    sums["whole"] = tuple(replace(term, across=across) for term in sums["whole"])
    if cell["says"] not in ("count", "share", "mean"):
        raise ValueError(f"{cell['says']} is no way to state persons")
    return Form(
        says=cell["says"], **sums, stage=cell.get("stage", ""), years=cell.get("years", 0),
        scale=float(cell.get("scale", 1)), digits=cell.get("digits", 2),
    )  # fmt: skip


def _read_equation(text: str) -> Sum:
    left, right = map(read_sum, text.split("="))
    return (*left, *negative(right))


def negative(terms: Sum) -> Sum:
    """Take away what was added, and the other way round."""
    return tuple(replace(term, sign=-term.sign) for term in terms)


def _check(links: Links) -> None:
    sums = [*links.equations]
    for form in links.forms.values():
        sums += [form.part, form.whole, form.n, form.low, form.high]
    named = {term.population for one in sums for term in one}
    named |= {one.within for one in links.populations.values() if one.within}
    unknown = sorted(named - links.populations.keys())
    if unknown:
        raise ValueError(f"populations that are not declared: {', '.join(unknown)}")
    wrong = sorted(o.id for o in links.populations.values() if o.privacy not in ("P0", "P1", "P2"))
    if wrong:
        raise ValueError(f"populations without a class: {', '.join(wrong)}")
