"""How much each audience may see: the numbers of ``disclosure.toml``."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from analysis.errors import UsageError

RULES = Path(__file__).with_name("disclosure.toml")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the gate keeps from one audience; see ``disclosure.toml`` for each."""

    threshold: Mapping[str, int]
    teachers: int
    base: int
    complementary: bool
    percent: bool
    least_group: int
    dimensions: int
    sensitive_by_school: bool
    names: bool
    schools: int
    school_digits: int
    ranks: bool
    magnitudes: Mapping[str, int]

    def least(self, privacy: str, n_unit: str) -> int:
        """Give the least number of persons that may be shown."""
        least = self.threshold[privacy]
        return max(least, self.teachers) if n_unit == "teachers" else least

    def round(self, count: float) -> float:
        """Round a count of persons.

        >>> load_profile("public").round(12), load_profile("public").round(13)
        (10.0, 15.0)
        """
        if self.base == 1 or math.isnan(count):
            return count
        return float(self.base * round(count / self.base))

    @property
    def half(self) -> int:
        """How far a count may lie from its rounded value."""
        return (self.base - 1) // 2


@cache
def load_rules() -> Mapping[str, Any]:
    """Read the rules once."""
    return tomllib.loads(RULES.read_text(encoding="utf-8"))


@cache
def load_profile(audience: str) -> Profile:
    """Give the profile of an audience.

    Raises
    ------
    UsageError
        If there is no such audience.
    """
    profiles = load_rules()["audience"]
    if audience not in profiles:
        raise UsageError(
            f"没有读者 {audience}；可用的有：{'、'.join(profiles)}",
            f"no audience {audience}; there are: {', '.join(profiles)}",
        )
    names = {field.name for field in fields(Profile)}
    return Profile(**{name: profiles[audience][name] for name in names})


def end_of(group: float) -> float:
    """Give the share at and below which a group of this size is coded.

    >>> end_of(10), end_of(60), end_of(1000)
    (0.2, 0.05, 0.01)
    """
    coding = load_rules()["coding"]
    fitting = [
        end for least, end in zip(coding["from"], coding["ends"], strict=True) if group >= least
    ]
    return float(fitting[-1]) if fitting else math.nan
