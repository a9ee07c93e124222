from __future__ import annotations

from typing import Any

import sample_report as sample

from analysis import wire
from analysis.press.rows import in_order, with_stages


def block(rows: list[dict[str, Any]], cells: list[dict[str, Any]]) -> wire.Block:
    columns = [
        {"id": id, "label": id, "kind": kind, "digits": 0}
        for id, kind in (("indicator", "text"), ("at", "text"), ("value", "number"))
    ]
    made = sample.bundle("figure", "f", "", "", columns=columns, rows=rows, cells=cells)
    return made[wire.RELEASED]


def rows_of(*values: tuple[str, float | None]) -> list[dict[str, Any]]:
    return [{"indicator": "pupils", "at": at, "value": value} for at, value in values]


def cell(stage: str, at: str, value: float | None) -> dict[str, Any]:
    return {"key": f"pupils|{stage}|||{at}", "value": value}


CELLS = [
    cell("primary", "2020", 9.0), cell("primary", "2021", 5.0), cell("junior", "2020", 5.0),
    cell("junior", "2021", None), cell("junior", "2019", 4.0),
]  # fmt: skip


def test_lines_of_several_stages_are_told_apart_and_stay_together() -> None:
    """The number 5 alone could be of either stage; the line it stands in is of one."""
    given = rows_of(("2021", 5.0), ("2020", 9.0), ("2021", None), ("2020", 5.0))
    made = with_stages(block(given, CELLS), "zh")
    assert [row["stage"] for row in made["rows"]] == ["小学", "小学", "初中", "初中"]
    assert [column["id"] for column in made["columns"]] == ["indicator", "stage", "at", "value"]
    assert in_order(made) == [1, 0, 3, 2]


def test_what_cannot_be_told_is_not_guessed() -> None:
    unclear = block(
        rows_of(("2021", 5.0), ("2021", 5.0)),
        [cell("primary", "2021", 5.0), cell("junior", "2021", 5.0)],
    )
    assert with_stages(unclear, "en") is unclear
    single = block(rows_of(("2021", 5.0), ("2020", 9.0)), CELLS)
    assert with_stages(single, "en") is single


def test_rows_without_years_stay_as_they_are() -> None:
    given = [{"indicator": name, "value": 1.0} for name in ("b", "a", "b")]
    assert in_order(block(given, [])) == [0, 1, 2]
