"""Counts of verdicts, made anew from the verdicts that are released.

A question counts its verdicts before the gate; where the gate takes one back, the old count would
give it away. Such rows say what they count by their dimension: ``verdict``, with the verdict as
the subject, ``requirement→verdict``, with the indicator that is required before it, or
``chapter→verdict``, with the chapter (the first part of the rule's key) before it: that one counts
the same in the summary, where the checks of all chapters stand together.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.finding import Check

OF_ALL, OF_ONE, OF_CHAPTER = "verdict", "requirement→verdict", "chapter→verdict"
UNITS = frozenset({"requirements", "counties"})
"""What is counted: checks. Verdicts on schools are counted in schools and left alone here."""
WHOLE = frozenset({"", "county"})
"""Dimensions of the checks that are counted: on the county, or on each county of a prefecture."""


def recount(table: pd.DataFrame, checks: Sequence[Check]) -> pd.DataFrame:
    """Count the verdicts of checks anew.

    Parameters
    ----------
    table
        Released rows.
    checks
        The released checks; those on schools, or on what no data decide, are not counted.
    """
    counted = table[table["by"].isin([OF_ALL, OF_ONE, OF_CHAPTER]) & table["unit"].isin(UNITS)]
    if counted.empty:
        return table
    table = table.copy()
    whole = [check for check in checks if check.by in WHOLE]
    for label, by, subject, stage in counted[["by", "subject", "stage"]].itertuples():
        *of, verdict = subject.split("→") if by != OF_ALL else [subject]
        table.at[label, "value"] = sum(
            check.verdict == verdict
            and (not stage or check.stage == stage)
            and (by != OF_ONE or check.indicator == of[0])
            and (by != OF_CHAPTER or check.rule.split(".")[0] == of[0])
            for check in whole
        )
    return table
