"""Rows that describe persons: which may be shown, and how.

A row says how many persons there are (`part`), out of how many (`whole`). Too small a part, its
complement or its whole is withheld; what is shown is rounded, and shares are made of the rounded
parts, so that a percentage never tells more than its counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analysis.finding import PERSON_UNITS, Indicator
from analysis.release.profiles import Profile, end_of, load_rules

Kind = Literal["count", "share", "mean", "blank"]
State = Literal["shown", "low", "high", "hidden"]
"""``low``: withheld because the part is small; ``high``: because the rest is."""

SCHOOL = "school"
LIMIT = "limit"
NUMBERS = ("value", "value_low", "value_high", "numerator", "denominator", "n")
CODED = frozenset({"le", "ge"})
"""Flags of a share that stands for all shares at most, or at least, as large."""
BLANK: Mapping[str, float] = dict.fromkeys(NUMBERS, math.nan)
_CROSSING = re.compile(r"[×→*]")


@dataclass(frozen=True, slots=True)
class People:
    """What a row says about how many persons.

    Attributes
    ----------
    row
        Label of the row in the finding's table.
    kind
        A number of persons, a share of them, a mean over them, or no number at all.
    part, whole, n
        The persons spoken of, the group they belong to, and those the number rests on; nan where
        the row has none.
    scale
        What a share of 1 is in the row's unit.
    least
        Fewer persons than this are withheld.
    sensitive
        Class P2: zero and the complement are protected too.
    private
        Not shown to this audience whatever its size.
    digits
        Decimals of the indicator.
    """

    row: int
    kind: Kind
    part: float
    whole: float
    n: float
    scale: float
    least: int
    sensitive: bool
    private: bool
    digits: int

    @property
    def rest(self) -> float:
        return self.whole - self.part


def split(by: str) -> tuple[str, ...]:
    """Give the dimensions that a row's ``by`` crosses.

    >>> split("sex×grade"), split("")
    (('sex', 'grade'), ())
    """
    return tuple(_CROSSING.split(by)) if by else ()


def read(row: Mapping[str, Any], label: int, indicator: Indicator, profile: Profile) -> People:
    """Read a row about persons.

    Parameters
    ----------
    row, label
        A row of a finding's table and its label there.
    indicator, profile
        What it is about, and for whom it is released.
    """
    kind = _kind(row, indicator)
    part = {"count": row["value"], "share": row["numerator"]}.get(kind, math.nan)
    whole = row["denominator"]
    if math.isnan(whole) and not (kind == "count" and row["n"] == part):
        whole = row["n"]
    if kind == "share" and math.isnan(part):
        part = row["value"] * whole
    sensitive = indicator.privacy == "P2"
    return People(
        row=label,
        kind=kind,
        part=part,
        whole=whole,
        n=row["n"],
        scale=_scale(row, part, whole) if kind == "share" else 1.0,
        least=profile.least(indicator.privacy, row["n_unit"]),
        sensitive=sensitive,
        private=sensitive and _is_beyond(row["by"], profile),
        digits=indicator.digits,
    )


def judge(people: People) -> State:
    """Say whether a row may be shown, before other rows are looked at.

    >>> from analysis.finding import Indicator
    >>> from analysis.release.profiles import load_profile
    >>> profile, boys = load_profile("public"), Indicator("boys", "", "", "pupils", "P1")
    >>> row = {**BLANK, "by": "", "n_unit": "pupils", "unit": "pupils", "value": 9.0}
    >>> judge(read(row, 0, boys, profile)), judge(read({**row, "value": 10.0}, 0, boys, profile))
    ('low', 'shown')
    """
    least = people.least
    if people.kind == "blank" or not least:
        return "shown"
    rests_on_few = people.n != people.part and _is_small(people.n, least)
    if people.private or rests_on_few or _is_small(people.whole, least):
        return "hidden"
    if people.kind != "count" and math.isnan(people.whole):
        return "hidden"
    low = _is_small(people.part, least) or (people.sensitive and people.part == 0)
    high = people.sensitive and people.rest < least
    if low and high:
        return "hidden"
    return "low" if low else "high" if high else "shown"


def write(row: Mapping[str, Any], people: People, state: State, profile: Profile) -> dict[str, Any]:
    """Give the cells of a row as this audience may see them."""
    if people.kind == "blank":
        return {**BLANK, "flag": row["flag"] or "x"}
    if state == "shown":
        return {**BLANK, **_shown(row, people, profile)}
    return {**BLANK, **(_coded(people, state, profile) or {"flag": "c"})}


def has_bounds(row: Mapping[str, Any]) -> bool:
    """Tell whether a row has a range, which may tell its count to the person."""
    return math.isfinite(row["value_low"]) or math.isfinite(row["value_high"])


def _kind(row: Mapping[str, Any], indicator: Indicator) -> Kind:
    value, part, whole = row["value"], row["numerator"], row["denominator"]
    if not math.isfinite(value):
        return "blank"
    unit = row["unit"] or indicator.unit
    if unit == "share":
        return "share"
    counted = not math.isfinite(part) or part == value
    if unit in PERSON_UNITS and counted and float(value).is_integer():
        return "count"
    # A rate per hundred or per thousand tells its count as well as a percentage does.
    rate = math.isfinite(whole) and float(part).is_integer() and 0 <= part <= whole
    return "share" if rate else "mean"


def _scale(row: Mapping[str, Any], part: float, whole: float) -> float:
    if part > 0 and row["value"] > 0:
        scale = row["value"] * whole / part
        return 1.0 if math.isclose(scale, 1.0, rel_tol=1e-9) else scale
    return 1.0 if row["unit"] == "share" else math.nan


def _is_small(count: float, least: int) -> bool:
    return 0 < count < least


def _is_beyond(by: str, profile: Profile) -> bool:
    """Tell whether a sensitive table is finer than this audience may see."""
    dimensions = split(by)
    if SCHOOL in dimensions and not profile.sensitive_by_school:
        return True
    return len(dimensions) > profile.dimensions


def _coded(people: People, state: State, profile: Profile) -> dict[str, Any] | None:
    """Give a share as "at most" or "at least" a bound that every withheld count would get."""
    group = profile.least_group if people.sensitive else people.least
    if people.kind != "share" or state == "hidden" or people.whole < group:
        return None
    whole = profile.round(people.whole)
    end = max(end_of(whole), math.ceil(100 * (people.least - 1) / (whole - profile.half)) / 100)
    if end > 0.5 or math.isnan(people.scale):
        return None
    return {
        "value": (end if state == "low" else 1 - end) * people.scale,
        "denominator": whole,
        "n": whole if people.n == people.whole else math.nan,
        "flag": "le" if state == "low" else "ge",
    }


def _shown(row: Mapping[str, Any], people: People, profile: Profile) -> dict[str, Any]:
    small = people.kind != "count" and people.whole < load_rules()["sample"]["small"]
    cells = {
        "value": row["value"],
        "numerator": row["numerator"],
        "denominator": profile.round(row["denominator"]),
        "n": _rests_on(people, profile),
        "flag": row["flag"] or ("u" if small else ""),
        **_bounds(row, people, profile),
    }
    if profile.base == 1:
        # The sum behind a mean is no number of persons, but reads like one where it is small.
        sum_of_few = people.kind == "mean" and _is_small(row["numerator"], people.least)
        return {**cells, "numerator": math.nan} if sum_of_few else cells
    if people.kind == "count":
        rounded = profile.round(people.part)
        return {
            **cells,
            "value": rounded,
            "numerator": rounded if row["numerator"] >= 0 else math.nan,
        }
    if people.kind == "share":
        return {
            **cells,
            "numerator": profile.round(people.part),
            **_percent(cells, people, profile),
        }
    return {**cells, "value": _coarse(row, people, profile), "numerator": math.nan}


def _percent(cells: Mapping[str, Any], people: People, profile: Profile) -> dict[str, Any]:
    """Make a whole percent of the rounded parts, coded at the ends."""
    whole = profile.round(people.whole)
    share = round(profile.round(people.part) / whole, 2)
    end = end_of(whole)
    if share <= end and people.part > 0:
        return {"value": end * people.scale, "flag": "le"}
    # All and nearly all read the same, or the one who is missing could be counted.
    if share >= 1 - end:
        return {"value": (1 - end) * people.scale, "flag": "ge"}
    return {"value": share * (people.scale if people.part > 0 else 1.0)}


def _coarse(row: Mapping[str, Any], people: People, profile: Profile) -> float:
    """Round a mean or a sum to what so many persons bear."""
    sample = load_rules()["sample"]
    magnitude = profile.magnitudes.get(row["unit"])
    if magnitude:
        return float(magnitude * round(row["value"] / magnitude))
    few = people.whole < sample["coarse"]
    return float(
        round(row["value"], min(people.digits, sample["coarse_digits"]) if few else people.digits)
    )


def _rests_on(people: People, profile: Profile) -> float:
    known = people.n in (people.part, people.whole) or profile.base == 1
    return profile.round(people.n) if known else math.nan


def _bounds(row: Mapping[str, Any], people: People, profile: Profile) -> dict[str, float]:
    """Give the range, rounded outwards; none where an end would be a count that is withheld."""
    low, high = row["value_low"], row["value_high"]
    if profile.base == 1:
        return {"value_low": low, "value_high": high}
    if not (math.isfinite(low) and math.isfinite(high)):
        return {}
    if people.kind == "mean":
        return {"value_low": round(low, people.digits), "value_high": round(high, people.digits)}
    step = profile.base if people.kind == "count" else 0.01 * people.scale
    if math.isnan(step):
        # Nobody of so many, at a rate whose scale nothing tells.
        return {}
    low, high = step * math.floor(low / step), step * math.ceil(high / step)
    few = people.kind == "count" and 0 < low < people.least
    return {} if few else {"value_low": low, "value_high": high}
