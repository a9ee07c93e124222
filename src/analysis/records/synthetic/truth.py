"""What is true of a synthetic county, counted in plain loops from the complete tables.

This is on purpose a second way to the numbers: nothing here is shared with `analysis.methods` or
`analysis.questions`, so that those can be tested against it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.records.synthetic.county import SyntheticCounty
from analysis.records.synthetic.fates import tell_pupils
from analysis.records.synthetic.gains import tell_exchange
from analysis.records.synthetic.owed import tell_owed

Row = Mapping[str, Any]
Tree = dict[str, Any]
Parts = dict[str, tuple[float | None, float]]
"""Total (None where not reported) and pupils by school."""


def tell(county: SyntheticCounty, schemes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Tell the truth of a county as plain values.

    Returns
    -------
    dict
        ``schools`` by year and kind, ``pupils`` by year and stage, ``coefficients`` by scheme,
        year, stage and indicator, ``incomplete`` (the same, where what is reported does not give
        the true coefficient), ``excluded`` by scheme, year and stage, the declared defects, and
        ``assurance`` by year and item, with the items that the county leaves blank, and
        ``pupils_followed``: what became of the pupils, and ``exchange``: what exchange did.
    """
    judged = [(id, s) for id, s in schemes.items() if set(s["stages"]) <= {"primary", "junior"}]
    true, seen = _Tables(county.frames), _Tables(county.reported)
    coefficients: Tree = {}
    incomplete: Tree = {}
    excluded: Tree = {}
    for id, scheme in judged:
        for year in county.years:
            for stage in scheme["stages"]:
                at = (id, str(year), stage)
                _put(excluded, at, true.excluded(scheme, year, stage))
                whole = {i["id"]: true.parts(scheme, i, year, stage) for i in scheme["indicator"]}
                known = {i["id"]: seen.parts(scheme, i, year, stage) for i in scheme["indicator"]}
                _put(coefficients, at, {name: coefficient(p) for name, p in whole.items()})
                _put(incomplete, at, [name for name in whole if whole[name] != known[name]])
    schools = county.frames["schools"]
    stages = county.frames["school_years"]
    return {
        "code": county.place.code,
        "zh": county.place.zh,
        "census": {
            "basis": county.children.basis,
            "zones": county.children.zones,
            "aged_5_9": county.children.by_age[0],
            "aged_10_14": county.children.by_age[1],
        },
        "schools": _count(zip(schools["year"], schools["kind"], strict=True)),
        "pupils": _sum(stages),
        "coefficients": coefficients,
        "incomplete": incomplete,
        "excluded": excluded,
        "missing": county.defects.missing.to_numpy().tolist(),
        "silent": county.defects.silent.to_numpy().tolist(),
        "list_differences": county.defects.lists.to_numpy().tolist(),
        "assurance": {str(year): tell_owed(county.frames, year) for year in county.years},
        "left_blank": sorted(i for i, state in county.plan.items.items() if state == "blank"),
        "partly_blank": {table: list(codes) for table, codes in county.plan.partial.items()},
        "pupils_followed": tell_pupils(county),
        "exchange": tell_exchange(county),
    }


def coefficient(parts: Parts) -> float | None:
    """Give the enrolment-weighted difference coefficient; None where there is none.

    The worked example of the official annex:

    >>> books, pupils = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    >>> round(coefficient({str(i): (b, p) for i, (b, p) in enumerate(zip(books, pupils))}), 6)
    0.515257
    """
    if len(parts) < 2 or any(total is None for total, _ in parts.values()):
        return None
    pupils = sum(count for _, count in parts.values())
    mean = sum(total for total, _ in parts.values() if total is not None) / pupils
    if mean <= 0:
        return None
    variance = 0.0
    for total, count in parts.values():
        variance += count / pupils * ((total or 0.0) / count - mean) ** 2
    return math.sqrt(variance) / mean


class _Tables:
    """Rows of the tables, looked up by school and year."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self.schools = {(r["school"], r["year"]): r for r in _rows(frames["schools"])}
        self.resources = {(r["school"], r["year"]): r for r in _rows(frames["resources"])}
        self.stages: dict[tuple[str, int], dict[str, Row]] = defaultdict(dict)
        for row in _rows(frames["school_years"]):
            self.stages[row["school"], row["year"]][row["stage"]] = row
        self.rows: dict[tuple[int, str], list[tuple[str, Row]]] = defaultdict(list)
        for (school, year), stages in self.stages.items():
            for stage, row in stages.items():
                self.rows[year, stage].append((school, row))

    def excluded(self, scheme: Row, year: int, stage: str) -> list[str]:
        """Schools of the stage that the scheme leaves out."""
        rows = self.rows[year, stage]
        return sorted(school for school, row in rows if self._left_out(scheme, school, row))

    def _left_out(self, scheme: Row, school: str, row: Row) -> bool:
        rule, facts = scheme["exclude"], self.schools[school, row["year"]]
        if facts["kind"] in rule["kinds"] or facts["owner"] in rule["owners"]:
            return True
        point = facts["kind"] in rule["teaching_point_kinds"]
        return point and row["pupils_n"] < rule["min_teaching_point"]

    def parts(self, scheme: Row, indicator: Row, year: int, stage: str) -> Parts:
        """Total of an indicator's resource and pupils of each school that enters."""
        found: Parts = {}
        for school, row in self.rows[year, stage]:
            if not self._left_out(scheme, school, row):
                found[school] = (self._total(scheme, indicator, school, row), row["pupils_n"])
        return found

    def _total(self, scheme: Row, indicator: Row, school: str, row: Row) -> float | None:
        year, stage = row["year"], row["stage"]
        source = self.resources[school, year] if indicator.get("shared") else row
        plus = [source[column] for column in indicator["plus"][stage]]
        minus = [source[column] for column in indicator.get("minus", [])]
        if any(value is None for value in [*plus, *minus]):
            return None
        total = float(sum(plus) - sum(minus))
        if indicator.get("shared"):
            weights, stages = scheme["split"]["weights"], self.stages[school, year]
            weighted = {s: weights[s] * stages[s]["pupils_n"] for s in stages}
            return total * weighted[stage] / sum(weighted.values())
        small = indicator.get("small_rural")
        if small and _may_add(small, self.schools[school, year], row):
            total += sum(row[column] for column in small["add"])
        return total


def _may_add(rule: Row, facts: Row, row: Row) -> bool:
    return facts["zone"] in rule["zones"] and rule["from"] <= row["pupils_n"] < rule["below"]


def _rows(frame: pd.DataFrame) -> list[Row]:
    plain = frame.astype(object).where(frame.notna(), None)
    return plain.to_dict("records")  # type: ignore[return-value]


def _put(tree: Tree, at: tuple[str, str, str], leaf: Any) -> None:
    scheme, year, stage = at
    tree.setdefault(scheme, {}).setdefault(year, {})[stage] = leaf


def _count(pairs: Iterable[tuple[int, str]]) -> dict[str, dict[str, int]]:
    counted = Counter((str(year), str(kind)) for year, kind in pairs)
    tree: dict[str, dict[str, int]] = {}
    for (year, kind), number in sorted(counted.items()):
        tree.setdefault(year, {})[kind] = number
    return tree


def _sum(stages: pd.DataFrame) -> dict[str, dict[str, int]]:
    tree: dict[str, dict[str, int]] = {}
    for row in _rows(stages.groupby(["year", "stage"])["pupils_n"].sum().reset_index()):
        tree.setdefault(str(row["year"]), {})[row["stage"]] = int(row["pupils_n"])
    return tree
