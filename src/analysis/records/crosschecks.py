"""What tables must agree on among themselves: keys, schools, parts and wholes, lists and totals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import Fault, Level
from analysis.records.contracts import TABLES, Table
from analysis.records.faults import fault, quote
from analysis.records.gathering import PLACE, ROW, SCHOOL_NAME
from analysis.records.reference import load_reference
from analysis.records.rules import rules

LISTED = (
    "school_years", "resources", "classes", "teachers", "special_rooms", "school_funds", "exchanges",
    "school_scores", "pupils", "attendance", "scores", "status_changes", "suspected", "cohorts",
)  # fmt: skip
"""Tables whose schools the list of schools must have."""
_AT = "_at"
_DOTS = str.maketrans(dict.fromkeys("•・･‧∙⋅", "·"))


@dataclass(frozen=True, slots=True)
class Crossing:
    """Frames of all tables with the place of each row, ready to be held against each other."""

    frames: Mapping[str, pd.DataFrame]
    places: Sequence[tuple[str, str]]
    china: bool = True
    unread: Mapping[tuple[str, str], set[tuple[int, int]]] = field(default_factory=dict)

    def find_unread(self, table: str, column: str) -> pd.Series:
        """Mark the rows whose cell could not be read: it is not empty, and has been told."""
        frame, cells = self.frames[table], self.unread.get((table, column), set())
        marks = [at in cells for at in zip(frame[PLACE], frame[ROW], strict=True)]
        return pd.Series(marks, index=frame.index, dtype=bool)

    def fault(
        self, code: str, row: Mapping[Any, Any], *, column: str = "", level: Level = "error",
        **values: Any,
    ) -> Fault:  # fmt: skip
        """Make a fault at the place of a row."""
        file, sheet = self.places[row[PLACE]]
        return fault(code, file=file, sheet=sheet, row=int(row[ROW]), column=column, level=level,
                     **values)  # fmt: skip

    def where(self, row: Mapping[Any, Any]) -> str:
        """Give the place of a row in one line."""
        file, sheet = self.places[row[PLACE]]
        return Fault("", "", "", file=file, sheet=sheet, row=int(row[ROW])).where()


def cross_faults(crossing: Crossing) -> Iterator[Fault]:
    """Say what the tables do not agree on."""
    for table in TABLES.values():
        yield from _twice(crossing, table)
    for id in LISTED:
        yield from _schools_known(crossing, id)
        yield from _names_agree(crossing, id)
    yield from _parts_fit(crossing)
    yield from _stages_fit(crossing)
    yield from _schools_told(crossing)
    yield from _classes_sum(crossing)
    yield from _teachers_count(crossing)
    if crossing.china:
        yield from _codes_shaped(crossing)
        yield from _teachers_whole(crossing)


def _twice(crossing: Crossing, table: Table) -> Iterator[Fault]:
    """Find rows whose key stands twice; both places are named, the key never is."""
    frame, key = crossing.frames[table.id], list(table.key)
    keyed = frame.dropna(subset=key)
    again = keyed[keyed.duplicated(key, keep=False)]
    # The groups in order of their first row: a file that came twice has as many as rows.
    groups = again.groupby(key, sort=False, dropna=False).ngroup().to_numpy()
    rows = again[[PLACE, ROW]].to_dict("records")
    names = "、".join(table[id].zh for id in key)
    names_en = ", ".join(table[id].en for id in key)
    first: dict[int, Mapping[Any, Any]] = {}
    for place in np.argsort(groups, kind="stable"):
        group, row = int(groups[place]), rows[place]
        if group not in first:
            first[group] = row
            continue
        yield crossing.fault("key-twice", row, column=table[key[0]].zh, names_zh=names,
                             names_en=names_en, first=crossing.where(first[group]))  # fmt: skip


def _schools_known(crossing: Crossing, id: str) -> Iterator[Fault]:
    """Find schools that the school list of their year does not have, or has in another county."""
    key = ["school", "year"]
    schools = crossing.frames["schools"].dropna(subset=key).drop_duplicates(key)
    rows = crossing.frames[id].dropna(subset=key).drop_duplicates([*key, PLACE])
    joined = rows.merge(schools[[*key, "county"]], on=key, how="left", suffixes=("", "_listed"),
                        indicator="_found")  # fmt: skip
    listed = set(zip(schools["county"], schools["year"], strict=True))
    without: set[tuple[Any, ...]] = set()
    for row in joined[joined["_found"] == "left_only"].to_dict("records"):
        group = (row["county"], row["year"], row[PLACE])
        if (row["county"], row["year"]) in listed or pd.isna(row["county"]):
            yield crossing.fault("school-unknown", row, column=TABLES[id]["school"].zh)
        elif group not in without:
            without.add(group)
            yield crossing.fault("schools-missing", row, year=row["year"],
                                 county=str(row["county"]))  # fmt: skip
    differ = joined[(joined["_found"] == "both") & (joined["county"] != joined["county_listed"])]
    for row in differ.dropna(subset=["county", "county_listed"]).to_dict("records"):
        yield crossing.fault("school-county-differs", row, column=TABLES[id]["county"].zh)


def _names_agree(crossing: Crossing, id: str) -> Iterator[Fault]:
    """Hold a file's own column of school names against the school list."""
    key = ["school", "year"]
    rows = crossing.frames[id].dropna(subset=[*key, SCHOOL_NAME])
    rows = rows[rows[SCHOOL_NAME].str.strip() != ""].drop_duplicates([*key, PLACE, SCHOOL_NAME])
    schools = crossing.frames["schools"].dropna(subset=[*key, "name_zh"]).drop_duplicates(key)
    joined = rows.merge(schools[[*key, "name_zh"]], on=key, suffixes=("", "_listed"))
    plain = {name: _plain(name) for column in (SCHOOL_NAME, "name_zh") for name in joined[column]}
    differ = joined[SCHOOL_NAME].map(plain) != joined["name_zh"].map(plain)
    for row in joined[differ].to_dict("records"):
        shown = not TABLES[id].identifiers
        yield crossing.fault("school-name-differs", row, level="warning",
                             column=TABLES["schools"]["name_zh"].zh,
                             here=quote(row[SCHOOL_NAME], allowed=shown),
                             listed=quote(row["name_zh"], allowed=shown))  # fmt: skip


def _parts_fit(crossing: Crossing) -> Iterator[Fault]:
    """Find parts that are larger than their whole."""
    for rule in rules()["parts"].values():
        id = rule.get("table", "school_years")
        table, frame = TABLES[id], crossing.frames[id]
        parts, whole, level = rule["parts"], rule["whole"], rule["level"]
        together = frame[parts].sum(axis=1, skipna=True)
        over = (together > frame[whole]).fillna(False)
        for row in frame[over].rename_axis(_AT).reset_index().to_dict("records"):
            names = "、".join(table[part].zh for part in parts)
            names_en = " + ".join(table[part].en for part in parts)
            told = all(table[id].privacy == "P0" for id in (*parts, whole))
            yield crossing.fault(
                "parts-exceed-whole", row, level=level, column=table[whole].zh, parts_zh=names,
                parts_en=names_en, whole_zh=table[whole].zh, whole_en=table[whole].en,
                sum=float(together[row[_AT]]) if told else None,
                value=float(row[whole]) if told else None,
            )  # fmt: skip


def _stages_fit(crossing: Crossing) -> Iterator[Fault]:
    """Find stages that a school of its type does not have."""
    key = ["school", "year"]
    schools = crossing.frames["schools"].dropna(subset=[*key, "kind"]).drop_duplicates(key)
    names = load_reference().codes
    for id in ("school_years", "classes"):
        rows = crossing.frames[id].dropna(subset=[*key, "stage"])
        rows = rows.drop_duplicates([*key, "stage", PLACE])
        joined = rows.merge(schools[[*key, "kind"]], on=key)
        for row in joined.to_dict("records"):
            kind, stage = row["kind"], row["stage"]
            if stage not in names["kind"][kind].get("stages", (stage,)):
                yield crossing.fault(
                    "stage-not-of-kind", row, column=TABLES[id]["stage"].zh,
                    kind_zh=names["kind"][kind]["zh"], kind_en=names["kind"][kind]["en"],
                    stage_zh=names["stage"][stage]["zh"], stage_en=names["stage"][stage]["en"],
                )  # fmt: skip


def _schools_told(crossing: Crossing) -> Iterator[Fault]:
    """Find schools of the list that the other tables leave out, whole or with one of their stages."""
    key, kinds = ["school", "year"], load_reference().codes["kind"]
    schools = crossing.frames["schools"].dropna(subset=[*key, "kind", "county"])
    schools = schools.drop_duplicates(key)
    for id in ("school_years", "resources"):
        rows = crossing.frames[id].dropna(subset=[*key, "county"])
        told = set(zip(rows["county"], rows["year"], strict=True))
        found = set(zip(rows["school"], rows["year"], strict=True))
        without: set[tuple[Any, ...]] = set()
        table: dict[str, Any] = {"table_zh": TABLES[id].zh, "table_en": TABLES[id].en}
        if not told and len(schools):
            yield fault("table-nowhere", level="info", **table)
            continue
        for row in schools.to_dict("records"):
            group = (row["county"], row["year"])
            if group not in told and group not in without:
                without.add(group)
                yield crossing.fault("table-absent", row, level="warning", year=row["year"],
                                     county=str(row["county"]), **table)  # fmt: skip
            elif group not in without and (row["school"], row["year"]) not in found:
                yield crossing.fault("school-absent", row, level="warning", **table,
                                     column=TABLES["schools"]["school"].zh)  # fmt: skip
    rows = crossing.frames["school_years"].dropna(subset=[*key, "stage"])
    stages = rows.groupby(key)["stage"].agg(set).to_dict()
    names = load_reference().names("stage")
    for row in schools.to_dict("records"):
        mine = stages.get((row["school"], row["year"]))
        missing = [s for s in kinds[row["kind"]].get("stages", ()) if mine and s not in mine]
        if missing:
            yield crossing.fault(
                "stage-absent", row, level="warning", column=TABLES["schools"]["kind"].zh,
                kind_zh=kinds[row["kind"]]["zh"], kind_en=kinds[row["kind"]]["en"],
                stages_zh="、".join(names[s]["zh"] for s in missing),
                stages_en=", ".join(names[s]["en"] for s in missing),
            )  # fmt: skip


def _classes_sum(crossing: Crossing) -> Iterator[Fault]:
    """Hold the pupils of a school's classes against its enrolment; neither number is told."""
    key = ["school", "year", "stage"]
    classes = crossing.frames["classes"].dropna(subset=[*key, "pupils_n"])
    sums = classes.groupby(key, as_index=False)["pupils_n"].sum()
    rows = crossing.frames["school_years"].dropna(subset=[*key, "pupils_n"])
    joined = rows.merge(sums, on=key, suffixes=("", "_classes"))
    for row in joined[joined["pupils_n"] != joined["pupils_n_classes"]].to_dict("records"):
        yield crossing.fault("class-sum-differs", row, level="warning",
                             column=TABLES["school_years"]["pupils_n"].zh)  # fmt: skip


def _teachers_count(crossing: Crossing) -> Iterator[Fault]:
    """Hold the teacher list against the schools' totals: one line a file and stage."""
    key = ["school", "year", "stage"]
    teachers = crossing.frames["teachers"].dropna(subset=key)
    if teachers.empty:
        return
    counts = teachers.groupby(key, as_index=False).agg(
        listed=("teacher_id", "size"), place=(PLACE, "first")
    )
    rows = crossing.frames["school_years"].dropna(subset=[*key, "teachers_n"])
    joined = rows.merge(counts, on=key)
    differ = joined[joined["teachers_n"] != joined["listed"]]
    for place, group in differ.groupby("place", sort=True):
        file, sheet = crossing.places[int(str(place))]
        yield fault("teacher-count-differs", file=file, sheet=sheet, level="info", n=len(group))


def _codes_shaped(crossing: Crossing) -> Iterator[Fault]:
    """Find school codes that are not of the national shape."""
    shape = re.compile(rules()["school_code"]["pattern"])
    schools = crossing.frames["schools"].dropna(subset=["school"])
    for row in schools.drop_duplicates("school").to_dict("records"):
        if not shape.fullmatch(row["school"]):
            yield crossing.fault("school-code-shape", row, level="warning",
                                 column=TABLES["schools"]["school"].zh)  # fmt: skip


def _teachers_whole(crossing: Crossing) -> Iterator[Fault]:
    """In China teachers are counted by heads: a fraction is a slip."""
    frame = crossing.frames["school_years"].dropna(subset=["teachers_n"])
    part = (frame["teachers_n"] % 1 != 0).fillna(False)
    for row in frame[part].to_dict("records"):
        yield crossing.fault("value-not-whole", row, value=f"{float(row['teachers_n']):g}",
                             column=TABLES["school_years"]["teachers_n"].zh)  # fmt: skip


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).translate(_DOTS).split()).casefold()
