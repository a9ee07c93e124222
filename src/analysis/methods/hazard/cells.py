"""Rows as cells: equal rows once, with how many there are. The likelihood stays the same."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

COUNT = "count"


def compress(
    frame: pd.DataFrame, columns: Sequence[str], *, counts: str | None = None
) -> pd.DataFrame:
    """Put rows that are equal in all `columns` together.

    Parameters
    ----------
    frame
        Rows.
    columns
        All that a model looks at: event, period, covariates, cluster.
    counts
        Column of how many rows each row stands for already.

    Returns
    -------
    pandas.DataFrame
        The columns and ``count``, sorted by the columns. Cells of several frames may be put one
        under the other and compressed again.

    Examples
    --------
    >>> rows = pd.DataFrame({"left": [0, 0, 1], "poor": ["yes", "yes", "no"]})
    >>> compress(rows, ["left", "poor"]).values.tolist()
    [[0, 'yes', 2], [1, 'no', 1]]
    """
    groups = frame.groupby(list(columns), observed=True, dropna=False, sort=True)
    found = groups[counts].sum() if counts else groups.size()
    return found.rename(COUNT).reset_index()
