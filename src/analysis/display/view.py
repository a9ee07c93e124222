"""A released finding in one language: the only thing charts, tables and prose look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from analysis import i18n
from analysis.display.rows import CODED, HIDDEN, Row, is_number, records
from analysis.finding import KEY, Check, Indicator, Verdict, reaches
from analysis.i18n import Blank, Language

if TYPE_CHECKING:
    from analysis.release import Released, Said

STAGES = ("primary", "junior", "senior")


@dataclass(frozen=True, slots=True)
class View:
    """What may be shown of a finding, to whom it was released, in one language.

    Attributes
    ----------
    released
        From `analysis.release.release`.
    language
        ``"zh"`` or ``"en"``.
    chapter
        The chapter that shows it; by default the finding's own.
    """

    released: Released
    language: Language
    chapter: str = ""
    _rows: dict[tuple[str, str, str], list[Row]] = field(init=False, repr=False, compare=False)
    _verdicts: dict[tuple[str, ...], Verdict] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.language not in i18n.LANGUAGES:
            raise i18n.CatalogueError(
                f"没有语言 {self.language}；可用的有 zh、en",
                f"no language {self.language}; there are zh, en",
            )
        rows: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in records(self.released.table):
            rows[row["indicator"], row["stage"], row["by"]].append(row)
        verdicts = {tuple(getattr(c, k) for k in KEY): c.verdict for c in self.released.checks}
        object.__setattr__(self, "chapter", self.chapter or self.released.name)
        object.__setattr__(self, "_rows", dict(rows))
        object.__setattr__(self, "_verdicts", verdicts)

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages of the finding in the order of schooling."""
        found = {str(stage) for stage in self.released.table["stage"]} - {""}
        found |= {check.stage for check in self.released.checks} - {""}
        known = [stage for stage in STAGES if stage in found]
        return (*known, *sorted(found - set(known)))

    def stages_of(self, stage: str | None) -> tuple[str, ...]:
        """Give the stages to go through: the one asked for, or no stage in particular and all."""
        return ("", *self.stages) if stage is None else (stage,)

    def id(self, kind: str, name: str, stage: str = "") -> str:
        """Make the id of a block: stable from year to year, unique in a report."""
        own = self.released.name
        parts = (self.chapter, own if own != self.chapter else "", kind, name, stage)
        return "-".join(part.replace("_", "-") for part in parts if part)

    # Numbers

    def rows(
        self, indicator: str, *, stage: str = "", by: str = "", at: str | None = ""
    ) -> list[Row]:
        """Give the rows of an indicator; `at` empty for the latest, ``None`` for all."""
        rows = self._rows.get((indicator, stage, by), [])
        wanted = at or self._latest(rows)
        return rows if at is None else [row for row in rows if row["at"] == wanted]

    def row(
        self, indicator: str, *, stage: str = "", by: str = "", subject: str = "", at: str = ""
    ) -> Row | None:
        """Give the one row with this key, or none."""
        rows = self.rows(indicator, stage=stage, by=by, at=at)
        return next((row for row in rows if row["subject"] == subject), None)

    def limit(self, indicator: str, stage: str, subject: str = "threshold") -> float | None:
        """Give the limit that an indicator is held against in a stage."""
        row = self.row(indicator, stage=stage, by="limit", subject=subject)
        if row is not None and is_number(row["value"]):
            return float(row["value"])
        limits = {c.limit for c in self.checks(stage=stage) if c.indicator == indicator}
        return limits.pop() if len(limits) == 1 and is_number(next(iter(limits))) else None

    def ids(self, suffix: str, stage: str, by: str = "") -> tuple[str, ...]:
        """List the indicators with rows here whose id ends so, in the order declared."""
        return tuple(
            i.id
            for i in self.released.indicators
            if i.id.endswith(suffix) and (i.id, stage, by) in self._rows
        )

    def checks(
        self, *, stage: str, by: str | None = None, indicator: str | None = None
    ) -> tuple[Check, ...]:
        return tuple(
            check
            for check in self.released.checks
            if check.stage == stage
            and by in (None, check.by)
            and indicator in (None, check.indicator)
        )

    def verdict(self, row: Row) -> Verdict | Literal[""]:
        """Give the verdict on a row: its check's, or how it stands to the threshold, or none."""
        key = tuple(row[column] for column in KEY)
        if key in self._verdicts:
            return self._verdicts[key]
        limit = self.limit(row["indicator"], row["stage"])
        if limit is None or not is_number(row["value"]):
            return ""
        better = self.released.indicator(row["indicator"]).better
        return "met" if reaches(row["value"], limit, better) else "not_met"

    def cells_of(self, said: Iterable[Said]) -> list[Row]:
        """Give the rows that the numbers of sentences stand in, each once."""
        keys = dict.fromkeys(key for note in said for key in note.cells)
        found = (
            self.row(indicator, stage=stage, by=by, subject=subject, at=at)
            for indicator, stage, by, subject, at in keys
        )
        return [row for row in found if row is not None]

    # Words

    def word(self, key: str, /, **values: Blank) -> str:
        return i18n.say(key, self.language, **values)

    def label(self, by: str, subject: str) -> str:
        """Give the name of a subject; its code where it has none."""
        names = self.released.labels.get(by, {}).get(subject)
        if names:
            return names[self.language]
        for key in (f"{by}.{subject}", f"{self.released.name}.{by}.{subject}"):
            if i18n.has(key):
                return i18n.text(key, self.language)
        return subject

    def name(self, indicator: str) -> str:
        """Give the name of an indicator."""
        declared = self.released.indicator(indicator)
        return declared.zh if self.language == "zh" else declared.en

    def short(self, indicator: str) -> str:
        """Give the name without the unit's words where the finding has one (dimension ``what``)."""
        base = indicator.split(".")[0]
        names = self.released.labels.get("what", {}).get(base)
        return capital(names[self.language]) if names else self.name(indicator)

    def base_name(self, indicator: str) -> str:
        """Give the name of what ``<id>.coefficient`` and other parts are about."""
        base = indicator.split(".")[0]
        known = {i.id for i in self.released.indicators}
        return self.name(base if base in known else indicator)

    def unit(self, indicator: str) -> str:
        """Give the unit's words, empty where it goes without saying."""
        unit = self.released.indicator(indicator).unit
        key = f"units.{unit}"
        return i18n.text(key, self.language) if unit and i18n.has(key) else ""

    def titled(self, indicator: str) -> str:
        """Give an indicator's name with its unit, unless the name says it."""
        name, unit = self.name(indicator), self.unit(indicator)
        if not unit or unit == "%" or unit.casefold() in name.casefold():
            return name
        return self.word("display.header", name=name, unit=unit)

    def period(self) -> str:
        year = self.released.year
        following = year + 1 if self.language == "zh" else f"{(year + 1) % 100:02d}"
        return self.word("display.period", year=str(year), next=str(following))

    def place(self) -> str:
        return self.label("county", self.released.county)

    def source(self) -> str:
        """Give the source line."""
        origin = self.released.origin
        named = origin.source_zh if self.language == "zh" else origin.source_en
        made = self.word("display.synthetic") if origin.synthetic else None
        if made and made.casefold() in named.casefold():
            made = None
        return self.word(
            "display.source", source=named or None, as_of=origin.as_of or None, synthetic=made
        )

    # Numbers as words

    def number(self, value: float, indicator: str | Indicator, *, more: int = 0) -> str:
        """Write a number with its indicator's decimals, shares as percent."""
        declared = self._declared(indicator)
        if declared.unit == "share":
            return i18n.show(value * 100, str(declared.digits + more)) + "%"
        return i18n.show(value, str(declared.digits + more))

    def against(self, value: float, limit: float, indicator: str) -> str:
        """Write a number with as many decimals as keep it apart from the limit it is held to."""
        for more in range(4):
            text = self.number(value, indicator, more=more)
            if value == limit or text != self.number(limit, indicator, more=more):
                return text
        return text

    def value(self, row: Row | None, field: str = "value") -> str:
        """Write a cell: the number with its flag, or the word that stands in its place."""
        if row is None:
            return self.word("flag.z")
        flag = str(row["flag"])
        number = row[field]
        if not is_number(number) or flag in HIDDEN:
            without = "x" if field == "value" else "z"
            return self.word(f"flag.{flag if flag in HIDDEN else without}")
        text = self.count(row, field) if field != "value" else self._whole(row)
        return self.flagged(text, flag)

    def count(self, row: Row, field: str) -> str:
        """Write one of the other numbers of a row: bounds by the indicator, counts whole."""
        if field in ("value_low", "value_high"):
            return self.number(row[field], row["indicator"])
        return i18n.show(row[field], "n")

    def flagged(self, text: str, flag: str) -> str:
        """Put a flag's words behind a number."""
        if not flag or flag in HIDDEN:
            return text
        if flag in CODED:
            return self.word(f"display.bound.{flag}", number=text)
        return self.word("display.flagged", number=text, flag=self.word(f"flag.{flag}"))

    def range(self, row: Row | None) -> str:
        """Write the range of a row, empty where there is none."""
        if row is None or str(row["flag"]) in HIDDEN:
            return ""
        low, high = row["value_low"], row["value_high"]
        if not (is_number(low) and is_number(high)):
            return ""
        return self.word(
            "display.range",
            low=self.number(low, row["indicator"]),
            high=self.number(high, row["indicator"]),
        )

    def verdict_text(self, verdict: Verdict, reason: str = "") -> str:
        """Write a verdict: mark, word and, where there is one, the reason."""
        text = f"{self.word(f'verdict.mark.{verdict}')} {self.word(f'verdict.{verdict}')}"
        if reason and i18n.has(reason):
            return self.word("display.flagged", number=text, flag=self.word(reason))
        return text

    # Sentences

    def said(self, role: str, stage: str | None = None) -> Iterator[tuple[Said, str]]:
        """Give the notes of a role with their sentences, of one stage or of all."""
        for note in self.released.notes:
            if note.key.split(".")[1] == role and stage in (None, note.stage):
                yield note, self.sentence(note)

    def join(self, *texts: str) -> str:
        """Put sentences behind one another."""
        return ("" if self.language == "zh" else " ").join(text for text in texts if text)

    def sentence(self, note: Said) -> str:
        values = {
            blank: value[self.language] if isinstance(value, Mapping) else value
            for blank, value in note.values.items()
        }
        return capital(self.word(note.key, **values))

    def caption(self, kind: str, name: str, part: str, stage: str, **values: Blank) -> str:
        """Give a part of a figure's or table's words.

        From the note ``<finding>.<kind>.<name>.<part>`` of that stage or of none; else from the
        catalogue's entry of that key; else from `display`'s own. Empty where there is none. Blanks
        may be words of the finding (dimension ``word``).
        """
        key = f"{self.released.name}.{kind}.{name}.{part}"
        for wanted in (stage, ""):
            for note in self.released.notes:
                if note.stage == wanted and note.key in (key, f"{key}_plain"):
                    return self.sentence(note)
        common = {
            "county": self.place(), "period": self.period(), "year": self.released.year,
            "stage": self.label("stage", stage) if stage else None,
            **{word: names[self.language] for word, names in self.released.labels.get("word", {}).items()},
            **values,
        }  # fmt: skip
        for candidate in (key, f"display.{kind}.{values.get('chart', name)}.{part}"):
            if i18n.has(candidate) and self._can_say(candidate, common):
                return capital(self.word(candidate, **common))
        return ""

    def _can_say(self, key: str, values: Mapping[str, Blank]) -> bool:
        try:
            self.word(key, **values)
        except i18n.CatalogueError:
            return False
        return True

    def _whole(self, row: Row) -> str:
        text = self.number(row["value"], row["indicator"])
        if self.released.indicator(row["indicator"]).unit == "share" and row["value"] < 1:
            text = self.against(row["value"], 1.0, row["indicator"])  # not all is not 100%
        shows_nothing = row["value"] != 0 and not any(digit in text for digit in "123456789")
        return self.word("flag.low") if shows_nothing else text

    def _declared(self, indicator: str | Indicator) -> Indicator:
        if isinstance(indicator, Indicator):
            return indicator
        return self.released.indicator(indicator)

    def _latest(self, rows: list[Row]) -> str:
        """Give the report's year where there is one, else the last point in time."""
        year = str(self.released.year)
        points = {row["at"] for row in rows}
        return year if year in points else max(points, default="")


def capital(text: str) -> str:
    """Begin a text with a capital."""
    return text[:1].upper() + text[1:]
