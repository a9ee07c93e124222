"""What cover, header and footer of a report say, in the reader's language."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.errors import UsageError
from analysis.i18n import Language, say
from analysis.press.document import Document
from analysis.press.manifest import join_runs

TAGS: Mapping[str, str] = {"zh": "zh-Hans-CN", "en": "en-GB"}


@dataclass(frozen=True, slots=True)
class Imprint:
    """The frame of one report.

    Attributes
    ----------
    language, tag
        Language of the catalogue and its BCP 47 tag.
    title
        Name of the document with the school year; `heading` is the same without it.
    running
        Header of each page: place, school year, audience.
    banner, banner_note
        Said on each page of a report made from synthetic data, else empty.
    facts
        Label and value pairs for cover and footer; no release date that is that of the data.
    released
        Release date; dates the files too, for no clock may.
    """

    language: Language
    tag: str
    title: str
    heading: str
    place: str
    year: str
    year_line: str
    audience: str
    audience_note: str
    running: str
    banner: str
    banner_note: str
    run: str
    as_of: str
    released: datetime.date
    edition: int
    facts: tuple[tuple[str, str], ...]


def imprint(document: Document, *, edition: int = 1, release_date: str = "") -> Imprint:
    """Collect what the frame of a report says.

    Parameters
    ----------
    document
        The opened document.
    edition
        Counts the releases of the same report; from the second on it is a revision.
    release_date
        ISO date; default the date of the data.

    Raises
    ------
    UsageError
        If a date is not written as one, or there is none at all.
    """
    first = document.sentinels[0]
    language = document.language
    synthetic = any(sentinel["data"].get("synthetic") for sentinel in document.sentinels)
    place = first["place"][language]
    heading = _heading(document, place, language)
    years = {
        form: _year(form, first["year"], language) for form in ("title", "line", "fact", "short")
    }
    audience = say(f"press.audience.{first['audience']}", language)
    as_of = first["data"].get("as_of", "")
    released = _date(release_date or as_of)
    run = join_runs(document.sentinels)
    facts = {
        "place": _place(first, language),
        "code": first["county"],
        "year": years["fact"],
        "audience": audience,
        "as_of": _written(as_of, language),
        "release_date": _written(release_date, language) if release_date not in ("", as_of) else "",
        "edition": say(
            f"press.edition.{'revised' if edition > 1 else 'first'}", language, n=edition
        ),
        "source": first["data"].get(f"source_{language}", ""),
        "run": run,
    }
    return Imprint(
        language=language,
        tag=TAGS[language],
        title=say("press.title.full", language, title=heading, year=years["title"]),
        heading=heading,
        place=place,
        year=years["short"],
        year_line=years["line"],
        audience=audience,
        audience_note=say(f"press.audience_note.{first['audience']}", language),
        running=" · ".join((place, years["short"], audience)),
        banner=say("press.synthetic.both", language) if synthetic else "",
        banner_note=say("press.synthetic.note", language) if synthetic else "",
        run=run,
        as_of=facts["as_of"],
        released=released,
        edition=edition,
        facts=tuple((say(f"press.fact.{k}", language), v) for k, v in facts.items() if v),
    )


def _heading(document: Document, place: str, language: Language) -> str:
    chapter = document.title.get(language)
    if chapter:
        return say("press.title.chapter", language, place=place, chapter=chapter)
    return say("press.title.report", language, place=place)


def _place(sentinel: Mapping[str, Any], language: Language) -> str:
    """Name the place with what it lies in, unless that has the same name."""
    place, parent = sentinel["place"][language], sentinel["parent"].get(language)
    return say("press.place", language, place=place, parent=parent if parent != place else None)


def _year(form: str, first: int, language: Language) -> str:
    following = first + 1 if language == "zh" else (first + 1) % 100
    shown = following if language == "zh" else f"{following:02d}"
    return say(f"press.year.{form}", language, first=first, next=shown)


def _date(text: str) -> datetime.date:
    """Read an ISO date; a year or a month alone stands for its first day."""
    missing = len("2021-01-01") - len(text)
    try:
        return datetime.date.fromisoformat(text + ("-01-01"[-missing:] if missing else ""))
    except ValueError:
        raise UsageError(
            f"日期应为 年-月-日，而不是 {text!r}", f"a date is written YYYY-MM-DD, not {text!r}"
        ) from None


def _written(text: str, language: Language) -> str:
    date = _date(text)
    if len(text) < len("2021-01-01"):
        return text
    month = say(f"press.month.{date.month}", language)
    return say("press.date", language, year=date.year, month=month, day=date.day)
