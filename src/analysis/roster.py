"""Lists of persons for the county's own desk, the one place where names come back.

A list is made by pseudonym (`finding.Roster`). `write_roster` joins the names, after the access is
in the log, and writes one workbook under ``desk/``, readable by its owner only, with purpose, date
of destruction and an empty column for what people decide. It holds names, no identity numbers and
no pseudonyms. A new kind of list is a new entry in `KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from numbers import Real
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import xlsxwriter

from analysis import i18n
from analysis.errors import UsageError, WithheldError
from analysis.finding import Roster
from analysis.i18n import Language, say
from analysis.records import identities
from analysis.records.contracts import TABLES
from analysis.records.contracts import Column as ContractColumn
from analysis.records.county import CountyData
from analysis.records.files import private, put
from analysis.records.results import load_roster
from analysis.records.store import open_county

REQUIRED = ("pseudonym", "school", "reason")
PERSONAL = frozenset(name for table in TABLES.values() for name in table.identifiers)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def build_teachers(county: CountyData, expires: str) -> Roster:
    """List a county's teachers by school.

    Parameters
    ----------
    county
        The county as the store gives it.
    expires
        ISO date after which the list is to be destroyed.

    Raises
    ------
    UsageError
        If the store has no teacher list of that year.
    """
    rows = county.table("teachers", year=county.year)
    if rows.empty:
        raise UsageError(
            f"{county.place.code} 没有 {county.year} 学年的教师名册",
            f"{county.place.code} has no list of teachers of {county.year}",
        )
    rows = rows.assign(reason="roster.reason.teachers").sort_values(
        ["school", "stage", "pseudonym"], ignore_index=True
    )
    columns = [*REQUIRED, "stage", "subject", "qualification", "backbone", "first_year"]
    return Roster("teachers", county.place.code, county.year, rows[columns], expires)


def build_absences(county: CountyData, expires: str) -> Roster:
    """List the pupils who were absent without leave for as long as the county's rule says.

    The rule is of the latest term that has attendance; how long is a parameter, no national rule.

    Parameters
    ----------
    county, expires
        As in `build_teachers`.

    Raises
    ------
    UsageError
        If the store has no register with attendance of that year.
    """
    attendance = county.table("attendance", year=county.year)
    pupils = county.table("pupils", year=county.year)
    if attendance.empty or pupils.empty:
        raise UsageError(
            f"{county.place.code} 没有 {county.year} 学年的学籍和考勤",
            f"{county.place.code} has no register and attendance of {county.year}",
        )
    term = attendance["term"].max()
    days = county.reference.parameters["dropout"]["absence"]["suspected_days"]
    long = attendance[(attendance["term"] == term) & (attendance["longest_n"] >= days)]
    known = pupils[pupils["term"] == term].drop_duplicates("pseudonym")
    rows = long.merge(known[["pseudonym", "grade", "class_no"]], on="pseudonym", how="left")
    rows = rows.assign(
        ledger=rows["pseudonym"].map(_on_ledger(county)).fillna("roster.ledger.none"),
        ask="roster.ask.class_teacher",
        reason="roster.reason.absences",
    ).sort_values(["school", "grade", "class_no", "pseudonym"], ignore_index=True)
    columns = [*REQUIRED, "term", "grade", "class_no", "longest_n", "days_unexcused_n", "ledger",
               "ask"]  # fmt: skip
    return Roster("absences", county.place.code, county.year, rows[columns], expires)


def _on_ledger(county: CountyData) -> dict[str, str]:
    """Say of each pupil with a case in the year whether any of them is still open."""
    cases = county.table("suspected", year=county.year)
    open_ = cases["closed_on"].isna().groupby(cases["pseudonym"]).any()
    return {
        str(who): f"roster.ledger.{'open' if still else 'closed'}" for who, still in open_.items()
    }


KINDS: Mapping[str, Callable[[CountyData, str], Roster]] = MappingProxyType(
    {"absences": build_absences, "teachers": build_teachers}
)
"""Lists that are made of a county's tables."""
FITTED = ("moves", "visits")
"""Lists that `county fit` makes with what they belong to."""


def build(kind: str, county: CountyData, expires: str, store: str | Path = "") -> Roster:
    """Make a list of a kind, or say which kinds there are.

    Parameters
    ----------
    kind
        One of `KINDS` or `FITTED`.
    county, expires
        Whose list, and when it is to be destroyed.
    store
        Where fitted lists are read from.
    """
    if kind in FITTED:
        return _fitted(kind, county, expires, store)
    if kind not in KINDS:
        listed = ", ".join(sorted([*KINDS, *FITTED]))
        raise UsageError(
            f"没有名单种类 {kind!r}；有 {listed}", f"no kind {kind!r}; there are {listed}"
        )
    return KINDS[kind](county, expires)


def _fitted(kind: str, county: CountyData, expires: str, store: str | Path) -> Roster:
    """Read a list of the fit that counts; those on it have to be in the data as they now are."""
    code, year = county.place.code, county.year
    listed = load_roster(store, code, year, kind)
    if listed is None and kind == "visits":
        raise UsageError(
            f"{code} {year} 学年没有走访名单：尚未运行 county fit，或个体评分未显示优于学校离校率"
            "（见报告）；请按报告所指的学校安排走访",
            f"there is no list of visits for {code} in {year}: county fit was not run, or scores of "
            "single pupils are not shown to beat the school's rate (see the report); let visits go "
            "by the schools that the report points to",
        )
    if listed is None:
        raise UsageError(
            f"{code} {year} 学年没有这份名单：请先运行 county fit；方案中没有人员流动时也没有名单",
            f"there is no such list for {code} in {year}: run county fit first; a plan in which "
            "nobody moves has none",
        )
    rows = listed.rows
    if list(rows["pseudonym"].map(_where(kind, county))) != list(rows["school"]):
        raise UsageError(
            f"{code} 的数据在测算之后有变动；请重新运行 county fit",
            f"the data of {code} have changed since the fit; run county fit again",
        )
    return replace(listed, expires=expires)


def _where(kind: str, county: CountyData) -> dict[str, str]:
    """Give where those who can be on a fitted list are now."""
    table = county.table("pupils" if kind == "visits" else "teachers", year=county.year)
    if kind == "visits":
        table = table.sort_values("term")
    return dict(zip(table["pseudonym"], table["school"], strict=True))


def write_roster(
    roster: Roster,
    store: str | Path,
    out: Path = Path("desk"),
    who: str = "",
    purpose: str = "",
    *,
    language: Language = "zh",
    today: date | None = None,
) -> Path:
    """Join the names and write the workbook.

    Parameters
    ----------
    roster
        The list by pseudonym.
    store
        The store that it was made from.
    out
        The desk: a folder that only its owner may enter; made where it is not there.
    who, purpose
        Who draws the list and what for; both go into the log and onto the sheet.
    language
        Language of headings and codes.
    today
        The day it is drawn (default: today); a list that has expired is refused.

    Returns
    -------
    pathlib.Path
        ``out/roster/<year>/<code>/<kind>.xlsx``.

    Raises
    ------
    WithheldError
        If the list has expired, holds identifiers, or would be written where reports are shared.
    UsageError
        If `who` or `purpose` is missing.
    """
    store = Path(store)
    _check(roster, store, out, today or date.today())
    county = open_county(store, roster.county, roster.year)
    known = identities.look_up(
        store, roster.county, set(roster.rows["pseudonym"]), who=who, purpose=purpose
    )
    content = _workbook(roster, county, _join(roster, county, known, language), language, (
        ("purpose", purpose), ("who", who), ("expires", roster.expires),
        ("source", getattr(county.origin, f"source_{language}")),
    ))  # fmt: skip
    folder = private(out)
    for part in ("roster", str(roster.year), roster.county):
        folder = private(folder / part)
    path = folder / f"{roster.kind}.xlsx"
    put(path, content)
    return path


def _check(roster: Roster, store: Path, out: Path, today: date) -> None:
    if not _NAME.fullmatch(roster.kind) or not set(REQUIRED) <= set(roster.rows):
        raise ValueError("a roster has a plain kind and the columns pseudonym, school, reason")
    if PERSONAL & set(roster.rows):
        raise WithheldError(
            "名单中不得自带身份信息", "a roster must not bring identifiers of its own"
        )
    if _day(roster.expires) < today:
        raise WithheldError(
            f"名单已于 {roster.expires} 到期，请重新生成",
            f"the list expired on {roster.expires}; make it anew",
        )
    place = out.resolve()
    if "reports" in (part.casefold() for part in place.parts):
        raise WithheldError(
            "带姓名的名单不得写入 reports 目录", "lists with names are never written under reports"
        )
    if place.is_relative_to(store.resolve()):
        raise UsageError("名单不得写入数据库目录", "lists are not written into the store")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "到期日应写作 2022-03-31", "the date of destruction is written as 2022-03-31"
        ) from None


def _join(
    roster: Roster, county: CountyData, known: pd.DataFrame, language: Language
) -> pd.DataFrame:
    """Put names in place of pseudonyms and words in place of codes."""
    names = dict(zip(known["pseudonym"], known["name"], strict=True)) if len(known) else {}
    schools = county.table("schools", year=county.year).set_index("school")["name_zh"]
    missing = say("roster.missing.name", language)
    rows = roster.rows.reset_index(drop=True)
    joined = pd.DataFrame({"number": range(1, len(rows) + 1)})
    joined["name"] = [names.get(p, missing) for p in rows["pseudonym"]]
    joined["school_name"] = [schools.get(code, code) for code in rows["school"]]
    for column in rows.columns.drop(list(REQUIRED)):
        joined[column] = _words(rows[column], column, county, language)
    joined["reason"] = [say(r, language) if i18n.has(r) else r for r in rows["reason"]]
    return joined.assign(decision="", decided_by="")


def _words(values: pd.Series, column: str, county: CountyData, language: Language) -> pd.Series:
    declared = _declared(column)
    words: dict[object, str] = {}
    if column == "receiver":
        words |= county.table("schools", year=county.year).set_index("school")["name_zh"].to_dict()
    if column == "counted":
        what = {i["id"]: i[f"what_{language}"] for scheme in county.reference.schemes.values()
                for i in scheme["indicator"]}  # fmt: skip
        between = "、" if language == "zh" else ", "
        words |= {v: between.join(what[id] for id in str(v).split()) for v in values}
    if declared and declared.codes:
        words |= {k: v[language] for k, v in county.reference.names(declared.codes).items()}
    elif str(values.dtype) == "boolean":
        words |= {True: say("roster.flag.yes", language), False: say("roster.flag.no", language)}
    words |= {v: say(v, language) for v in values if isinstance(v, str) and i18n.has(v)}
    plain = ["" if pd.isna(value) else words.get(value, value) for value in values]
    return pd.Series(plain, index=values.index, dtype="object")


def _declared(column: str) -> ContractColumn | None:
    return next((t[column] for t in TABLES.values() if column in t.names), None)


def _heading(column: str, language: Language) -> str:
    if i18n.has(f"roster.column.{column}"):
        return say(f"roster.column.{column}", language)
    declared = _declared(column)
    return getattr(declared, language) if declared else column


def _workbook(
    roster: Roster, county: CountyData, rows: pd.DataFrame, language: Language,
    box: tuple[tuple[str, str], ...],
) -> bytes:  # fmt: skip
    """Write the sheet; the same list gives the same bytes."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    # A workbook bears a date of making; the list's own date keeps the bytes the same.
    book.set_properties({"created": datetime.fromisoformat(roster.expires)})
    bold, head = book.add_format({"bold": True}), book.add_format({"bold": True, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(say("roster.sheet", language))
    title = say("roster.title", language, county=county.place.label[language], year=roster.year,
                kind=say(f"roster.kind.{roster.kind}", language))  # fmt: skip
    lines = [(title, ""), (say("roster.box.rule", language), "")]
    if county.origin.synthetic:
        lines.append((say("roster.box.synthetic", language), ""))
    lines += [(say(f"roster.box.{key}", language), value) for key, value in box]
    lines.append((say("roster.box.count", language), f"{len(rows):,}"))
    for number, (label, value) in enumerate(lines):
        sheet.write_string(number, 0, label, bold if number == 0 else None)
        if value:
            sheet.write_string(number, 2, value)
    top = len(lines) + 1
    for place, column in enumerate(rows.columns):
        sheet.write_string(top, place, _heading(column, language), head)
        for number, value in enumerate(rows[column], top + 1):
            _cell(sheet, number, place, value, wrap)
    sheet.set_column(0, len(rows.columns) - 1, 16)
    sheet.set_column(0, 0, 6)
    sheet.set_column(2, 2, 28)
    sheet.freeze_panes(top + 1, 2)
    sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    book.close()
    return buffer.getvalue()


def _cell(
    sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: object,
    style: xlsxwriter.format.Format,
) -> None:  # fmt: skip
    if isinstance(value, Real) and not isinstance(value, bool):
        sheet.write_number(row, column, float(value), style)
    else:
        # Never `write`: a name that begins with = must not become a formula.
        sheet.write_string(row, column, str(value), style)
