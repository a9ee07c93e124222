"""How much of what there is was reported, by county and year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.questions.balance.schools import SITE, Site, Tables, name_site


def cover(tables: Tables) -> dict[Site, float]:
    """Give the schools that reported their pupils over those that should.

    Those on the list of schools should, and as many as the county says.

    Parameters
    ----------
    tables
        The tables ``counties``, ``schools`` and ``school_years`` of any counties and years.

    Returns
    -------
    dict
        By county and year, every one of ``school_years``.
    """
    reported = tables["school_years"].groupby(SITE)["school"].nunique()
    listed = tables["schools"].groupby(SITE)["school"].nunique().reindex(reported.index)
    expected = tables["counties"].groupby(SITE)["schools_expected_n"].max()
    should = pd.DataFrame(
        {"listed": listed, "expected": expected.reindex(reported.index)}, dtype="float64"
    ).max(axis=1)
    share = (reported / should.where(should > 0)).clip(upper=1.0).fillna(1.0)
    return _plain(share)


def count_silent(tables: Tables, stage: str) -> dict[Site, float]:
    """Give the pupils of a stage that the county counts and no school reported.

    Parameters
    ----------
    tables
        The tables ``counties`` and ``school_years`` of any counties and years.
    stage
        The stage.

    Returns
    -------
    dict
        By county and year, every one of ``school_years``; nan without the county's own count.
    """
    column, totals = f"{stage}_pupils_n", tables["counties"]
    rows = tables["school_years"]
    pupils = rows["pupils_n"].astype("float64").where(rows["stage"] == stage, 0.0)
    reported = pupils.groupby([rows[name] for name in SITE]).sum()
    if column not in totals:
        return _plain(pd.Series(np.nan, index=reported.index))
    official = totals.dropna(subset=[column]).groupby(SITE)[column].first().astype("float64")
    return _plain((official.reindex(reported.index) - reported).clip(lower=0.0))


def _plain(values: pd.Series) -> dict[Site, float]:
    return {name_site(key): float(value) for key, value in values.items()}
