"""Grades as registers write them: 五年级, 初一, or 小学2019级 by the year of entry."""

from __future__ import annotations

import re

from analysis.records.vocabulary import normal, vocabulary

_JUNIOR = "初"
_BY_ENTRY = re.compile(r"(\D*)(\d{4})级")


def read_grade(text: str) -> int | None:
    """Read a grade in words.

    >>> [read_grade(text) for text in ("五年级", "初一", "初中 一年级", "５年级", "高一", "七")]
    [5, 7, 7, 5, None, None]
    """
    return vocabulary().grades.get(normal(text))


def is_by_entry(text: str) -> bool:
    """Tell whether a grade is named by a year of entry.

    >>> is_by_entry("小学2019级"), is_by_entry("五年级")
    (True, False)
    """
    return _BY_ENTRY.fullmatch(normal(text)) is not None


def counts_from_junior(text: str) -> bool:
    """Tell whether a grade is counted from the first of junior school, which is 6 or 7.

    >>> [counts_from_junior(text) for text in ("初一", "初中2020级", "七年级", "小学2019级", "7")]
    [True, True, False, False, False]
    """
    return normal(text).startswith(_JUNIOR)


def is_fourth_of_junior(text: str) -> bool:
    """Tell whether a grade is one that only five and four grades have (初四).

    >>> is_fourth_of_junior("初四"), is_fourth_of_junior("初中4年级"), is_fourth_of_junior("初三")
    (True, True, False)
    """
    return normal(text) in vocabulary().fourth_of_junior


def by_entry(text: str, year: int) -> int | None:
    """Give the grade, in a school year, of those who entered in another.

    Parameters
    ----------
    text
        The stage and the year of entry. Without the stage, nobody knows the grade.
    year
        The school year.

    Returns
    -------
    int or None
        Nothing where the stage has no such grade: whoever entered before then has left, or has
        not come yet.

    Examples
    --------
    >>> by_entry("小学2019级", 2021), by_entry("初中2020级", 2021)
    (3, 8)
    >>> by_entry("小学2013级", 2021), by_entry("小学2022级", 2021), by_entry("2019级", 2021)
    (None, None, None)
    """
    match = _BY_ENTRY.fullmatch(normal(text))
    span = vocabulary().grade_spans.get(match[1]) if match else None
    if match is None or span is None:
        return None
    grade = span[0] + year - int(match[2])
    return grade if span[0] <= grade <= span[1] else None
