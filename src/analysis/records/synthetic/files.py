"""The files of a synthetic county as a bureau has them.

Workbooks with a merged title, a line of units, one or two header rows, a total and notes; a CSV
file in GB18030 with a title line and ten thousand yuan; another in UTF-8 with BOM. County and
school year stand in names and titles, the stage in the name of a sheet. The same county gives the
same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.records.contracts import TABLES
from analysis.records.reference import Reference
from analysis.records.synthetic.county import SyntheticCounty
from analysis.records.synthetic.parameters import Parameters
from analysis.records.synthetic.sheets import (
    Cell,
    Grid,
    Sheet,
    comma_separated,
    plain,
    workbook,
)

_PUPILS = ("pupils_n", "boarders_n", "migrants_n")
_TEACHERS = (
    "teachers_n", "teachers_graduate_n", "teachers_bachelor_n", "teachers_associate_n",
    "teachers_backbone_n", "teachers_pe_n", "teachers_music_n", "teachers_fine_art_n",
    "teachers_arts_n", "teachers_shared_pe_arts_n", "teachers_midlevel_n",
)  # fmt: skip
_SCHOOLS = ("school", "name_zh", "township", "kind", "zone", "owner", "opened")
_SUCCESSIONS = ("school", "successor", "event")
_RESOURCES = (
    "teaching_area_m2", "indoor_sports_area_m2", "sports_ground_m2", "equipment_yuan",
    "multimedia_rooms_n", "computers_n", "books_n",
)  # fmt: skip
_CLASSES = ("school", "stage", "grade", "class_no", "pupils_n")
_PEOPLE = ("name", "teacher_id", "school", "stage", "sex", "qualification", "midlevel", "backbone",
           "subject", "first_year", "training_hours_n", "certificate")  # fmt: skip
_ROOMS = ("school", "room", "room_no", "rooms_n", "area_m2", "built")
_MONITORING = ("monitored", "level", "variation")
_EXCHANGES = (
    "teacher_id",
    "school",
    "to_school",
    "form",
    "share_week",
    "transferred",
    "start",
    "end",
)
_SCHOOL_SCORES = ("school", "grade", "subject", "paper", "tested_n", "score_mean", "score_sd")
_ROLLS = {
    "pupils": (
        "pupil_id",
        "name",
        "sex",
        "born",
        "ethnicity",
        "school",
        "grade",
        "class_no",
        "term",
        "registration",
        "boarding",
        "left_behind",
        "migrant",
        "orphan",
        "disability",
        "hardship",
        "aided",
        "distance_km",
    ),
    "attendance": (
        "school",
        "pupil_id",
        "term",
        "days_due_n",
        "days_absent_n",
        "days_unexcused_n",
        "longest_n",
    ),
    "scores": (
        "school",
        "pupil_id",
        "term",
        "grade",
        "score_chinese",
        "score_mathematics",
        "score_english",
    ),
}
_CHANGES = ("pupil_id", "school", "term", "grade", "change", "changed_on", "verified")
_SUSPECTED = (
    "pupil_id", "school", "grade", "found_on", "cause", "checked_on", "outcome", "returned_on",
    "closed_on",
)  # fmt: skip
_VISITS = ("county", "term", "visits_n", "children_n")
_COHORTS = (
    "school",
    "stage",
    "entered_n",
    "entered_first_n",
    "graduated_n",
    "moved_in_n",
    "moved_out_n",
    "died_n",
)
_TOTALS = ("county", "year", "schools_expected_n", "primary_pupils_n", "junior_pupils_n", "as_of")
_UNIT = {"equipment_yuan": 10_000, "budget_yuan": 10_000}


def write_county(
    county: SyntheticCounty, folder: Path, params: Parameters, reference: Reference
) -> Iterator[Path]:
    """Write a county's files, one set for each school year, into a folder of its own.

    Yields
    ------
    Path
        Each file when it is written.
    """
    own = folder / county.place.code
    own.mkdir(parents=True, exist_ok=True)
    for year in county.years:
        desk = _Desk(county, year, params, reference)
        for name, write in desk.files().items():
            path = own / params["files"][name].format(code=county.place.code, year=year)
            path.write_bytes(write())
            yield path


def total_rows(county: SyntheticCounty, params: Parameters) -> Grid:
    """Give what the prefecture knows of a county, one row a school year."""
    schools = county.frames["schools"].groupby("year")["school"].nunique()
    pupils = county.frames["school_years"].groupby(["year", "stage"])["pupils_n"].sum().to_dict()
    return [
        [county.place.code, year, int(schools[year]), int(pupils[year, "primary"]),
         int(pupils[year, "junior"]), params["files"]["as_of"].format(year=year)]
        for year in county.years
    ]  # fmt: skip


def write_totals(path: Path, rows: Grid) -> None:
    """Write the table of county totals: UTF-8 without BOM."""
    header: list[Cell] = [TABLES["counties"][column].zh for column in _TOTALS]
    path.write_bytes(comma_separated([header, *rows], "utf-8"))


class _Desk:
    """One county and year at the desk where its files are made."""

    def __init__(
        self, county: SyntheticCounty, year: int, params: Parameters, reference: Reference
    ) -> None:
        self.text: Mapping[str, Any] = params["files"]
        self.said = {"county": county.place.zh, "year": year}
        self.codes = reference.codes
        self.dash_every = params["defects"]["dash_every"]
        self.frames = {n: f[f["year"] == year] for n, f in county.reported.items()}
        self.names = dict(self.frames["schools"][["school", "name_zh"]].to_numpy())

    def files(self) -> dict[str, Callable[[], bytes]]:
        made = {
            "schools": self.schools,
            "stages": self.stages,
            "resources": self.resources,
            "classes": self.classes,
            "teachers": self.teachers,
            "rooms": self.rooms,
            "funds": self.funds,
            "government": self.government,
            "exchanges": self.exchanges,
            "school_scores": self.school_scores,
        }
        needs = {"rooms": "special_rooms", "funds": "school_funds", "exchanges": "exchanges",
                 "school_scores": "school_scores"}  # fmt: skip
        # What a county leaves blank it does not hand in.
        given = {n: write for n, write in made.items() if len(self.frames[needs.get(n, "schools")])}
        return given | self.registers()

    def registers(self) -> dict[str, Callable[[], bytes]]:
        """Give the files of pupils, where the county has any in this year."""
        if not len(self.frames.get("pupils", ())):
            return {}
        lists = {name: partial(self.roll, name) for name in ("pupils", "attendance", "scores")}
        return {**lists, "status_changes": self.status_changes, "ledger": self.ledger}

    def say(self, name: str, **more: str) -> str:
        return str(self.text[name].format(**self.said, **more))

    def header(self, table: str, columns: Sequence[str]) -> list[Cell]:
        own = self.text["headers"]
        return [
            own.get(f"{table}.{column}", own.get(column, TABLES[table][column].zh))
            for column in columns
        ]

    def cells(self, table: str, columns: Sequence[str], frame: pd.DataFrame | None = None) -> Grid:
        """Give the rows of a table as a bureau writes them: labels, own units, gaps and dashes."""
        frame = self.frames[table] if frame is None else frame
        gaps = count(1)
        written = [self._column(table, name, frame[name], gaps) for name in columns]
        return [list(row) for row in zip(*written, strict=True)]

    def _column(self, table: str, name: str, values: pd.Series, gaps: Iterator[int]) -> list[Cell]:
        column = TABLES[table][name]
        if column.codes:
            labels = {code: entry["zh"] for code, entry in self.codes[column.codes].items()}
            return [None if pd.isna(value) else labels[value] for value in values]
        if column.kind == "flag":
            said = {True: self.text["yes"], False: self.text["no"]}
            return [None if pd.isna(value) else said[bool(value)] for value in values]
        per = _UNIT.get(name, 1)
        return [self._gap(gaps) if pd.isna(v) else plain(v, per) for v in values]

    def _gap(self, gaps: Iterator[int]) -> Cell:
        return self.text["dash"] if next(gaps) % self.dash_every == 0 else None

    def total(self, frame: pd.DataFrame, columns: Iterable[str]) -> list[Cell]:
        """Add up what was reported."""
        return [plain(frame[name].sum(), _UNIT.get(name, 1)) for name in columns]

    def named(self, grid: Grid) -> Grid:
        """Put the school's name behind its code."""
        return [[row[0], self.names[row[0]], *row[1:]] for row in grid]

    def schools(self) -> bytes:
        grid: Grid = [
            [self.say("title_schools")],
            [self.say("reported_by")],
            self.header("schools", _SCHOOLS),
            *self.cells("schools", _SCHOOLS),
            [self.say("note_schools")],
        ]
        sheets = [Sheet(self.text["sheet_schools"], grid, [(0, 0, 0, len(_SCHOOLS) - 1)])]
        if len(self.frames["successions"]):
            grid = [
                [self.say("title_successions")],
                self.header("successions", _SUCCESSIONS),
                *self.cells("successions", _SUCCESSIONS),
            ]
            sheets.append(Sheet(self.text["sheet_successions"], grid, [(0, 0, 0, 2)]))
        return workbook(sheets)

    def stages(self) -> bytes:
        present = set(self.frames["school_years"]["stage"])
        stages = [stage for stage in ("primary", "junior", "senior") if stage in present]
        return workbook([self._stage(stage) for stage in stages])

    def _stage(self, stage: str) -> Sheet:
        frame = self.frames["school_years"]
        frame = frame[frame["stage"] == stage]
        columns = (*_PUPILS, "classes_n", *_TEACHERS)
        sum_, label = self.text["sum"], self.codes["stage"][stage]["zh"]
        first = [
            *self.header("schools", ("school", "name_zh")),
            self.text["group_pupils"],
            *[None] * (len(_PUPILS) - 1),
            *self.header("school_years", ("classes_n",)),
            self.text["group_teachers"],
        ]
        second = [
            None,
            None,
            sum_,
            *self.header("school_years", _PUPILS[1:]),
            None,
            sum_,
            *self.header("school_years", _TEACHERS[1:]),
        ]
        grid: Grid = [
            [self.say("title_stages", stage=label)],
            [self.say("unit_stages")],
            first,
            second,
            [self.text["total"], None, *self.total(frame, columns)],
            *self.named(self.cells("school_years", ("school", *columns), frame)),
            [self.say("note_stages")],
        ]
        wide, pupils = len(columns) + 1, len(_PUPILS) + 1
        merged = [
            (0, 0, 0, wide),
            (2, 0, 3, 0),
            (2, 1, 3, 1),
            (2, 2, 2, pupils),
            (2, pupils + 1, 3, pupils + 1),
            (2, pupils + 2, 2, wide),
        ]
        return Sheet(label, grid, merged)

    def resources(self) -> bytes:
        frame = self.frames["resources"]
        header = [
            *self.header("schools", ("school", "name_zh")),
            *self.header("resources", _RESOURCES),
        ]
        grid: Grid = [
            [self.say("title_resources"), *[None] * (len(header) - 1)],
            header,
            *self.named(self.cells("resources", ("school", *_RESOURCES))),
            [self.text["total"], None, *self.total(frame, _RESOURCES)],
        ]
        return comma_separated(grid, "gb18030")

    def classes(self) -> bytes:
        return comma_separated(
            [self.header("classes", _CLASSES), *self.cells("classes", _CLASSES)], "utf-8-sig"
        )

    def teachers(self) -> bytes:
        return workbook([self._listed("teachers", "teachers", _PEOPLE)])

    def rooms(self) -> bytes:
        grid: Grid = [
            [self.say("title_rooms"), *[None] * (len(_ROOMS) - 1)],
            self.header("special_rooms", _ROOMS),
            *self.cells("special_rooms", _ROOMS),
        ]
        return comma_separated(grid, "utf-8-sig")

    def funds(self) -> bytes:
        header = [
            *self.header("schools", ("school", "name_zh")),
            *self.header("school_funds", ("budget_yuan",)),
        ]
        grid: Grid = [
            [self.say("title_funds"), *[None] * (len(header) - 1)],
            header,
            *self.named(self.cells("school_funds", ("school", "budget_yuan"))),
            [self.text["total"], None, *self.total(self.frames["school_funds"], ["budget_yuan"])],
        ]
        return comma_separated(grid, "gb18030")

    def government(self) -> bytes:
        columns = tuple(n for n in TABLES["county_years"].names if n not in ("county", "year"))
        sheets = [self._listed("government", "county_years", columns)]
        if len(self.frames["monitoring"]):
            sheets.append(self._listed("monitoring", "monitoring", _MONITORING))
        return workbook(sheets)

    def exchanges(self) -> bytes:
        return workbook([self._listed("exchanges", "exchanges", _EXCHANGES)])

    def school_scores(self) -> bytes:
        return workbook([self._listed("school_scores", "school_scores", _SCHOOL_SCORES)])

    def roll(self, table: str) -> bytes:
        """Write a long list of pupils as the register exports it."""
        columns = _ROLLS[table]
        frame = pd.DataFrame({c: self._labels(table, c) for c in columns})
        title = comma_separated(
            [[self.say("title_attendance"), *[None] * (len(columns) - 1)]], "utf-8"
        )
        stream = io.StringIO(newline="")
        frame.to_csv(stream, index=False, header=[str(h) for h in self.header(table, columns)],
                     lineterminator="\r\n")  # fmt: skip
        above = title.decode("utf-8") if table == "attendance" else ""
        return (above + stream.getvalue()).encode("utf-8-sig" if table == "scores" else "gb18030")

    def _labels(self, table: str, name: str) -> pd.Series:
        """Give a column of a long list with the labels of its codes."""
        column, values = TABLES[table][name], self.frames[table][name]
        if column.codes:
            return values.map({c: each["zh"] for c, each in self.codes[column.codes].items()})
        if column.kind == "flag":
            return values.map({True: self.text["yes"], False: self.text["no"]})
        whole = column.kind == "number" and (values.dropna() % 1 == 0).all()
        return values.astype("Int64") if whole else values

    def status_changes(self) -> bytes:
        return workbook([self._listed("status_changes", "status_changes", _CHANGES)])

    def ledger(self) -> bytes:
        sheets = {"suspected": _SUSPECTED, "visits": _VISITS, "cohorts": _COHORTS}
        given = {name: c for name, c in sheets.items() if len(self.frames[name])}
        return workbook([self._listed(name, name, columns) for name, columns in given.items()])

    def _listed(self, name: str, table: str, columns: Sequence[str]) -> Sheet:
        """Make a sheet of a title, a header and the rows."""
        grid: Grid = [
            [self.say(f"title_{name}")],
            self.header(table, columns),
            *self.cells(table, columns),
        ]
        return Sheet(self.text[f"sheet_{name}"], grid, [(0, 0, 0, len(columns) - 1)])
