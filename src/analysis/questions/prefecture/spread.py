"""How much of the differences between all schools lies between counties, and how much within."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.finding import Finding
from analysis.methods import dispersion
from analysis.questions.prefecture.counties import Row
from analysis.questions.prefecture.indicators import measured

_NONE = 1e-9
"""A coefficient of variation that is none."""


def spread_rows(findings: Sequence[Finding], least: int) -> Iterator[Row]:
    """Give the prefecture's level and the split of its differences, by indicator and stage.

    Parameters
    ----------
    findings
        The balance findings of its counties.
    least
        A county with figures of fewer schools does not enter the split: what is told of few
        schools is withheld from some readers, and the split must not tell it.
    """
    year = str(findings[0].year)
    yield {
        "indicator": "least_schools", "by": "limit", "subject": "schools", "at": year,
        "value": least, "unit": "schools", "n_unit": "schools",
    }  # fmt: skip
    ids = dict.fromkeys(id for finding in findings for id in measured(finding))
    schools = _schools(findings, list(ids))
    for (stage, id), level in _levels(findings, list(ids)):
        base = {"stage": stage, "at": year}
        yield {**base, "indicator": id, **level}
        here = schools[(schools["stage"] == stage) & (schools["indicator"] == id)]
        yield from _split({**base}, id, here, least)


def _split(base: Row, id: str, schools: pd.DataFrame, least: int) -> Iterator[Row]:
    sizes = schools.groupby("county")["value"].transform("size")
    kept = schools[sizes >= least]
    counties = kept["county"].nunique()
    base = {**base, "n": len(kept), "n_unit": "schools"}
    yield {
        **base, "indicator": f"{id}.counties", "value": counties, "unit": "counties",
        "n": counties, "n_unit": "counties",
    }  # fmt: skip
    values, weights = kept["value"].to_numpy(), kept["denominator"].to_numpy()
    theil = dispersion.theil_decomposition(values, kept["county"].tolist(), weights)
    squares = dispersion.square_decomposition(values, kept["county"].tolist(), weights)
    # What is a last binary digit is no difference to split (as in `finding.reaches`).
    apart = counties > 1 and squares.total > _NONE**2
    yield {
        **base, "indicator": f"{id}.theil", "value": theil.total, "unit": "index",
        "flag": "z" if np.isnan(theil.total) else "",
    }  # fmt: skip
    for part, amount, total in (
        ("between", theil.between[0], theil.total),
        ("within", theil.within, theil.total),
        ("between_squared", squares.between, squares.total),
    ):
        yield {
            **base, "indicator": f"{id}.{part}", "unit": "share", "flag": "" if apart else "z",
            **({"value": amount / total, "numerator": amount, "denominator": total} if apart else {}),
        }  # fmt: skip


def _schools(findings: Sequence[Finding], ids: Sequence[str]) -> pd.DataFrame:
    """Join the schools of all counties that reported: what each has per pupil, and its pupils."""
    found = []
    for finding in findings:
        table = finding.table
        rows = table[
            (table["by"] == "school") & (table["at"] == str(finding.year))
            & table["indicator"].isin(ids) & table["value"].notna()
        ]  # fmt: skip
        found.append(
            rows[["indicator", "stage", "value", "denominator"]].assign(county=finding.county)
        )
    return pd.concat(found, ignore_index=True)


def _levels(
    findings: Sequence[Finding], ids: Sequence[str]
) -> Iterator[tuple[tuple[str, str], Row]]:
    """Give the level of the prefecture by stage and indicator: total over total."""
    rows = pd.concat([finding.table[
        (finding.table["by"] == "") & (finding.table["at"] == str(finding.year))
        & finding.table["indicator"].isin(ids)
    ] for finding in findings])  # fmt: skip
    for (stage, id), group in rows.groupby(["stage", "indicator"], sort=False):
        known = group[group["value"].notna()]
        pupils = known["denominator"].sum()
        partial = len(known) < len(group) or (group["flag"] == "p").any()
        yield (str(stage), str(id)), {
            "value": (known["value"] * known["denominator"]).sum() / pupils if pupils else np.nan,
            "numerator": known["numerator"].sum(), "denominator": pupils,
            "n": known["n"].sum(), "n_unit": "schools", "unit": group["unit"].iloc[0],
            "flag": ("p" if partial else "") if pupils else "x",
        }  # fmt: skip
