"""School codes over the years, and what happened when a code ended.

A code has ten digits: two for the type, two for the province, six in a row; it changes with the
type of the school and dies with it. The six digits come from a block of the county's own, in a
random order, so that a code is never given twice in a province and says nothing of the county.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.synthetic.parameters import Parameters
from analysis.records.synthetic.schools import KINDS

BLOCK = 4000
"""Serial numbers kept for each county of a province."""


def give_codes(
    table: pd.DataFrame, county: str, rank: int, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Give every site its codes.

    Parameters
    ----------
    table
        From `schools.plan_sites`.
    county, rank
        Division code, and place among the counties of its province, which must be under 250.
    params, rng
        Parameters and source of randomness.

    Returns
    -------
    DataFrame
        One row for each code: ``site``, ``from`` and ``to`` (school years), ``code``, ``kind``,
        ``name``.
    """
    serials = iter(rank * BLOCK + 1 + rng.permutation(BLOCK - 1))
    spells = []
    for site in _rows(table):
        ends = [(site.group, site.name, site.first, site.last)]
        if site.turn:
            ends = [
                (site.before, site.name_before, site.first, site.turn - 1),
                (site.group, site.name, site.turn, site.last),
            ]
        for group, name, first, last in ends:
            kind = KINDS[group]
            code = f"{params['codes']['prefix'][kind]}{county[:2]}{next(serials):06d}"
            spells.append((site.site, first, last, code, kind, name))
    return pd.DataFrame(spells, columns=["site", "from", "to", "code", "kind", "name"])


def list_events(table: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """List successions: the year is the first one under the code that comes after.

    Returns
    -------
    DataFrame
        Columns ``school``, ``year``, ``successor``, ``event`` (``merged``, ``recoded``,
        ``split``).
    """
    rows = sorted(_events(table, spells))
    return pd.DataFrame(rows, columns=["year", "school", "successor", "event"])


def _events(table: pd.DataFrame, spells: pd.DataFrame) -> Iterator[tuple[int, str, str, str]]:
    def code(site: int, year: int) -> str:
        lived = (spells["site"] == site) & (spells["from"] <= year) & (year <= spells["to"])
        return str(spells.loc[lived, "code"].iloc[0])

    for site in _rows(table):
        if site.heir >= 0:
            year = site.last + 1
            yield year, code(site.site, site.last), code(site.heir, year), "merged"
        if site.turn:
            yield site.turn, code(site.site, site.turn - 1), code(site.site, site.turn), "recoded"
        if site.parent >= 0:
            yield site.first, code(site.parent, site.first), code(site.site, site.first), "split"


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    return iter(table.reset_index().itertuples(index=False))
