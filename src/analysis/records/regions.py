"""Divisions: codes, names, what lies in what, and which codes have been replaced.

The list of China stands in ``data/reference``; a data set may bring one of its own with the same
columns (``code, zh, en, pinyin, level, parent``).
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import cast, get_args

from analysis.errors import Fault, InputError, UsageError
from analysis.records import reference
from analysis.records.county import Place, RegionLevel

COLUMNS = ("code", "zh", "en", "pinyin", "level", "parent", "old")
LEVELS = get_args(RegionLevel)
CODE = re.compile(r"\d{2,12}")
"""What may be a code: nothing else ever becomes part of a path."""


@dataclass(frozen=True, slots=True)
class Change:
    """A code that was replaced: from school year `year` on, `new` stands for `old`."""

    old: str
    zh: str
    en: str
    new: str
    event: str
    date: str
    year: int
    source: str
    standing: str


@dataclass(frozen=True)
class Regions:
    """A list of divisions.

    Attributes
    ----------
    places
        Every division by code.
    changes
        Replaced codes, by old code.
    """

    places: Mapping[str, Place]
    changes: Mapping[str, Change]

    def place(self, code: str) -> Place:
        """Give a division.

        Raises
        ------
        UsageError
            If the code is not in the list; names the nearest codes.

        Examples
        --------
        >>> regions().place("130722").en
        'Zhangbei County'
        """
        if code in self.places:
            return self.places[code]
        zh, en = self._hint(code)
        shown = repr(code) if len(code) <= 12 else "…"
        raise UsageError(
            f"区划名单中没有 {shown}{zh}", f"{shown} is not in the list of divisions{en}"
        )

    def parent(self, code: str) -> Place:
        """Give the division above, or the division itself at the top."""
        place = self.place(code)
        return self.places.get(place.parent, place)

    def children(self, code: str) -> tuple[Place, ...]:
        """Give the divisions directly below, by code.

        >>> len(regions().children("130700"))
        16
        """
        self.place(code)
        return tuple(place for place in self.places.values() if place.parent == code)

    def counties(self, code: str = "") -> tuple[Place, ...]:
        """Give all counties below a division at any depth, or of the whole list.

        >>> len(regions().counties())
        2854
        """
        if not code:
            return tuple(place for place in self.places.values() if place.level == "county")
        if self.place(code).level == "county":
            return (self.place(code),)
        below = (self.counties(child.code) for child in self.children(code))
        return tuple(sorted((p for places in below for p in places), key=lambda p: p.code))

    def ancestors(self, code: str) -> tuple[Place, ...]:
        """Give the divisions above, nearest first."""
        above: list[Place] = []
        place = self.place(code)
        while place.parent in self.places:
            place = self.places[place.parent]
            above.append(place)
        return tuple(above)

    def find(self, text: str) -> tuple[Place, ...]:
        """Find divisions by code, Chinese or English name, pinyin or former name, best first.

        >>> [place.code for place in regions().find("zhangbei")]
        ['130722']
        """
        wanted = _plain(text)
        if not wanted:
            return ()
        ranked = ((_rank(place, wanted), place.code, place) for place in self.places.values())
        return tuple(place for rank, _, place in sorted(ranked, key=lambda r: r[:2]) if rank < 3)

    def succeeded(self, code: str, year: int | None = None) -> str:
        """Give the code that stands for `code` in a school year, or today.

        A code that was never replaced is given back as it is, known or not.

        >>> regions().succeeded("130721"), regions().succeeded("130721", 2015)
        ('130705', '130721')
        """
        change = self.changes.get(code)
        if change is None or (year is not None and year < change.year):
            return code
        return self.succeeded(change.new, year)

    def only(self, codes: Iterable[str]) -> Regions:
        """Keep these divisions and those above them."""
        wanted = set(codes)
        wanted |= {place.code for code in wanted for place in self.ancestors(code)}
        return Regions({c: p for c, p in self.places.items() if c in wanted}, {})

    def joined(self, other: Regions) -> Regions:
        """Add the divisions of another list, which wins where both have a code."""
        return Regions(dict(sorted({**self.places, **other.places}.items())), self.changes)

    def to_csv(self) -> str:
        """Write the list as `regions` reads it, former names included."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for p in self.places.values():
            writer.writerow((p.code, p.zh, p.en, p.pinyin, p.level, p.parent, ";".join(p.old)))
        return stream.getvalue()

    def _hint(self, code: str) -> tuple[str, str]:
        if code in self.changes:
            now = self.places[self.succeeded(code)]
            return f"，现为 {now.code} {now.zh}", f"; it is now {now.code} {now.en}"
        close = difflib.get_close_matches(code, self.places, 3, 0.7)
        found = self.find(code) if len(_plain(code)) > 1 else ()
        near = found[:3] or tuple(self.places[match] for match in close)
        if not near:
            return "", ""
        return (
            "；是否为 " + "、".join(f"{p.code} {p.zh}" for p in near) + "？",
            "; did you mean " + ", ".join(f"{p.code} {p.en}" for p in near) + "?",
        )


def regions(list_path: str | Path = "") -> Regions:
    """Read a list of divisions.

    Parameters
    ----------
    list_path
        A CSV file with the columns ``code, zh, en, pinyin, level, parent``; empty for China.

    Raises
    ------
    InputError
        If the file has faults: all of them.
    UsageError
        If there is no such file.
    """
    if not list_path:
        return _china()
    path = Path(list_path)
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"无法读取区划名单 {path.name}（应为 UTF-8 编码的 CSV）",
            f"cannot read the list of divisions {path.name} (a CSV file in UTF-8)",
        ) from error
    return parse(content, path.name)


@lru_cache(maxsize=8)
def parse(content: str, name: str = "regions.csv") -> Regions:
    """Read a list of divisions from text; `name` is what faults call it."""
    rows = list(_rows(content))
    faults = tuple(_faults(rows, name))
    if faults:
        raise InputError(faults)
    places = (_place(row) for _, row in rows)
    return Regions(dict(sorted((place.code, place) for place in places)), {})


@cache
def _china() -> Regions:
    root = reference.folder()
    places = dict(parse((root / "regions.csv").read_text(encoding="utf-8")).places)
    text = (root / "region_changes.csv").read_text(encoding="utf-8")
    changes = {row["old_code"]: _change(row) for _, row in _rows(text)}
    for change in changes.values():
        place = places[change.new]
        names = (change.zh, change.old) if change.zh != place.zh else (change.old,)
        places[change.new] = replace(place, old=(*place.old, *names))
    return Regions(places, changes)


def _rows(content: str) -> Iterator[tuple[int, dict[str, str]]]:
    lines = content.splitlines()
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line and not line.startswith("#")]
    reader = csv.DictReader((line for _, line in numbered), restval="", restkey="")
    for (number, _), row in zip(numbered[1:], reader, strict=False):
        yield number, {key: value.strip() for key, value in row.items() if key}


def _faults(rows: list[tuple[int, dict[str, str]]], name: str) -> Iterator[Fault]:
    if not rows or not set(COLUMNS[:3]) | {"level"} <= set(rows[0][1]):
        yield _fault(name, 1, "", "region-columns", "缺少列 code、zh、en、level",
                     "the columns code, zh, en, level are needed")  # fmt: skip
        return
    codes = {row["code"] for _, row in rows}
    seen: set[str] = set()
    for number, row in rows:
        code = row["code"]
        if not CODE.fullmatch(code):
            yield _fault(name, number, "code", "region-code", "代码应为 2～12 位数字",
                         "a code has 2 to 12 digits")  # fmt: skip
        if code in seen:
            yield _fault(name, number, "code", "region-twice", "代码重复", "a code stands twice")
        if not row["zh"] or not row["en"]:
            yield _fault(name, number, "zh, en", "region-name", "缺少名称", "a name is missing")
        if row["level"] not in LEVELS:
            yield _fault(name, number, "level", "region-level", f"级别应为 {'、'.join(LEVELS)}",
                         f"the level is one of {', '.join(LEVELS)}")  # fmt: skip
        parent = row.get("parent", "")
        if parent and (parent not in codes or parent == code):
            yield _fault(name, number, "parent", "region-parent", "上级代码不在名单中",
                         "the parent is not in the list")  # fmt: skip
        seen.add(code)


def _fault(file: str, row: int, column: str, code: str, zh: str, en: str) -> Fault:
    return Fault(code, zh, en, file=file, row=row, column=column)


def _place(row: Mapping[str, str]) -> Place:
    return Place(
        code=row["code"],
        zh=row["zh"],
        en=row["en"],
        pinyin=row.get("pinyin") or _plain(row["en"]),
        level=cast(RegionLevel, row["level"]),
        parent=row.get("parent", ""),
        old=tuple(part for part in row.get("old", "").split(";") if part),
    )


def _change(row: Mapping[str, str]) -> Change:
    return Change(row["old_code"], row["old_zh"], row["old_en"], row["new_code"], row["event"],
                  row["date"], int(row["year"]), row["source"], row["standing"])  # fmt: skip


def _rank(place: Place, wanted: str) -> int:
    """Tell how well a place answers: 0 by its whole name, 1 by its beginning, 2 inside, 3 not."""
    names = [_plain(n) for n in (place.code, place.zh, place.en, place.pinyin, *place.old)]
    if wanted in names:
        return 0
    if any(name.startswith(wanted) for name in names):
        return 1
    return 2 if any(wanted in name for name in names) else 3


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    """Lower case without marks, spaces and apostrophes; ü written as u, like v after l and n."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.sub("(?<=[ln])v", "u", re.sub(r"[^\w]", "", re.sub(r"[̀-ͯ]", "", bare)))
