"""The columns of a model: numbers as they are, categories as marks, nothing missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from analysis.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Columns:
    """A matrix and the names of its columns, the first `periods` of which are marks of periods."""

    names: tuple[str, ...]
    matrix: Floats
    periods: int


def period_label(period: str, level: object) -> str:
    """Name the estimate of a period.

    >>> period_label("term", "7-1")
    'term[7-1]'
    """
    return f"{period}[{level}]"


def make(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    *,
    period: str = "",
    levels: Mapping[str, Sequence[Any]] | None = None,
) -> Columns:
    """Make the matrix: a mark for each period, numbers as they are, categories against the first.

    Parameters
    ----------
    frame, covariates, period
        As in `discrete.fit`; without `period` there is an intercept.
    levels
        The values of the period and of each category in order (`find_levels`); those of the frame
        itself if not given.

    Raises
    ------
    UsageError
        Names every column that has missing values.
    """
    levels = levels if levels is not None else find_levels(frame, covariates, period=period)
    names = name_estimates(covariates, period=period, levels=levels)
    matrix = np.zeros((len(frame), len(names)))
    if not period:
        matrix[:, 0] = 1
    at = 0 if period else 1
    for name in ([period] if period else []) + list(covariates):
        if name in levels:
            first = 0 if name == period else 1
            codes = find_codes(frame[name], levels[name]) - first
            marked = np.flatnonzero(codes >= 0)
            matrix[marked, at + codes[marked]] = 1
            at += len(levels[name]) - first
        else:
            matrix[:, at] = frame[name].to_numpy(dtype=float)
            at += 1
    return Columns(tuple(names), matrix, len(levels[period]) if period else 1)


def name_estimates(
    covariates: Sequence[str], *, period: str = "", levels: Mapping[str, Sequence[Any]]
) -> list[str]:
    """Name the estimates in their order.

    >>> name_estimates(["poor", "zone"], period="year", levels={"year": [1, 2], "zone": "ab"})
    ['year[1]', 'year[2]', 'poor', 'zone[b]']
    """
    names = [] if period else ["intercept"]
    for name in ([period] if period else []) + list(covariates):
        given = [period_label(name, level) for level in levels.get(name, [])]
        names += given[0 if name == period else 1 :] if name in levels else [name]
    return names


def find_levels(
    frame: pd.DataFrame, covariates: Sequence[str], *, period: str = ""
) -> dict[str, list[Any]]:
    """Find the values of the period and of each category, in order.

    Raises
    ------
    UsageError
        Names every column that has missing values.
    """
    refuse_missing(frame, [*([period] if period else []), *covariates])
    found = {period: sorted(frame[period].unique())} if period else {}
    for name in covariates:
        if not is_number(frame[name]):
            found[name] = sorted(frame[name].unique())
    return found


def find_codes(values: pd.Series, levels: Sequence[Any] | pd.Index) -> NDArray[np.intp]:
    """Give the place of each value among the levels."""
    known = pd.Index(levels)
    if isinstance(values.dtype, pd.CategoricalDtype):
        places = known.get_indexer(values.cat.categories)
        return np.asarray(np.where(values.cat.codes < 0, -1, places[values.cat.codes]))
    return np.asarray(known.get_indexer(pd.Index(values)))


def is_number(values: pd.Series) -> bool:
    """Say whether values go into a model as they are."""
    return bool(is_numeric_dtype(values) or is_bool_dtype(values))


def refuse_missing(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse missing values, naming every column that has any."""
    wrong = [name for name in columns if frame[name].isna().any()]
    if wrong:
        raise UsageError(
            f"这些列有缺失值，请先说明如何处理（例如另设缺失标记）：{'、'.join(wrong)}",
            "columns with missing values; say first what they mean (with a mark of their own, for "
            f"instance): {', '.join(wrong)}",
        )


def refuse_outcomes(frame: pd.DataFrame, event: str, *others: str | None) -> None:
    """Refuse outcomes that are not 0 or 1, and missing values there and in `others`."""
    refuse_missing(frame, [event, *(name for name in others if name)])
    if not frame[event].isin([0, 1]).all():
        raise UsageError(f"“{event}”列只能是 0 或 1", f"{event} is 0 or 1 and nothing else")
