"""Tables that are read when somebody first looks at them.

A register of pupils has tens of thousands of rows a term; most questions never ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

Read = Callable[[], pd.DataFrame]


class LateTables(Mapping[str, pd.DataFrame]):
    """Frames by table id, each of them read once, when it is first asked for.

    Examples
    --------
    >>> tables = LateTables({"schools": lambda: pd.DataFrame({"school": ["2113000001"]})})
    >>> list(tables), tables.read_so_far
    (['schools'], frozenset())
    >>> len(tables["schools"]), tables.read_so_far
    (1, frozenset({'schools'}))
    """

    def __init__(self, readers: Mapping[str, Read]) -> None:
        self._readers = dict(readers)
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, id: str) -> pd.DataFrame:
        if id not in self._frames:
            self._frames[id] = self._readers[id]()
        return self._frames[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)

    def __contains__(self, id: object) -> bool:
        return id in self._readers

    @property
    def read_so_far(self) -> frozenset[str]:
        """Ids of the tables that were asked for."""
        return frozenset(self._frames)


def replaced(tables: Mapping[str, pd.DataFrame], changed: Mapping[str, pd.DataFrame]) -> LateTables:
    """Put some tables in place of others, without reading those that stay.

    >>> before = LateTables({"pupils": pd.DataFrame, "schools": pd.DataFrame})
    >>> after = replaced(before, {"schools": pd.DataFrame({"school": ["2113000001"]})})
    >>> len(after["schools"]), before.read_so_far
    (1, frozenset())
    """
    return LateTables({id: _reader(changed if id in changed else tables, id) for id in tables})


def of_year(tables: Mapping[str, pd.DataFrame], year: int) -> LateTables:
    """Give of each table the rows of one school year, without reading it before it is asked for.

    >>> tables = {"schools": pd.DataFrame({"year": [2020, 2021]})}
    >>> len(of_year(tables, 2021)["schools"])
    1
    """

    def reader(id: str) -> Read:
        return lambda: tables[id][tables[id]["year"] == year]

    return LateTables({id: reader(id) for id in tables})


def _reader(tables: Mapping[str, pd.DataFrame], id: str) -> Read:
    return lambda: tables[id]
