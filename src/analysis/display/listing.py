"""Released figures of many counties as a list for a spreadsheet: one line a figure.

What the gate withheld is an empty cell with its flag; a verdict that it took back says why.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis import i18n
from analysis.finding import KEY, Check
from analysis.i18n import Language
from analysis.release import Released

COLUMNS = (
    "year", "code", "county", "stage", "indicator", "name", "value", "unit", "limit", "verdict",
    "reason", "schools", "flag", "synthetic",
)  # fmt: skip
"""Heads of the list, the same in every language: other programs read it too."""

_COUNTY, _LIMIT = "county", "limit"


def list_counties(released: Released, language: Language) -> pd.DataFrame:
    """List the figures of counties, with what each is held against and the verdict.

    Parameters
    ----------
    released
        With rows ``by="county"``.
    language
        Of names, reasons and the word that marks made data; stage, indicator, unit, verdict and
        flag are codes.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, rows as they stand in the finding.
    """
    table = released.table
    rows = table[table["by"] == _COUNTY]
    limits = {
        (row.indicator, row.stage, row.at): row.value
        for row in table[table["by"] == _LIMIT].itertuples()
    }
    checks = {tuple(getattr(check, field) for field in KEY): check for check in released.checks}
    names = {i.id: getattr(i, language) for i in released.indicators}
    counties = {code: label[language] for code, label in released.labels[_COUNTY].items()}
    judged = [checks.get(key) for key in rows[list(KEY)].itertuples(index=False, name=None)]
    made = released.origin.synthetic
    held = zip(rows["indicator"], rows["stage"], rows["at"], judged, strict=True)
    return pd.DataFrame(
        {
            "year": released.year,
            "code": rows["subject"].to_numpy(),
            "county": rows["subject"].map(counties).to_numpy(),
            "stage": rows["stage"].to_numpy(),
            "indicator": rows["indicator"].to_numpy(),
            "name": rows["indicator"].map(names).to_numpy(),
            "value": rows["value"].to_numpy(),
            "unit": rows["unit"].to_numpy(),
            "limit": [c.limit if c else limits.get((i, s, at)) for i, s, at, c in held],
            "verdict": [check.verdict if check else "" for check in judged],
            "reason": [_reason(check, language) for check in judged],
            "schools": rows["n"].astype("Int64").to_numpy(),
            "flag": rows["flag"].to_numpy(),
            "synthetic": i18n.text("display.synthetic", language) if made else "",
        },
        columns=list(COLUMNS),
    )


def _reason(check: Check | None, language: Language) -> Any:
    return i18n.text(check.reason, language) if check and check.reason else ""
