"""What is true of government assurance and quality in a synthetic county, counted in plain loops.

Like `truth`, this is on purpose a second way to the numbers: it reads the complete tables and the
rules, and shares nothing with `analysis.questions`. As the tables are complete, every item is met
or not.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.records.reference import load_reference

Row = Mapping[str, Any]
Frames = Mapping[str, pd.DataFrame]
Told = dict[str, Any]


def tell_owed(frames: Frames, year: int) -> dict[str, Told]:
    """Tell the number of each item and whether it is met, by item; ``None`` where there is nothing.

    Parameters
    ----------
    frames
        The complete tables by contract id.
    year
        School year.
    """
    rules = load_reference().assurance
    items = {item["id"]: item for item in rules["item"]}
    now = _Year(frames, year, rules)
    (figures,) = _rows(frames["county_years"], year)
    told = {
        "rooms": now.all_schools(lambda s: now.has_rooms(s, items["rooms"]), now.schools),
        "size": now.all_schools(lambda s: now.is_of_size(s, items["size"]), now.schools),
        "class_size": now.class_size(items["class_size"]),
        "small_funds": now.small_funds(items["small_funds"]),
        "special_funds": now.special_funds(items["special_funds"]),
        "pay": _told(_pay(figures), items["pay"]["limit"]),
        **now.teachers(items, figures["eligibility_years_n"] or items["exchange"]["years"]),
        "retention": _told(_retention(figures), items["retention"]["limit"]),
        "monitoring": _monitoring(frames["monitoring"], year, items["monitoring"]),
    }
    for id, item in items.items():
        if "part_of" in item:
            part, whole = sum(figures[c] for c in item["part_of"]), figures[item["whole"]]
            told[id] = _told(part / whole if whole else None, item["limit"])
    return {item: told[item] for item in items}


def _told(value: float | None, limit: float) -> Told:
    if value is None:
        return {"value": None, "met": None}
    return {"value": value, "met": value >= limit - 1e-9}


class _Year:
    """The schools of a year and what belongs to each."""

    def __init__(self, frames: Frames, year: int, rules: Row) -> None:
        self.frames, self.year, self.rules = frames, year, rules
        self.facts = {row["school"]: row for row in _rows(frames["schools"], year)}
        self.stages: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in _rows(frames["school_years"], year):
            self.stages[row["school"]][row["stage"]] = row
        self.sizes: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for row in _rows(frames["classes"], year):
            self.sizes[row["school"]].append((row["stage"], row["pupils_n"]))
        self.budgets = {r["school"]: r["budget_yuan"] for r in _rows(frames["school_funds"], year)}
        self.rooms: dict[str, list[Row]] = defaultdict(list)
        for row in _rows(frames["special_rooms"], year):
            self.rooms[row["school"]].append(row)
        self.schools = [school for school in self.facts if self.is_ordinary(school)]

    def is_ordinary(self, school: str) -> bool:
        kinds = load_reference().codes["kind"][self.facts[school]["kind"]].get("stages", [])
        return bool(set(kinds) & {"primary", "junior"}) and self.pupils(school) > 0

    def pupils(self, school: str) -> int:
        return sum(self.stages[school][s]["pupils_n"] for s in self.compulsory(school))

    def compulsory(self, school: str) -> list[str]:
        return [stage for stage in self.stages[school] if stage in ("primary", "junior")]

    def largest(self, school: str) -> int:
        return max(n for stage, n in self.sizes[school] if stage in ("primary", "junior"))

    def is_rural(self, school: str) -> bool:
        return self.facts[school]["zone"] in self.rules["rural"]["zones"]

    def all_schools(self, meets: Any, schools: list[str]) -> Told:
        if not schools:
            return _told(None, 1.0)
        return _told(sum(map(meets, schools)) / len(schools), 1.0)

    def has_rooms(self, school: str, item: Row) -> bool:
        classes = sum(self.stages[school][s]["classes_n"] for s in self.compulsory(school))
        for room, full in item["area"].items():
            area = full
            if self.facts[school]["opened"] <= item["old"]["built"]:
                area = min(area, item["old"]["area"][room])
            small, few = item["small"], self.pupils(school) < item["small"]["pupils"]
            if self.is_rural(school) and few and self.largest(school) < small["class_below"]:
                area = min(area, max(small["area"][s] for s in self.compulsory(school)))
            enough = [r for r in self.rooms[school] if r["room"] == room and r["rooms_n"]]
            number = sum(r["rooms_n"] for r in enough if r["area_m2"] >= area)
            if number < math.ceil(classes / item["classes"]):
                return False
        return True

    def is_of_size(self, school: str, item: Row) -> bool:
        form = "joint" if self.facts[school]["kind"] in item["joint_kinds"] else "single"
        migrants = sum(self.stages[school][s]["migrants_n"] for s in self.compulsory(school))
        pupils = self.pupils(school)
        old = self.facts[school]["opened"] <= item["old"]["opened"]
        many = migrants / pupils > item["migrants"]["share"]
        return bool(pupils <= item["relaxed" if old or many else "most"][form])

    def class_size(self, item: Row) -> Told:
        sizes = [(stage, n) for school in self.schools for stage, n in self.sizes[school]
                 if stage in item["most"]]  # fmt: skip
        return _told(sum(n <= item["most"][stage] for stage, n in sizes) / len(sizes), 1.0)

    def small_funds(self, item: Row) -> Told:
        quota = [entry["yuan"] for entry in item["quota"] if entry["from"] <= self.year]
        small = [
            school for school in self.schools
            if self.facts[school]["kind"] in item["kinds"] and self.is_rural(school)
            and self.pupils(school) < item["pupils"]
        ]  # fmt: skip
        if not quota:
            return _told(None, 1.0)
        least = item["pupils"] * quota[-1]
        return self.all_schools(lambda school: self.budgets[school] >= least, small)

    def special_funds(self, item: Row) -> Told:
        special = [s for s, facts in self.facts.items() if facts["kind"] in item["kinds"]]

        def meets(school: str) -> bool:
            pupils = sum(row["pupils_n"] for row in self.stages[school].values())
            return bool(self.budgets[school] >= item["yuan"] * pupils)

        return self.all_schools(meets, special)

    def teachers(self, items: Mapping[str, Row], years: int) -> dict[str, Told]:
        now = [row for row in _rows(self.frames["teachers"], self.year) if self._counts(row)]
        before = {r["teacher_id"]: r for r in _rows(self.frames["teachers"], self.year - 1)
                  if r["stage"] in ("primary", "junior")}  # fmt: skip
        public = [row for row in now if self.facts[row["school"]]["owner"] != "private"]
        eligible = sum(
            self.year - before.get(row["teacher_id"], row)["first_year"] >= years for row in public
        )
        moved = {row["teacher_id"] for row in _rows(self.frames["exchanges"], self.year)}
        backbone = sum(row["backbone"] for row in now if row["teacher_id"] in moved)
        hours = sum(row["training_hours_n"] >= items["training"]["hours"] for row in now)
        shares = {
            "training": hours / len(now),
            "certificates": sum(row["certificate"] for row in now) / len(now),
            "exchange": len(moved) / eligible if eligible else None,
            "exchange_backbone": backbone / len(moved) if moved else None,
        }
        return {id: _told(value, items[id]["limit"]) for id, value in shares.items()}

    def _counts(self, row: Row) -> bool:
        inside = row["stage"] in ("primary", "junior")
        return (
            inside and self.facts[row["school"]]["kind"] not in self.rules["scope"]["exclude_kinds"]
        )


def _pay(figures: Row) -> float:
    teachers = figures["pay_teachers_yuan"] / figures["paid_teachers_n"]
    return float(teachers / (figures["pay_officials_yuan"] / figures["paid_officials_n"]))


def _retention(figures: Row) -> float:
    kept = figures["cohort_graduates_n"] - figures["cohort_in_n"] + figures["cohort_out_n"]
    return float(kept / (figures["cohort_n"] - figures["cohort_died_n"]))


def _monitoring(frame: pd.DataFrame, year: int, item: Row) -> Told:
    latest: dict[str, Row] = {}
    for row in sorted(_rows(frame), key=lambda row: row["year"]):
        if year - item["cycle"] < row["year"] <= year:
            latest[row["monitored"]] = row
    worst = max(row["variation"] for row in latest.values())
    complete = set(latest) == set(item["subjects"])
    good = all(
        row["variation"] < item["limit"] and row["level"] >= item["level"]
        for row in latest.values()
    )
    return {"value": worst, "met": good if complete or not good else None}


def _rows(frame: pd.DataFrame, year: int | None = None) -> list[Row]:
    mine = frame if year is None else frame[frame["year"] == year]
    plain = mine.astype(object).where(mine.notna(), None)
    return plain.to_dict("records")  # type: ignore[return-value]
