"""Links of a page to the files beside it: other formats, other languages, none that is not there.

A page is made without them. Once a report stands together, with what an earlier run may have left,
each page is told what is beside it, so that it does not matter in how many runs they were made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from analysis.i18n import LANGUAGES, Language, say
from analysis.press import staging
from analysis.press.imprint import TAGS

PAGE = "report.html"
FORMATS = ("pdf", "xlsx")
EMPTY = Markup('<p class="downloads" hidden></p>')
"""Stands in the head of a page where its links will be."""
_LINE = re.compile(rf"{re.escape(EMPTY)}|<p class=\"downloads\">.*?</p>", re.DOTALL)


def link(stage: Path) -> None:
    """Tell every page of a report what stands beside it.

    Parameters
    ----------
    stage
        Folder of the report, a folder in it for each language.
    """
    for language in LANGUAGES:
        path = stage / language / PAGE
        if path.exists():
            line = _line(stage, language)
            page = path.read_text(encoding="utf-8")
            told = _LINE.sub(lambda _, line=line: line, page, count=1)  # type: ignore[misc]
            staging.write(path, told.encode())


def _line(stage: Path, language: Language) -> Markup:
    links = Markup(" ").join(_links(stage, language))
    if not links:
        return EMPTY
    words = say("press.download", language)
    return Markup('<p class="downloads"><span>{}</span> {}</p>').format(words, links)


def _links(stage: Path, language: Language) -> Iterator[Markup]:
    for format in FORMATS:
        name = f"report.{format}"
        if (stage / language / name).exists():
            yield Markup('<a href="{}">{}</a>').format(name, format.upper())
    for other in LANGUAGES:
        if other != language and (stage / other / PAGE).exists():
            yield Markup('<a href="../{0}/{1}" lang="{2}" hreflang="{2}">{3}</a>').format(
                other, PAGE, TAGS[other], say(f"press.page_in_{other}", language)
            )
