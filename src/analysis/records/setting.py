"""Which county, school year, term and stage a sheet speaks of, where its columns do not say.

Files name them in the title, in the row of the reporting unit, in the sheet's, file's or folder's
name. Everything that says so is taken together: where two say different things, that is a fault,
never a choice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from analysis import i18n
from analysis.errors import Fault
from analysis.records.contracts import TABLES
from analysis.records.faults import fault
from analysis.records.parsing import labels, parse_school_year
from analysis.records.reference import load_reference
from analysis.records.regions import Regions
from analysis.records.vocabulary import normal, vocabulary

T = TypeVar("T", str, int)

_DIGITS = re.compile(r"(?<!\d)\d+(?!\d)")
_SCHOOL_YEAR = re.compile(
    r"(?<!\d)\d{4}(?:[-~/至—–―]\d{2,4})?学年度?|(?<!\d)\d{4}[-~—–―]\d{4}(?!\d)"
)
_SUFFIX = re.compile("(自治县|自治旗|县|区|市|旗|county|district|city|banner)$")
_LONGEST_NAME = 15
_TERM = re.compile("第([一二])(?=学期|第二学期)|([秋春])(?:季|学期)|学年度?([上下])学期")
_TERMS = {"一": "1", "秋": "1", "上": "1", "二": "2", "春": "2", "下": "2"}
_SEASON = re.compile(r"(?<!\d)(\d{4})年?([秋春])(?:季|学期)")
_LOW, _HIGH = (int(bound or 0) for bound in (
    TABLES["schools"]["year"].low, TABLES["schools"]["year"].high))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """One text around a sheet, and what kind of text it is (key of ``intake.where``)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What the texts around a sheet say; empty where they say nothing.

    Attributes
    ----------
    county, year, stage, term
        The only value that all texts allow.
    faults
        Contradictions, as faults without a place.
    """

    county: str = ""
    year: int | None = None
    stage: str = ""
    term: str = ""
    faults: Mapping[str, Fault] = field(default_factory=dict)


def read_setting(evidence: Sequence[Evidence], names: Gazetteer) -> Setting:
    """Read county, year, term and stage from the texts around a sheet.

    Examples
    --------
    >>> from analysis.records.regions import regions
    >>> texts = [Evidence("title", "张北县2021—2022学年小学情况"), Evidence("file", "130722_2021.csv")]
    >>> found = read_setting(texts, gazetteer(regions()))
    >>> found.county, found.year, found.stage
    ('130722', 2021, 'primary')
    """
    counties = [(e, names.places(e.text)) for e in evidence]
    years = [(e, years_in(e)) for e in evidence]
    found_county, county_fault = _agree("county", [(e, c) for e, c in counties if c])
    found_year, year_fault = _agree("year", [(e, y) for e, y in years if y])
    found_stage, stage_fault = _stage(evidence)
    terms = [(e, terms_in(e)) for e in evidence]
    found_term, term_fault = _agree("term", [(e, t) for e, t in terms if t])
    elsewhere = _elsewhere(evidence, names)
    faults = {"county": elsewhere or county_fault, "year": year_fault, "stage": stage_fault,
              "term": term_fault}  # fmt: skip
    return Setting(
        county="" if elsewhere else found_county or "",
        year=found_year,
        stage=found_stage,
        term=found_term or "",
        faults={name: found for name, found in faults.items() if found},
    )


def _elsewhere(evidence: Sequence[Evidence], names: Gazetteer) -> Fault | None:
    """Say that a text names a county and a prefecture or province that it does not lie in."""
    for e in evidence:
        if near := names.strays(e.text):
            zh, en = (i18n.say(f"intake.where.{e.kind}", language) for language in i18n.LANGUAGES)
            return fault("county-elsewhere", at_zh=zh, at_en=en, near=_list(near))
    return None


def _stage(evidence: Sequence[Evidence]) -> tuple[str, Fault | None]:
    """Give the stage that all texts name; the reporting unit is asked only if no other does."""
    said = [(e, stage) for e in evidence if (stage := stage_in(e))]
    asked = [(e, frozenset({stage})) for e, stage in said if e.kind != "reporter"]
    found, contradiction = _agree("stage", asked)
    return found or (said[0][1] if said and not contradiction else ""), contradiction


def _agree(
    what: str, said: Sequence[tuple[Evidence, frozenset[T]]]
) -> tuple[T | None, Fault | None]:
    """Give what all texts allow, or the fault that they contradict one another."""
    left: frozenset[T] = said[0][1] if said else frozenset()
    for evidence, allowed in said[1:]:
        if not left & allowed:
            first, kinds = said[0][1], (said[0][0].kind, evidence.kind)
            zh, en = ([i18n.say(f"intake.where.{kind}", language) for kind in kinds]
                      for language in i18n.LANGUAGES)  # fmt: skip
            shown: dict[str, Any] = {
                f"{place}_{language}": _list(_label(what, value, language) for value in values)
                for place, values in (("first", first), ("second", allowed))
                for language in i18n.LANGUAGES
            }
            return None, fault(
                f"{what}-contradiction", first_at_zh=zh[0], first_at_en=en[0], second_at_zh=zh[1],
                second_at_en=en[1], **shown,
            )  # fmt: skip
        left &= allowed
    if len(left) > 1:
        return None, fault(f"{what}-ambiguous", choices=_list(left))
    return next(iter(left), None), None


def _label(what: str, value: object, language: i18n.Language) -> str:
    """Name a stage or term in a language; codes and years are the same in both."""
    named = what in ("stage", "term")
    return str(load_reference().codes[what][str(value)][language] if named else value)


def _list(values: Iterable[object]) -> str:
    return ", ".join(map(str, sorted(values, key=str)))


@dataclass(frozen=True)
class Gazetteer:
    """Divisions as texts name them.

    Attributes
    ----------
    regions
        The list.
    counties
        Codes of counties by name, former names included.
    above
        Codes of prefectures and provinces by name.
    """

    regions: Regions
    counties: Mapping[str, frozenset[str]]
    above: Mapping[str, frozenset[str]]
    _known: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)

    def places(self, text: str) -> frozenset[str]:
        """Find the codes of the counties that a text may speak of.

        A code decides; else the longest county name, narrowed by the prefecture and the province
        that are named with it: to nothing where it lies in neither, see `strays`.
        """
        return self._read(text)[0]

    def strays(self, text: str) -> frozenset[str]:
        """Find the counties that a text names together with divisions they do not lie in."""
        found, named = self._read(text)
        return frozenset() if found else named

    def _read(self, text: str) -> tuple[frozenset[str], frozenset[str]]:
        if text not in self._known:
            self._known[text] = self._places("".join(unicodedata.normalize("NFKC", text).split()))
        return self._known[text]

    def named(self, name: str) -> frozenset[str]:
        """Find the counties that bear this very name, with or without 县, 区, County and so on."""
        wanted = normal(name)
        return self.counties.get(wanted, frozenset()) or self._stems.get(wanted, frozenset())

    @cached_property
    def _stems(self) -> Mapping[str, frozenset[str]]:
        stems: dict[str, frozenset[str]] = {}
        for name, codes in self.counties.items():
            stem = _SUFFIX.sub("", name)
            if len(stem) > 1 or name.isascii():
                stems[stem] = stems.get(stem, frozenset()) | codes
        return stems

    def _places(self, text: str) -> tuple[frozenset[str], frozenset[str]]:
        """Give the counties that a text speaks of, and those it names, wherever they lie."""
        codes = {self.regions.succeeded(digits) for digits in _DIGITS.findall(text)}
        codes = {code for code in codes if self._is_county(code)}
        if codes:
            return frozenset(codes), frozenset(codes)
        pieces = {
            text[start : start + length]
            for start in range(len(text))
            for length in range(2, min(_LONGEST_NAME, len(text) - start) + 1)
        }
        pieces = {piece for piece in pieces if not piece.isascii()}
        named = pieces & self.counties.keys()
        whole = [p for p in named if not any(p != other and p in other for other in named)]
        found = {code for piece in whole for code in self.counties[piece]}
        named_above = [
            self.above[piece]
            for piece in pieces & self.above.keys()
            if not any(piece in county for county in whole)
        ]
        narrowed = {
            code for code in found
            if all(within & self._above(code) for within in named_above)
        }  # fmt: skip
        return frozenset(narrowed), frozenset(found)

    def _above(self, code: str) -> frozenset[str]:
        return frozenset(place.code for place in self.regions.ancestors(code))

    def _is_county(self, code: str) -> bool:
        place = self.regions.places.get(code)
        return place is not None and place.level == "county"


def gazetteer(regions: Regions) -> Gazetteer:
    """Index a list of divisions by name."""
    counties: dict[str, frozenset[str]] = {}
    above: dict[str, frozenset[str]] = {}
    for place in regions.places.values():
        index = counties if place.level == "county" else above
        for name in map(normal, (place.zh, place.en, *place.old)):
            index[name] = index.get(name, frozenset()) | {place.code}
    return Gazetteer(regions, counties, above)


def years_in(evidence: Evidence) -> frozenset[int]:
    """Find the school years a text speaks of: 2021学年, 2021-2022, or 2021 in a file's name.

    The spring of 2022 is the second term of the school year that began in 2021.

    >>> [sorted(years_in(Evidence("file", text))) for text in ("2022年春季学期", "2022年秋季", "2022")]
    [[2021], [2022], [2022]]
    """
    text = "".join(unicodedata.normalize("NFKC", evidence.text).split())
    years = {parse_school_year(match) for match in _SCHOOL_YEAR.findall(text)}
    if not years:
        years = {int(year) - (season == "春") for year, season in _SEASON.findall(text)}
    if not years and evidence.kind in ("file", "folder", "sheet"):
        years = {int(digits) for digits in _DIGITS.findall(text) if len(digits) == 4}
    return frozenset(year for year in years if year is not None and _LOW <= year <= _HIGH)


def terms_in(evidence: Evidence) -> frozenset[str]:
    """Find the terms a text speaks of: 第一学期, 秋季学期, or 上学期 right after the year.

    Alone, 上学期 may as well be the last term.

    >>> [sorted(terms_in(Evidence("title", text))) for text in
    ...  ("2021学年第一学期", "2022年春季学期学籍", "2021学年下学期", "上学期成绩", "第一、第二学期")]
    [['1'], ['2'], ['2'], [], ['1', '2']]
    """
    found = _TERM.findall(normal(evidence.text))
    return frozenset(_TERMS["".join(groups)] for groups in found)


def stage_in(evidence: Evidence) -> str:
    """Find the stage a text speaks of: the whole of it, or the only one it names."""
    whole = labels("stage").get(normal(evidence.text))
    if whole:
        return whole
    text = normal(evidence.text)
    for word in vocabulary().several_stages:
        text = text.replace(word, " ")
    named = {code for name, code in labels("stage").items() if not name.isascii() and name in text}
    return next(iter(named)) if len(named) == 1 else ""


def is_reporter(cell: str) -> bool:
    """Tell whether a cell of the title rows names the reporting unit."""
    words = re.split("[:：]", cell, maxsplit=1)
    return len(words) == 2 and normal(words[0]) in vocabulary().rows["reporter"]
