"""Rows of registers, ledgers and cohorts of a county made by hand."""

from __future__ import annotations

from typing import Any

from tests.questions.conftest import school

COUNTY = "130722"
Rows = list[dict[str, Any]]


def pupil(n: int, year: int, grade: int = 7, term: str = "1", **values: Any) -> dict[str, Any]:
    return {"pseudonym": f"p{n}", "school": "A", "county": COUNTY, "year": year, "term": term,
            "grade": grade, **values}  # fmt: skip


def change(n: int, kind: str, year: int = 2020, grade: int = 7, **values: Any) -> dict[str, Any]:
    return {"pseudonym": f"p{n}", "school": "A", "county": COUNTY, "year": year, "term": "1",
            "grade": grade, "change": kind, **values}  # fmt: skip


def register(n: int = 100, stay: int = 95, grade: int = 7) -> Rows:
    """Describe `n` pupils of whom the first `stay` are there a year later."""
    after = [pupil(i, 2021, grade + 1) for i in range(stay)]
    return [pupil(i, 2020, grade) for i in range(n)] + after


def junior(**values: Any) -> dict[str, Any]:
    return school("A", stage="junior", kind="311", **values)


def cohort(code: str = "A", **values: Any) -> dict[str, Any]:
    return {"school": code, "county": COUNTY, "year": 2021, "stage": "junior", "entered_n": 200,
            "entered_first_n": 220, "graduated_n": 190, "moved_in_n": 10, "moved_out_n": 12,
            "died_n": 1, **values}  # fmt: skip


def case(n: int, found: str, year: int = 2021, **values: Any) -> dict[str, Any]:
    return {"pseudonym": f"p{n}", "school": "A", "county": COUNTY, "year": year, "grade": 8,
            "found_on": found, **values}  # fmt: skip


CASES = [
    case(1, "2021-06-20", 2020),  # of the year before, never closed
    case(2, "2021-09-10", checked_on="2021-09-12", outcome="attending", closed_on="2021-09-12"),
    case(3, "2021-09-20", checked_on="2021-10-02", outcome="left", returned_on="2021-11-05",
         closed_on="2021-12-01"),
    case(4, "2022-03-01", checked_on="2022-03-05", outcome="elsewhere", closed_on="2022-03-05"),
    case(5, "2022-07-01"),
]  # fmt: skip
