"""The one shape that every question returns, and what it is made of.

A `Finding` is a tidy table, one row per number, with the checks judged on those numbers and the
notes that may be said about them. Because the shape is always the same, disclosure control,
charts, export, the comparison of two runs and golden tests are each written once.

A note never holds a number of its own: it points at cells of the table (`Cell`), names things by
code (`Name`) or repeats a constant of the rule (`Given`). So a sentence cannot tell what the gate
has hidden in the table.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.errors import StoreError

Privacy = Literal["P0", "P1", "P2", "P3"]
Better = Literal["higher", "lower", "neither"]
IntervalKind = Literal["none", "sampling", "model", "sensitivity", "year_to_year"]
Verdict = Literal["met", "likely_met", "likely_not_met", "not_met", "cannot_say", "not_applicable"]

PERSON_UNITS = frozenset({"pupils", "teachers", "children", "persons"})
"""Values of ``n_unit`` that make a row a statement about people, which the gate protects."""

TEXT_COLUMNS = (
    "indicator", "stage", "by", "subject", "at", "interval_kind", "n_unit", "unit", "flag",
)  # fmt: skip
NUMBER_COLUMNS = ("value", "value_low", "value_high", "numerator", "denominator", "n")
KEY = ("indicator", "stage", "by", "subject", "at")
COLUMNS = (
    *KEY, "value", "value_low", "value_high", "interval_kind",
    "numerator", "denominator", "n", "n_unit", "unit", "flag",
)  # fmt: skip
_PLAIN = ("name", "county", "year")

FLAGS = ("c", "x", "z", "low", "p", "r", "e", "b", "u", "le", "ge")
"""Cell codes: withheld, no data, not applicable, rounds to zero, provisional, revised,
estimated, break in series, unreliable, a share coded as at most or at least (`docs/glossary.md`)."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """What one value of the ``indicator`` column means.

    Attributes
    ----------
    id
        Stable identifier, ``snake_case``, the same over years and languages.
    zh, en
        Name shown to readers.
    unit
        Key of a unit in ``locale/units.toml``.
    privacy
        P0 fact of an institution, P1 attribute of persons, P2 sensitive, P3 never shown.
    better
        Which direction is good; ``"neither"`` for descriptions.
    interval_kind
        What ``value_low`` and ``value_high`` are.
    digits
        Decimals shown.
    definition_zh, definition_en
        One sentence for the methods page.
    source
        Document and clause the definition comes from.
    """

    id: str
    zh: str
    en: str
    unit: str = ""
    privacy: Privacy = "P3"
    better: Better = "neither"
    interval_kind: IntervalKind = "none"
    digits: int = 2
    definition_zh: str = ""
    definition_en: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule held against a number, judged on the unrounded value.

    `rule` is a catalogue key that reads as the requirement; `reason` one that reads as why the
    verdict is what it is (empty where the number says it all).
    """

    indicator: str
    stage: str
    by: str
    subject: str
    at: str
    rule: str
    limit: float
    verdict: Verdict
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a note: the cell of the Finding's own table that it stands in."""

    indicator: str
    stage: str = ""
    by: str = ""
    subject: str = ""
    at: str = ""
    field: str = "value"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a note: the label of `subject` among the labels of dimension `by`."""

    by: str
    subject: str


@dataclass(frozen=True, slots=True)
class Given:
    """A constant of the rule (a limit, a threshold, a printed parameter), not taken from data."""

    value: float


NoteValue = Cell | Name | Given


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that may be said: a catalogue key and where its blanks are filled from.

    The second part of the key is its role: ``balance.headline.coefficients`` is a headline,
    ``balance.figure.coefficients`` belongs to that figure. `stage` says which stage it speaks of.
    """

    key: str
    values: Mapping[str, NoteValue] = field(default_factory=dict)
    stage: str = ""

    @property
    def role(self) -> str:
        return self.key.split(".")[1]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the numbers come from and what may be said of them.

    Attributes
    ----------
    source_zh, source_en
        The source line under every figure and table.
    as_of
        Date of the data, ISO; also the default release date.
    synthetic
        Made data: every page says so.
    names_public
        The data set is declared public with its institutions named.
    """

    source_zh: str = ""
    source_en: str = ""
    as_of: str = ""
    synthetic: bool = False
    names_public: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a question found out about one county in one school year.

    Attributes
    ----------
    name
        The question, e.g. ``"balance"``; also the first part of its catalogue keys.
    county, year
        Division code and the calendar year in which the school year begins.
    table
        Columns `COLUMNS`, one row per number, unique on `KEY`.
    matrices
        What is no list of numbers (a covariance), by name.
    indicators, checks, notes
        See their types.
    labels
        ``labels[dimension][code] = {"zh": …, "en": …}`` for counties, schools and other codes.
    origin
        Source and standing of the data.
    """

    name: str
    county: str
    year: int
    table: pd.DataFrame
    matrices: Mapping[str, np.ndarray] = field(default_factory=dict)
    indicators: tuple[Indicator, ...] = ()
    labels: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    notes: tuple[Note, ...] = ()
    origin: Origin = field(default_factory=Origin)

    def __post_init__(self) -> None:
        if tuple(self.table.columns) != COLUMNS:
            raise ValueError(f"a Finding's table has the columns {COLUMNS}")
        if self.table.duplicated(list(KEY)).any():
            raise ValueError(f"a Finding's table has one row per {KEY}")
        unknown = set(self.table["indicator"]) - {indicator.id for indicator in self.indicators}
        if unknown:
            raise ValueError(f"indicators used but not declared: {sorted(unknown)}")

    def indicator(self, id: str) -> Indicator:
        """Give the declared indicator with this id."""
        return next(indicator for indicator in self.indicators if indicator.id == id)


@dataclass(frozen=True, slots=True)
class Roster:
    """A list of pupils, teachers or moves by pseudonym, for the county's own desk only.

    Attributes
    ----------
    kind
        What the list is for, e.g. ``"teachers"``.
    county, year
        As in `Finding`.
    rows
        Columns ``pseudonym, school, reason`` and whatever the kind adds; no name, no number.
    expires
        ISO date after which the list is to be destroyed.
    """

    kind: str
    county: str
    year: int
    rows: pd.DataFrame
    expires: str


def reaches(value: float, limit: float, better: Better = "higher") -> bool:
    """Tell whether an unrounded value is on the good side of a limit, which is good itself.

    What equals the limit on paper may miss it in binary by a last digit; that is no difference
    (figures as schools report them differ by more than 1e-9 of the limit, or not at all).

    >>> (582.8 - 83.3) / 111 < 4.5, reaches((582.8 - 83.3) / 111, 4.5)
    (True, True)
    >>> reaches(0.4500001, 0.45, "lower"), reaches(float("nan"), 0.45)
    (False, False)
    """
    slack = 1e-9 * abs(limit)
    return value <= limit + slack if better == "lower" else value >= limit - slack


def tidy(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a Finding's table from rows that leave out what they do not have.

    >>> tidy([{"indicator": "pupils", "value": 12}])[["indicator", "value", "flag"]].values.tolist()
    [['pupils', 12.0, '']]
    """
    table = pd.DataFrame.from_records(list(rows), columns=None)
    for column in TEXT_COLUMNS:
        values = table[column] if column in table else pd.Series("", index=table.index)
        table[column] = values.astype("object").where(values.notna(), "").astype(str)
    for column in NUMBER_COLUMNS:
        table[column] = pd.to_numeric(table[column]) if column in table else np.nan
        table[column] = table[column].astype("float64")
    unknown = sorted(set(table.columns) - set(COLUMNS))
    if unknown:
        raise ValueError(f"no such columns in a Finding's table: {unknown}")
    table["interval_kind"] = table["interval_kind"].replace("", "none")
    return table.loc[:, list(COLUMNS)].reset_index(drop=True)


def merge_labels(
    *parts: Mapping[str, Mapping[str, Mapping[str, str]]],
) -> dict[str, dict[str, Mapping[str, str]]]:
    """Join label tables, later ones winning.

    >>> merge_labels({"stage": {"a": {"zh": "甲"}}}, {"stage": {"b": {"zh": "乙"}}})["stage"].keys()
    dict_keys(['a', 'b'])
    """
    merged: dict[str, dict[str, Mapping[str, str]]] = {}
    for part in parts:
        for dimension, names in part.items():
            merged.setdefault(dimension, {}).update(names)
    return merged


def to_json(finding: Finding) -> dict[str, Any]:
    """Turn a Finding into plain values; missing numbers become ``None``, none is rounded."""
    return {
        "schema": 1,
        **{name: getattr(finding, name) for name in _PLAIN},
        "table": {column: _plain(finding.table[column]) for column in COLUMNS},
        "matrices": {name: np.asarray(m).tolist() for name, m in finding.matrices.items()},
        "indicators": [asdict(indicator) for indicator in finding.indicators],
        "labels": {by: {k: dict(v) for k, v in n.items()} for by, n in finding.labels.items()},
        "checks": [
            {**asdict(check), "limit": None if math.isnan(check.limit) else check.limit}
            for check in finding.checks
        ],
        "notes": [
            {
                "key": note.key,
                "stage": note.stage,
                "values": {
                    b: {"is": type(v).__name__, **asdict(v)} for b, v in note.values.items()
                },
            }
            for note in finding.notes
        ],
        "origin": asdict(finding.origin),
    }


def from_json(plain: Mapping[str, Any]) -> Finding:
    """Rebuild a Finding from what `to_json` gave."""
    kinds = {"Cell": Cell, "Name": Name, "Given": Given}
    rows = pd.DataFrame({column: plain["table"][column] for column in list(COLUMNS)})
    return Finding(
        **{name: plain[name] for name in _PLAIN},
        table=tidy({str(k): v for k, v in row.items()} for row in rows.to_dict("records")),
        matrices={name: np.asarray(m, dtype=float) for name, m in plain["matrices"].items()},
        indicators=tuple(Indicator(**indicator) for indicator in plain["indicators"]),
        labels=plain["labels"],
        checks=tuple(
            Check(**{**check, "limit": math.nan if check["limit"] is None else check["limit"]})
            for check in plain["checks"]
        ),
        notes=tuple(
            Note(
                note["key"],
                {
                    blank: kinds[value["is"]](**{k: v for k, v in value.items() if k != "is"})
                    for blank, value in note["values"].items()
                },
                note["stage"],
            )
            for note in plain["notes"]
        ),
        origin=Origin(**plain["origin"]),
    )


def save(finding: Finding, folder: str | Path) -> Path | None:
    """Write a Finding to ``folder/<name>.json``, readable by its owner only.

    The folder is made with mode 0700: it holds numbers that no gate has seen. An empty `folder`
    saves nothing: a notebook run by hand passes nothing on.
    """
    if not str(folder):
        return None
    folder = Path(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{finding.name}.json"
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(to_json(finding), stream, ensure_ascii=False, allow_nan=False)
    part.replace(path)
    return path


def load(path: str | Path) -> Finding:
    """Read a Finding that `save` wrote.

    Raises
    ------
    StoreError
        If the file is missing or does not hold a Finding.
    """
    path = Path(path)
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        zh, en = f"无法读取分析结果 {path.name}", f"cannot read the finding {path.name}"
        raise StoreError(zh, en) from error


def load_all(folder: str | Path) -> tuple[Finding, ...]:
    """Read every finding that chapters saved in a folder, in order of name; none for no folder.

    >>> load_all("")
    ()
    """
    return tuple(map(load, sorted(Path(folder).glob("*.json")))) if str(folder) else ()


def _plain(column: pd.Series) -> list[Any]:
    return [None if isinstance(value, float) and math.isnan(value) else value for value in column]
