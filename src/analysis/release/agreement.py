"""What a report's released cells must not say: small numbers, two things at once, a difference.

All of it is read from ``results.json``, whose blocks name every released cell that a reader sees.
A place is given by block and by the cell's key; never by a value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.finding import PERSON_UNITS
from analysis.release.people import LIMIT, SCHOOL
from analysis.release.profiles import Profile, load_rules

Cells = Mapping[str, Mapping[str, Any]]
NUMBERS = ("value", "value_low", "value_high", "numerator", "denominator", "n")
STATED = ("value", "value_low", "value_high", "numerator", "denominator")
COUNTS = ("numerator", "denominator", "n")


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that released cells break, and where: block and cell key."""

    place: str
    zh: str
    en: str


def check_cells(blocks: Iterable[Mapping[str, Any]], profile: Profile) -> Iterator[Breach]:
    """Look at each cell by itself."""
    for block in blocks:
        for cell in block["cells"]:
            place = f"{block['id']} · {cell['key']}"
            if cell["flag"] == "c" and any(cell.get(field) is not None for field in STATED):
                yield Breach(place, "未公布的单元格带有数值", "a withheld cell has a value")
            if not is_about_persons(cell):
                continue
            counts = [cell[field] for field in COUNTS if cell.get(field) is not None]
            counts += _counted_value(cell)
            least = profile.least("P1", cell["n_unit"])
            if any(0 < count < least for count in counts):
                yield Breach(place, "人数低于保护门槛", "a number of persons under the threshold")
            if profile.base > 1 and any(count % profile.base for count in counts):
                yield Breach(place, "人数未取整", "a number of persons that is not rounded")


def check_schools(blocks: Iterable[Mapping[str, Any]]) -> Iterator[Breach]:
    """Refuse what tells a school where schools go without names: a code, a size."""
    for block in blocks:
        for cell in block["cells"]:
            _, _, by, subject, *_ = str(cell["key"]).split("|")
            if by != SCHOOL:
                continue
            size = [field for field in COUNTS if cell.get(field) is not None]
            if size or not (subject.isdigit() and len(subject) <= 4):
                yield Breach(str(block["id"]), "可识别学校", "a school that can be told")


def check_columns(
    blocks: Iterable[Mapping[str, Any]], forbidden: Iterable[str]
) -> Iterator[Breach]:
    """Refuse columns of direct identifiers."""
    barred = {name.casefold() for name in forbidden}
    for block in blocks:
        ids = {str(column["id"]).casefold() for column in block["columns"]}
        ids |= {str(name).casefold() for row in block["rows"] for name in row}
        if ids & barred:
            yield Breach(str(block["id"]), "有直接标识个人的列", "a column that identifies persons")


def check_sameness(reports: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Breach]:
    """Refuse a cell that says one thing here and another there.

    Parameters
    ----------
    reports
        The blocks of each language.
    """
    first: dict[str, tuple[Any, ...]] = {}
    for language, blocks in reports.items():
        for block in blocks:
            for cell in block["cells"]:
                says = tuple(cell.get(field) for field in (*NUMBERS, "n_unit", "flag"))
                if first.setdefault(cell["key"], says) != says:
                    place = f"{language} · {block['id']} · {cell['key']}"
                    yield Breach(place, "同一数字前后不一致", "the same number differs")


def check_languages(reports: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Breach]:
    """Refuse languages that do not show the same blocks with the same numbers."""
    shown = {language: _shown(blocks) for language, blocks in reports.items()}
    first, *others = shown
    for other in others:
        if list(shown[first]) != list(shown[other]):
            yield Breach(
                f"{first}、{other}", "两种语言的内容块不同", "the languages differ in blocks"
            )
        for id in shown[first]:
            if id in shown[other] and shown[first][id] != shown[other][id]:
                yield Breach(id, "两种语言的数字不同", "the languages differ in numbers")


def check_difference(now: Cells, before: Cells, *, revised: bool) -> Iterator[Breach]:
    """Refuse what the difference from an earlier release would tell of persons.

    Rounded numbers that differ by one step differ by some persons fewer than ten.

    Parameters
    ----------
    now, before
        Cells by key.
    revised
        The new release has a new edition; without one nothing about persons may change.
    """
    least = load_rules()["audit"]["difference"]
    for key in sorted(now.keys() & before.keys()):
        new, old = now[key], before[key]
        if not (is_about_persons(new) or is_about_persons(old)):
            continue
        if all(new.get(field) == old.get(field) for field in (*NUMBERS, "flag")):
            continue
        if not revised:
            yield Breach(key, "数据变动而版次未变", "persons' numbers changed, the edition did not")
        elif any(0 < abs(step) < least for step in _steps(new, old)):
            yield Breach(
                key, "与上一版之差可推算个人", "the difference tells of fewer than 10 persons"
            )


def by_key(blocks: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Give the cells of all blocks, each once."""
    return {cell["key"]: cell for block in blocks for cell in block["cells"]}


def is_about_persons(cell: Mapping[str, Any]) -> bool:
    """Tell whether a cell describes persons; a constant of a rule does not."""
    return cell["n_unit"] in PERSON_UNITS and str(cell["key"]).split("|")[2] != LIMIT


def _counted_value(cell: Mapping[str, Any]) -> list[float]:
    """Give the value where it is a number of persons and no mean or share of them."""
    value, numerator, n = (cell.get(field) for field in ("value", "numerator", "n"))
    if value is None or not float(value).is_integer():
        return []
    counted = value in (numerator, n) or (numerator is None and n is None)
    return [value] if counted else []


def _steps(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[float]:
    counted = (*COUNTS, *(("value",) if _counted_value(new) and _counted_value(old) else ()))
    for field in counted:
        if new.get(field) is not None and old.get(field) is not None:
            yield new[field] - old[field]


def _shown(blocks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Give what a block shows apart from its words."""
    return {
        str(block["id"]): (
            block["kind"],
            [column["id"] for column in block["columns"]],
            [_numbers(row) for row in block["rows"]],
            block["cells"],
        )
        for block in blocks
    }


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if name.endswith("_flag") or (isinstance(value, int | float) and math.isfinite(value))
    }
