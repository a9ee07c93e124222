"""Counts of verdicts, made anew from the verdicts that are released.

A question counts its verdicts before the gate; where the gate takes one back, the old count would
give it away. Such rows say what they count by their dimension: ``verdict``, with the verdict as
the subject, or ``requirement→verdict``, with the indicator that is required before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.finding import Check
from analysis.release.people import SCHOOL

OF_ALL, OF_ONE = "verdict", "requirement→verdict"
UNITS = frozenset({"requirements", "counties"})
"""What is counted: checks. Verdicts on schools are counted in schools and left alone here."""


def recount(table: pd.DataFrame, checks: Sequence[Check]) -> pd.DataFrame:
    """Count the verdicts of checks anew.

    Parameters
    ----------
    table
        Released rows.
    checks
        The released checks; those on single schools are not counted.
    """
    counted = table[table["by"].isin([OF_ALL, OF_ONE]) & table["unit"].isin(UNITS)]
    if counted.empty:
        return table
    table = table.copy()
    whole = [check for check in checks if check.by != SCHOOL]
    for label, by, subject, stage in counted[["by", "subject", "stage"]].itertuples():
        *required, verdict = subject.split("→") if by == OF_ONE else [subject]
        table.at[label, "value"] = sum(
            check.verdict == verdict
            and (not stage or check.stage == stage)
            and (not required or check.indicator == required[0])
            for check in whole
        )
    return table
