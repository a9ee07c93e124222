"""Counties side by side: all parts of an indicator on one page, peers, intervals of ranks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html as lxml_html

from analysis.display import Rendered, View, charts, pairs, tables
from analysis.finding import Check, Finding, Indicator, tidy

Look = Callable[..., View]
NAMES = {str(n): {"zh": f"第{n}县", "en": f"County {n}"} for n in range(1, 26)}


def _cells(block: Rendered) -> list[list[str]]:
    tree = lxml_html.fromstring(block.html)
    return [[cell.text_content() for cell in row] for row in tree.iter("tr")]


def _part(
    part: str, code: str, value: float, stage: str = "primary", **more: Any
) -> dict[str, Any]:
    return {
        "indicator": f"staff.{part}", "stage": stage, "by": "county", "subject": code,
        "at": "2021", "value": value, "n_unit": "schools", "n": 9, **more,
    }  # fmt: skip


@pytest.fixture
def counties(finding: Finding) -> Callable[..., Finding]:
    """Give a function that makes a finding about counties from rows and checks."""

    def make(rows: list[dict[str, Any]], *checks: Check) -> Finding:
        own = (
            Indicator("staff.level", "总体水平", "Level", "per_100_pupils", "P0", "higher"),
            Indicator("staff.schools_met", "达标学校", "Schools", "share", "P0", digits=0),
            Indicator("staff.rank", "位次", "Ranks", "ranks", "P0", digits=0,
                      interval_kind="sensitivity"),
            Indicator("rooms.rank", "位次", "Ranks", "ranks", "P0", digits=0,
                      interval_kind="sensitivity"),
            Indicator("peer", "距离", "Distance", "distance", "P0", digits=2),
        )  # fmt: skip
        return dataclasses.replace(
            finding, table=tidy(rows), checks=checks, notes=(),
            indicators=(*finding.indicators, *own),
            labels={
                **finding.labels, "county": {**finding.labels["county"], **NAMES}, "place": NAMES,
                "what": {"staff": {"zh": "教师", "en": "teachers"}},
            },
        )  # fmt: skip

    return make


def _whole(many: int) -> list[dict[str, Any]]:
    base = {"indicator": "staff", "by": "limit", "subject": "threshold", "at": "2021"}
    limit = {**base, "indicator": "staff.coefficient", "subject": "coefficient", "value": 0.5}
    rows: list[dict[str, Any]] = []
    for stage in ("primary", "junior"):
        rows += [{**base, "stage": stage, "value": 4.2}, {**limit, "stage": stage}]
        for n in range(many, 0, -1):
            rows += [
                _part("level", str(n), 4 + n / 10, stage),
                _part("schools_met", str(n), n / 25, stage, unit="share"),
                _part("coefficient", str(n), n / 50, stage, value_low=n / 50 - 0.01,
                      value_high=n / 50 + 0.02, interval_kind="sensitivity", unit="coefficient"),
            ]  # fmt: skip
    return rows


@pytest.mark.parametrize("many", [16, 25])
def test_an_indicator_is_one_figure_of_all_counties_that_fits_on_a_page(
    counties: Callable[..., Finding], look: Look, many: int
) -> None:
    (block,) = charts.unit_panels(look("public", "en", counties(_whole(many))), "counties")
    assert block.id == "sample-figure-counties-staff"
    assert len({row["subject"] for row in block.data["rows"]} - {"Threshold"}) == many
    assert f"{many} units" in block.data["alt"]
    assert "6 panels" in block.data["alt"]
    # In points, with room for its words on a page of 25 cm.
    height = float(lxml_html.fromstring(block.svg).get("height").removesuffix("pt"))
    assert height / 72 * 2.54 < 16
    # Both stages' thresholds and limits are among the numbers behind the figure.
    assert sum("|limit|" in cell["key"] for cell in block.data["cells"]) == 4
    assert {row["stage"] for row in block.data["rows"]} == {"primary", "junior secondary"}


@pytest.mark.parametrize("values", [(9.0, 5.0, 1.0), (1.0, 5.0, 9.0), (5.0, 9.0, 1.0)])
def test_the_order_from_top_to_bottom_is_that_of_codes_whatever_the_values(
    counties: Callable[..., Finding], look: Look, values: tuple[float, ...]
) -> None:
    of = dict(zip("123", values, strict=True))
    rows = [_part("level", code, of[code]) for code in "312"]
    (block,) = charts.unit_panels(look(of=counties(rows)), "counties")
    dots = re.findall(r'<use[^>]* x="([0-9.]+)" y="([0-9.]+)"', block.svg)
    across = [float(x) for x, _ in sorted(dots, key=lambda dot: float(dot[1]))]
    assert len(across) == 3
    order = sorted(range(3), key=lambda place: values[place])
    assert sorted(range(3), key=lambda place: across[place]) == order


def test_what_is_withheld_has_no_dot_and_no_number(
    counties: Callable[..., Finding], look: Look
) -> None:
    rows = _whole(3)
    for row in rows:
        if row.get("subject") == "2" and row["indicator"] == "staff.coefficient":
            row["n"] = 4
    (block,) = charts.unit_panels(look("public", "zh", counties(rows)), "counties")
    hidden = [cell for cell in block.data["cells"] if "staff.coefficient" in cell["key"] and "|2|" in cell["key"]]  # fmt: skip
    assert [(c["value"], c["value_low"], c["flag"]) for c in hidden] == [(None, None, "c")] * 2
    (shown,) = charts.unit_panels(look("internal", "zh", counties(rows)), "counties")
    dots = [block.svg.count("<use"), shown.svg.count("<use")]
    assert dots[0] < dots[1]


def test_no_parts_no_figure(finding: Finding, look: Look) -> None:
    assert charts.unit_panels(look(), "counties") == ()


def _pair(subject: str, value: float | None, flag: str = "") -> dict[str, Any]:
    return {
        "indicator": "peer", "by": "county→peer", "subject": subject, "at": "2020",
        "value": value, "flag": flag,
    }  # fmt: skip


def test_peers_stand_in_one_row_with_their_distances(
    counties: Callable[..., Finding], look: Look
) -> None:
    rows = [
        _pair("2→3", 0.125), _pair("2→1", 0.5), _pair("1→4", 0.2), _pair("7→", None, "x"),
    ]  # fmt: skip
    why = Check("peer", "", "county→peer", "7→", "2020", "sample.rule.school", float("nan"),
                "cannot_say", "sample.reason.small")  # fmt: skip
    (block,) = pairs.partners(look("public", "zh", counties(rows, why)), "peers", "peer", by="county→peer")  # fmt: skip
    assert _cells(block) == [
        ["县（市、区）", "同类县（距离）"],
        ["第1县", "第4县（0.20）"],
        ["第2县", "第3县（0.12）；第1县（0.50）"],
        ["第7县", "— 无法判断（规模过小）"],
    ]
    assert len(block.data["cells"]) == 4
    nobody = counties([_pair("7→", None, "x")], why)
    assert pairs.partners(look(of=nobody), "peers", "peer", by="county→peer") == ()


def test_ranges_alone_make_a_table_of_subjects(
    counties: Callable[..., Finding], look: Look
) -> None:
    rank = {"interval_kind": "sensitivity"}
    rows = [
        _part("rank", "1", 3, value_low=2, value_high=4, **rank),
        _part("rank", "2", 1, value_low=1, value_high=1, flag="p", **rank),
        _part("rank", "3", float("nan"), flag="z", **rank),
    ]
    view = look("internal", "zh", counties(rows))
    (block,) = tables.cells(view, "ranks", [".rank"], rows="subject", by="county", columns=("range",))  # fmt: skip
    assert _cells(block) == [
        ["县（市、区）", "教师"], ["第1县", "2～4"], ["第2县", "1（初步）"], ["第3县", "不适用"],
    ]  # fmt: skip
    (withheld,) = tables.cells(
        look("public", "zh", counties(rows[:2])), "ranks", [".rank"], rows="subject", by="county",
        columns=("range",),
    )  # fmt: skip
    assert withheld.kind == "prose"
    assert "不予公布" in withheld.html
