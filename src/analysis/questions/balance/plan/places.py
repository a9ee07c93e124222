"""Which schools are near one another, and who goes where."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

EARTH_KM = 6371.0088
ABROAD = 1.0
"""What it counts, beside kilometres, to leave the township: enough to go only if need be."""


def distances(schools: pd.DataFrame) -> np.ndarray:
    """Give great-circle distances in kilometres between schools, nan where one has no place.

    >>> places = pd.DataFrame({"longitude": [115.0, 115.0], "latitude": [41.0, 42.0]})
    >>> float(distances(places)[0, 1].round(1))
    111.2
    """
    longitude = np.radians(schools["longitude"].to_numpy(float))
    latitude = np.radians(schools["latitude"].to_numpy(float))
    across = np.sin((longitude[:, None] - longitude) / 2) ** 2
    along = np.sin((latitude[:, None] - latitude) / 2) ** 2
    half = along + np.cos(latitude)[:, None] * np.cos(latitude) * across
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def reachable(schools: pd.DataFrame, distance_km: float) -> np.ndarray:
    """Tell which schools are within a distance, none of itself and none without a place."""
    near = distances(schools) <= distance_km
    np.fill_diagonal(near, False)
    return near


def pair(
    schools: pd.DataFrame, out: np.ndarray, come: np.ndarray, distance_km: float | None
) -> list[tuple[int, int]]:
    """Send each who leaves to one who waits: the shortest ways in all, then inside a township.

    Parameters
    ----------
    schools
        ``township, longitude, latitude``, in order of code.
    out, come
        Shape (n,): how many leave and come; both sum to the same.
    distance_km
        No way is longer.

    Returns
    -------
    list of (sender, receiver)
        Positions, one a teacher, in order.

    Raises
    ------
    ValueError
        If there is no such way for all.

    Examples
    --------
    >>> schools = pd.DataFrame({"township": ["a", "b", "a"], "longitude": np.nan, "latitude": np.nan})
    >>> pair(schools, np.array([2, 0, 0]), np.array([0, 1, 1]), None)
    [(0, 1), (0, 2)]
    """
    senders, receivers = np.repeat(np.arange(len(out)), out), np.repeat(np.arange(len(come)), come)
    far = distances(schools)
    township = schools["township"].to_numpy(object)
    abroad = (township[:, None] != township) | (township == "")
    known = np.nan_to_num(far, nan=0.0 if distance_km is None else np.inf)
    np.fill_diagonal(known, np.inf)
    # The last part only orders what is equal: near in the list goes with near.
    order = np.abs(np.subtract.outer(np.arange(len(out)), np.arange(len(out)))) * 1e-9
    cost = (known + ABROAD * abroad + order)[np.ix_(senders, receivers)]
    if distance_km is not None:
        cost = np.where(known[np.ix_(senders, receivers)] <= distance_km, cost, np.inf)
    rows, columns = linear_sum_assignment(cost)
    return sorted(zip(senders[rows].tolist(), receivers[columns].tolist(), strict=True))
