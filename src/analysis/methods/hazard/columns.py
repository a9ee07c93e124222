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
    parts: dict[str, Floats] = {} if period else {"intercept": np.ones(len(frame))}
    if period:
        parts |= _marks(frame[period], period, levels[period], 0)
    for name in covariates:
        if name in levels:
            parts |= _marks(frame[name], name, levels[name], 1)
        else:
            parts[name] = frame[name].to_numpy(dtype=float)
    periods = len(levels[period]) if period else 1
    return Columns(tuple(parts), np.column_stack(list(parts.values())), periods)


def find_levels(
    frame: pd.DataFrame, covariates: Sequence[str], *, period: str = ""
) -> dict[str, list[Any]]:
    """Find the values of the period and of each category, in order.

    Raises
    ------
    UsageError
        Names every column that has missing values.
    """
    _refuse_missing(frame, [*([period] if period else []), *covariates])
    found = {period: sorted(frame[period].unique())} if period else {}
    for name in covariates:
        if not (is_numeric_dtype(frame[name]) or is_bool_dtype(frame[name])):
            found[name] = sorted(frame[name].unique())
    return found


def _marks(values: pd.Series, name: str, levels: Sequence[Any], first: int) -> dict[str, Floats]:
    codes = pd.Index(levels).get_indexer(pd.Index(values))
    return {
        period_label(name, level): (codes == number).astype(float)
        for number, level in enumerate(levels)
        if number >= first
    }


def _refuse_missing(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    wrong = [name for name in columns if frame[name].isna().any()]
    if wrong:
        raise UsageError(
            f"这些列有缺失值，请先说明如何处理（例如另设缺失标记）：{'、'.join(wrong)}",
            "columns with missing values; say first what they mean (with a mark of their own, for "
            f"instance): {', '.join(wrong)}",
        )
