"""What a reader may see of a finding: the only shape that leaves the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from analysis.finding import COLUMNS, Check, Indicator, Origin, tidy

Audience = Literal["internal", "superior", "public"]
AUDIENCES: tuple[Audience, ...] = ("internal", "superior", "public")

Word = float | Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that may be said, its blanks filled.

    Attributes
    ----------
    key, stage
        As in `finding.Note`.
    values
        A number, a name as ``{"zh", "en"}``, or ``None`` for a blank that may stay empty.
    cells
        Keys (`finding.KEY`) of the rows that its numbers stand in.
    """

    key: str
    stage: str
    values: Mapping[str, Word]
    cells: tuple[tuple[str, ...], ...] = ()

    @property
    def role(self) -> str:
        return self.key.split(".")[1]


@dataclass(frozen=True, slots=True)
class Released:
    """A finding as one audience may see it.

    Attributes
    ----------
    name, county, year, audience
        What was found out about whom, and for whom it was released.
    table
        The columns of a finding's table; a withheld number is nan with flag ``"c"``; a coded
        share is its bound with flag ``"le"`` or ``"ge"``.
    indicators, labels, checks, origin
        As in `finding.Finding`; names and verdicts that this audience may not see are gone.
    notes
        The sentences that may be said.
    sdc
        How many rows were withheld, rounded and so on, never which or how large.
    """

    name: str
    county: str
    year: int
    audience: Audience
    table: pd.DataFrame
    indicators: tuple[Indicator, ...]
    labels: Mapping[str, Mapping[str, Mapping[str, str]]]
    checks: tuple[Check, ...]
    notes: tuple[Said, ...]
    origin: Origin
    sdc: Mapping[str, int]

    def indicator(self, id: str) -> Indicator:
        """Give the declared indicator with this id."""
        return next(indicator for indicator in self.indicators if indicator.id == id)

    def to_json(self) -> dict[str, Any]:
        """Turn into plain values; missing numbers become ``None``."""
        return {
            "schema": 1,
            "name": self.name,
            "county": self.county,
            "year": self.year,
            "audience": self.audience,
            "table": {column: _plain(self.table[column]) for column in COLUMNS},
            "indicators": [asdict(indicator) for indicator in self.indicators],
            "labels": {by: {k: dict(v) for k, v in n.items()} for by, n in self.labels.items()},
            "checks": [{**asdict(check), "limit": _number(check.limit)} for check in self.checks],
            "notes": [
                {
                    "key": said.key,
                    "stage": said.stage,
                    "values": dict(said.values),
                    "cells": [list(cell) for cell in said.cells],
                }
                for said in self.notes
            ],
            "origin": asdict(self.origin),
            "sdc": dict(self.sdc),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Released:
        """Rebuild from what `to_json` gave."""
        rows = pd.DataFrame({column: plain["table"][column] for column in COLUMNS})
        return cls(
            name=plain["name"],
            county=plain["county"],
            year=plain["year"],
            audience=plain["audience"],
            table=tidy({str(k): v for k, v in row.items()} for row in rows.to_dict("records")),
            indicators=tuple(Indicator(**indicator) for indicator in plain["indicators"]),
            labels=plain["labels"],
            checks=tuple(
                Check(**{**check, "limit": math.nan if check["limit"] is None else check["limit"]})
                for check in plain["checks"]
            ),
            notes=tuple(
                Said(n["key"], n["stage"], n["values"], tuple(tuple(c) for c in n["cells"]))
                for n in plain["notes"]
            ),
            origin=Origin(**plain["origin"]),
            sdc=plain["sdc"],
        )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _plain(column: pd.Series) -> list[Any]:
    return [None if isinstance(value, float) and math.isnan(value) else value for value in column]
