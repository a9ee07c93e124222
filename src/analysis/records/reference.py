"""Numbers and names that are data: codes, schemes, census figures, each with its source.

They live in ``data/reference`` of the project (shipped inside an installed package), so that a
threshold is changed, dated and sourced without touching code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import UsageError

_PACKAGE = Path(__file__).parents[1]
_PROJECT = _PACKAGE.parents[1]
_SCHOOL_YEAR = ["school", "year"]
USUAL_SYSTEM = "63"
"""The system of grades of a school that does not say its own (``schools.system``)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What questions may look up.

    Attributes
    ----------
    codes
        ``codes[list][code] = {"zh", "en", "also"}``: see ``codes.toml``.
    schemes
        Assessment schemes by id, as they stand in ``schemes/<id>.toml``.
    census
        Figures of the 2020 census by county code (``census2020.csv``); empty for places it does
        not cover.
    parameters
        Parameters of our own methods by question, as they stand in ``parameters.toml``.
    actions
        What a county can do to meet a scheme, and what it costs (``actions.toml``).
    assurance
        What the 2017 scheme asks beyond resources: items, limits, relaxations
        (``assurance.toml``).
    dropout
        Limits and ages of the dropout chapter (``dropout.toml``).
    exchange
        Quotas, years and types of schools of the chapter on exchange (``exchange.toml``).
    """

    codes: Mapping[str, Mapping[str, Mapping[str, Any]]]
    schemes: Mapping[str, Mapping[str, Any]]
    census: pd.DataFrame
    parameters: Mapping[str, Mapping[str, Any]]
    actions: Mapping[str, Any]
    assurance: Mapping[str, Any]
    dropout: Mapping[str, Any]
    exchange: Mapping[str, Any]

    def scheme(self, id: str) -> Mapping[str, Any]:
        """Give a scheme, or say which there are."""
        if id not in self.schemes:
            known = "、".join(sorted(self.schemes))
            raise UsageError(
                f"没有评估方案 {id}；可用的有：{known}",
                f"no scheme {id}; there are: {', '.join(sorted(self.schemes))}",
            )
        return self.schemes[id]

    def names(self, list_id: str) -> dict[str, dict[str, str]]:
        """Give the labels of a code list, as a Finding takes them."""
        return {
            code: {"zh": entry["zh"], "en": entry["en"]}
            for code, entry in self.codes[list_id].items()
        }


def folder(name: str = "reference") -> Path:
    """Give the folder of shipped data: ``reference``, ``examples`` or ``notebooks``."""
    shipped = _PACKAGE / "_shipped" / name
    if shipped.is_dir():
        return shipped
    return _PROJECT / name if name == "notebooks" else _PROJECT / "data" / name


@cache
def load_reference() -> Reference:
    """Read ``data/reference`` once."""
    root = folder()
    return Reference(
        codes=_toml(root / "codes.toml"),
        schemes={path.stem: _toml(path) for path in sorted((root / "schemes").glob("*.toml"))},
        census=_census(root / "census2020.csv"),
        parameters=_toml(root / "parameters.toml"),
        actions=_toml(root / "actions.toml"),
        assurance=_toml(root / "assurance.toml"),
        dropout=_toml(root / "dropout.toml"),
        exchange=_toml(root / "exchange.toml"),
    )


def locate_zone(zone: object) -> str | None:
    """Tell whether a zone (``schools.zone``) is urban (城区), town (镇区) or rural (乡村).

    Nothing is told of a zone that is missing or not in the code list.

    >>> [locate_zone(zone) for zone in ("112", "123", "210", None)]
    ['urban', 'town', 'rural', None]
    """
    entry = load_reference().codes["zone"].get(zone) if isinstance(zone, str) else None
    return str(entry["location"]) if entry else None


def tell_stages(rows: pd.DataFrame, schools: pd.DataFrame) -> pd.Series:
    """Tell the stage of each row's grade by the system of its school in its year.

    Parameters
    ----------
    rows
        Columns ``school``, ``year`` and ``grade``.
    schools
        The table of schools; who does not say has six grades of primary school and three of junior.

    Returns
    -------
    Series
        ``"primary"`` or ``"junior"``, missing without a grade.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": ["A", "B", "B"], "year": 2021, "grade": [6, 6, 5]})
    >>> schools = pd.DataFrame({"school": ["A", "B"], "year": 2021, "system": [None, "54"]})
    >>> tell_stages(rows, schools).tolist()
    ['primary', 'junior', 'primary']
    """
    systems = load_reference().codes["system"]
    said = schools.loc[schools["system"].notna(), [*_SCHOOL_YEAR, "system"]]
    first: Any = systems[USUAL_SYSTEM]["first_of_junior"]
    if len(said):
        own = said["system"].map({code: each["first_of_junior"] for code, each in systems.items()})
        known = said.assign(first=own)[[*_SCHOOL_YEAR, "first"]].drop_duplicates(_SCHOOL_YEAR)
        joined = rows[_SCHOOL_YEAR].merge(known, on=_SCHOOL_YEAR, how="left")["first"]
        first = pd.Series(joined.fillna(first).to_numpy(), index=rows.index)
    stages = (rows["grade"] >= first).map({True: "junior", False: "primary"}).astype("string")
    return stages.where(rows["grade"].notna()).rename("stage")


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _census(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype={"code": "string", "name": "string"}, comment="#")
    return frame.set_index("code")
