"""All rows about persons of a finding, protected together.

Each row is judged by its size, then against the others; what is written is rounded. A verdict
stays with what is shown; where the number is withheld it stays only if every number that the
reader has to think possible would have got the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.finding import KEY, PERSON_UNITS, Check, Finding
from analysis.release import people
from analysis.release.attack import find_states
from analysis.release.people import CODED, LIMIT, NUMBERS, People, State
from analysis.release.profiles import Profile
from analysis.release.quantities import Facts, collect, place

COUNTS = ("primary", "complementary", "coded", "rounded")
Row = Mapping[str, Any]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Protected:
    """A finding's table with its rows about persons protected.

    Attributes
    ----------
    table
        The whole table; rows about anything else are untouched.
    withheld
        What was written in place of the rows that are withheld or coded, by key.
    counts
        How many rows were treated how.
    """

    table: pd.DataFrame
    withheld: Mapping[Key, Row]
    counts: Mapping[str, int]


def protect(finding: Finding, profile: Profile) -> Protected:
    """Withhold and round in the rows about persons.

    Parameters
    ----------
    finding
        All its indicators are classified.
    profile
        The audience.
    """
    table = finding.table
    marked = is_about_persons(table)
    rows = _records(table[marked])
    if not rows:
        return Protected(table, {}, dict.fromkeys(COUNTS, 0))
    declared = {indicator.id: indicator for indicator in finding.indicators}
    read = {
        label: people.read(row, label, declared[row["indicator"]], profile)
        for label, row in rows.items()
    }
    judged = {label: people.judge(person) for label, person in read.items()}
    statements = collect(rows, read.values(), _facts(finding, marked))
    exact = _exact(finding.checks, rows)
    states, complementary = find_states(judged, statements, profile, exact)
    written = {
        label: people.write(row, read[label], states[label], profile) for label, row in rows.items()
    }
    kept_back = [n for n in rows if states[n] != "shown" and read[n].kind != "blank"]
    return Protected(
        table=_put(table, written),
        withheld={_key(rows[label]): written[label] for label in kept_back},
        counts=_count(read, states, complementary, written, profile),
    )


def is_about_persons(table: pd.DataFrame) -> pd.Series:
    """Mark the rows that describe persons; a constant of a rule does not."""
    return table["n_unit"].isin(PERSON_UNITS) & (table["by"] != LIMIT)


def judge(checks: Iterable[Check], protected: Protected) -> tuple[Check, ...]:
    """Take back the verdicts that would tell a withheld number.

    Parameters
    ----------
    checks
        Judged on unrounded values.
    protected
        What is withheld.
    """
    return tuple(
        replace(check, verdict="cannot_say", reason="gate.withheld")
        if _tells(check, protected.withheld.get(_key(check)))
        else check
        for check in checks
    )


def _tells(check: Check, written: Row | None) -> bool:
    if written is None:
        return False
    # Zero of whom there are to be none is the very number that is withheld.
    if written["flag"] == "le":
        return check.limit <= written["value"]
    if written["flag"] == "ge":
        return check.limit >= written["value"]
    return True


def _records(table: pd.DataFrame) -> dict[int, dict[str, Any]]:
    plain = table.to_dict("records")
    return {
        int(label): {str(k): v for k, v in row.items()}
        for label, row in zip(table.index, plain, strict=True)
    }


def _key(row: Row | Check) -> Key:
    if isinstance(row, Check):
        return tuple(str(getattr(row, field)) for field in KEY)
    return tuple(str(row[field]) for field in KEY)


def _facts(finding: Finding, marked: pd.Series) -> Facts:
    """Collect the numbers of persons that institutions publish: enrolment, staff."""
    units = {indicator.id: indicator.unit for indicator in finding.indicators}
    table = finding.table[~marked & (finding.table["by"] != LIMIT)]
    unit = table["unit"].where(table["unit"] != "", table["indicator"].map(units))
    counted = table.assign(unit=unit)[unit.isin(PERSON_UNITS)]
    return frozenset(
        (row["unit"], row["at"], place(row), row["value"]) for row in _records(counted).values()
    )


def _exact(checks: Iterable[Check], rows: Mapping[int, Row]) -> frozenset[int]:
    """Find the rows that tell their number to the person: by a range, or by a verdict on it."""
    checked = {_key(check) for check in checks}
    return frozenset(n for n, row in rows.items() if people.has_bounds(row) or _key(row) in checked)


def _put(table: pd.DataFrame, written: Mapping[int, Row]) -> pd.DataFrame:
    table = table.copy()
    if written:
        columns = [*NUMBERS, "flag"]
        cells = pd.DataFrame([written[n] for n in written], index=list(written))[columns]
        table.loc[cells.index, columns] = cells
    return table


def _count(
    read: Mapping[int, People],
    states: Mapping[int, State],
    complementary: set[int],
    written: Mapping[int, Row],
    profile: Profile,
) -> dict[str, int]:
    """Count the rows by what was done to them; each is counted once."""
    told = [label for label in read if read[label].kind != "blank"]
    withheld = {label for label in told if written[label]["flag"] == "c"}
    coded = {label for label in told if written[label]["flag"] in CODED}
    shown = len(told) - len(withheld) - len(coded) if profile.base > 1 else 0
    numbers = (len(withheld - complementary), len(withheld & complementary), len(coded), shown)
    return dict(zip(COUNTS, numbers, strict=True))
