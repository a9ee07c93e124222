"""What schools were like before any of them was treated: who receives, who sends, who is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.questions.exchange.roles import ROLES, Assigned

MEASURES = ("score", "staying", "pupils", "rural", "boarders", "migrants", "teachers", "backbone",
            "books", "sports_area")  # fmt: skip


def compare_roles(rows: pd.DataFrame, assigned: Assigned) -> pd.DataFrame:
    """Compare what schools of each role were like in the first year of their panel.

    That is before anybody who is studied was treated. Schools treated before and those that changed
    are told as well: they say whom the study is not about.

    Parameters
    ----------
    rows
        Of a panel.
    assigned
        From the same rows.

    Returns
    -------
    DataFrame
        ``role``, ``measure``, ``schools`` with the figure, ``mean``, ``sd``, and ``apart``: how far
        the mean lies from that of the controls, over the pooled standard deviation of the two; nan
        where a role has fewer than two schools with the figure.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": ["a", "b", "c", "d"], "county": "k", "year": 2014,
    ...                      "books": [10.0, 14.0, 20.0, 24.0]})
    >>> roles = rows[["school"]].assign(role=["treated", "treated", "control", "control"])
    >>> found = compare_roles(rows, Assigned(rows, roles, {}, "receive", 1.0))
    >>> found.round(2).to_numpy().tolist()
    [['treated', 'books', 2, 12.0, 2.83, -3.54], ['control', 'books', 2, 22.0, 2.83, 0.0]]
    """
    first = rows.sort_values(["school", "year"]).drop_duplicates("school")
    if "location" in first:
        rural = (first["location"] == "rural").astype(float).where(first["location"].notna())
        first = first.assign(rural=rural)
    role = first["school"].map(assigned.roles.set_index("school")["role"])
    made = []
    for measure in (name for name in MEASURES if name in first):
        values = {name: first.loc[role == name, measure].dropna() for name in ROLES}
        for name, own in values.items():
            if (role == name).any():
                apart = _measure_apart(own, values["control"])
                made.append((name, measure, len(own), own.mean(), own.std(), apart))
    return pd.DataFrame(made, columns=["role", "measure", "schools", "mean", "sd", "apart"])


def _measure_apart(own: pd.Series, control: pd.Series) -> float:
    if len(own) < 2 or len(control) < 2:
        return np.nan
    spread = np.sqrt((own.var() + control.var()) / 2)
    return float((own.mean() - control.mean()) / spread) if spread > 0 else np.nan
