"""What input is held against, read from ``data/reference/intake_checks.toml``: data, not code."""

from __future__ import annotations

import datetime
import tomllib
from functools import cache
from typing import Any

from analysis.records.reference import folder


@cache
def rules() -> dict[str, Any]:
    """Read the rules of the intake once."""
    return tomllib.loads((folder() / "intake_checks.toml").read_text(encoding="utf-8"))


def statistical_date(year: int) -> datetime.date:
    """Give the day at which a school year is counted.

    >>> statistical_date(2021).isoformat()
    '2021-09-01'
    """
    day = rules()["statistical_date"]
    return datetime.date(year, day["month"], day["day"])
