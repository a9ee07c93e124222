"""Tables: right numbers, header cells, nothing that breaks out of its cell."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from lxml import html as lxml_html

from analysis.display import Rendered, View, tables
from analysis.finding import Check, Finding, tidy

Look = Callable[..., View]


def _cells(block: Rendered) -> list[list[str]]:
    tree = lxml_html.fromstring(block.html)
    return [[cell.text_content() for cell in row] for row in tree.iter("tr")]


def test_verdicts_say_requirement_value_range_and_verdict(look: Look) -> None:
    primary, junior = tables.verdicts(look(), "targets")
    assert primary.id == "sample-table-targets-primary"
    assert _cells(primary) == [
        ["要求", "数值", "区间", "结论"],
        ["“每百名学生教师数”差异系数不高于0.5", "0.5004", "0.480～0.530", "○ 未达标"],
        ["“生均校舍面积”差异系数不高于0.5", "0.210", "0.200～0.230", "● 达标"],
    ]
    assert "抽样误差" in primary.data["note"]
    assert primary.data["rows"][0]["value"] == 0.5004
    assert junior.id == "sample-table-targets-junior"


def test_what_is_lacking_stands_beside_the_requirement_that_it_is_about(look: Look) -> None:
    view = look()
    check = next(c for c in view.released.checks if c.indicator == "staff.coefficient")
    level = dataclasses.replace(check, indicator="staff")
    view = View(dataclasses.replace(view.released, checks=(level,)), view.language)
    (block,) = tables.verdicts(view, "targets", stage=check.stage)
    header, row = _cells(block)
    assert header[-1] == "结论"
    assert row[-1].endswith("（还差1,234名）")


def test_headers_are_header_cells_on_screen_and_on_paper(look: Look) -> None:
    block = tables.verdicts(look(language="en"), "targets")[0]
    tree = lxml_html.fromstring(block.html)
    assert {th.get("scope") for th in tree.iterfind(".//thead//th")} == {"col"}
    assert {th.get("scope") for th in tree.iterfind(".//tbody//th")} == {"row"}
    assert tree.find(".//caption") is not None
    assert 'table.header("Requirement", "Value", "Range", "Verdict"' in block.typst


def test_names_cannot_break_out_of_a_cell(look: Look) -> None:
    (block, _) = tables.heat(look(), "schools")
    rows = _cells(block)
    assert len(rows) == 6
    assert rows[1][0] == '○ 甲|乙 # $x$ _a_ {{7*7}} "b" \\ <script>alert(1)</script>'
    assert "<script" not in block.html
    assert '\\"b\\" \\\\ <script>' in block.typst
    assert "49" not in rows[1][0]


def test_heat_marks_each_value_and_each_school(look: Look) -> None:
    block = tables.heat(look("superior"), "schools", stage="primary")[0]
    rows = _cells(block)
    assert rows[0] == ["学校", "每百名学生教师数"]
    assert rows[2] == ["○ 第二小学", "○ 4.10"]
    assert rows[3] == ["● _丙小学", "● 4.20"]
    assert block.html.count("shaded") == 2
    assert block.typst.count("table.cell(fill:") == 2


def test_the_public_gets_no_table_that_links_a_schools_numbers(look: Look) -> None:
    public = look("public")
    assert tables.heat(public, "schools") == ()
    assert tables.cells(public, "x", ["staff", "rooms"], rows="subject", by="school") == ()
    assert tables.listing(public, "excluded", "excluded") == ()
    assert tables.cells(public, "x", ["staff"], rows="subject", by="school")


def test_listings_give_the_reason(look: Look) -> None:
    (block, _) = tables.listing(look(), "excluded", "excluded")
    assert _cells(block) == [
        ["学校", "不计入学校的在校生（人）", "原因"],
        ["戊小学", "42", "规模过小"],
    ]


def test_cells_by_indicator_take_fields_and_parts(look: Look) -> None:
    block = tables.cells(
        look(language="en"), "levels", columns=("value", "limit", "coefficient", "gap")
    )[0]
    assert _cells(block) == [
        ["Indicator", "Value", "Threshold", "Coefficient", "Shortfall"],
        ["Teachers per 100 pupils", "4.83", "4.20", "0.500", "1,234 teachers"],
        ["Rooms per pupil (m² per pupil)", "5.4 (provisional)", "n/a", "0.210", "n/a"],
    ]
    assert block.data["rows"][1]["value_flag"] == "p"
    assert block.data["rows"][1]["value"] == 5.4
    assert block.data["rows"][1]["limit"] is None
    assert block.data["rows"][1]["limit_flag"] == "z"


def test_a_column_with_nothing_in_it_is_left_out(look: Look) -> None:
    block = tables.cells(look(), "levels", ["rooms"], columns=("value", "limit", "gap", "n"))[0]
    assert _cells(block)[0] == ["指标", "数值", "单位数"]


def test_a_count_that_a_row_does_not_have_is_not_missing_data(look: Look) -> None:
    block = tables.cells(look(), "levels", ["staff", "schools_met"], columns=("n", "numerator"))[0]
    assert _cells(block)[1:] == [
        ["每百名学生教师数", "5", "不适用"],
        ["达标学校比例", "不适用", "3"],
    ]
    assert block.data["rows"][0]["numerator_flag"] == "z"


def test_values_alone_stand_side_by_side_by_stage(look: Look) -> None:
    (block,) = tables.cells(look(), "stages", ["staff", "schools_met"], columns=("value",))
    assert _cells(block) == [
        ["指标", "小学", "初中"],
        ["每百名学生教师数", "4.83", "5.83"],
        ["达标学校比例", "60%", "60%"],
    ]


def test_what_has_no_stage_shares_a_table_with_what_has(look: Look) -> None:
    (block,) = tables.cells(look(), "mix", ["boarders", "staff"], columns=("value", "n"))
    assert [row[0] for row in _cells(block)[1:]] == [
        "寄宿生（人）", "小学：每百名学生教师数", "初中：每百名学生教师数",
    ]  # fmt: skip


def test_by_subject_and_by_year(look: Look) -> None:
    (kinds,) = tables.cells(look(), "kinds", ["schools"], rows="subject", by="kind")
    assert _cells(kinds)[1:] == [["小学", "4"], ["教学点", "1"]]
    years = tables.cells(look(), "years", ["staff.coefficient"], rows="at", stage="primary")[0]
    assert [row[0] for row in _cells(years)[1:]] == ["2017", "2018", "2020", "2021"]


def test_a_part_of_all_indicators_by_the_subjects_of_a_dimension(
    finding: Finding, look: Look
) -> None:
    """Columns are the indicators that have the part; only what has a limit has marks."""
    base = {"stage": "primary", "at": "2021", "by": "variant", "unit": "coefficient"}
    rows = [
        {**base, "indicator": f"{id}.coefficient", "subject": subject, "value": value}
        for id, values in (("staff", (0.52, 0.48)), ("rooms", (0.3, 0.2)))
        for subject, value in zip(("one", "two"), values, strict=True)
    ]
    check = Check("staff.coefficient", "primary", "variant", "one", "2021",
                  "sample.rule.coefficient", 0.5, "not_met")  # fmt: skip
    of = dataclasses.replace(finding, table=tidy(rows), checks=(check,), notes=())
    (block,) = tables.parts(look(of=of), "ways", ["coefficient"], by="variant")
    head, *body = _cells(block)
    assert len(head) == 3
    assert [row[0] for row in body] == ["one", "two"]
    assert body[0][1].startswith("○ ")
    assert not set("○●") & set(body[0][2] + body[1][2])
    assert tables.parts(look(of=of), "ways", ["share"], by="variant") == ()


def test_wide_tables_are_split_evenly(finding: Finding, look: Look) -> None:
    many = tuple(
        dataclasses.replace(finding.indicators[0], id=f"i{n}", zh=f"指标{n}") for n in range(9)
    )
    rows = [
        {"indicator": i.id, "by": "kind", "subject": s, "value": 1.0, "at": "2021"}
        for i in many
        for s in ("211", "218")
    ]
    view = look(
        of=dataclasses.replace(finding, indicators=many, table=tidy(rows), checks=(), notes=())
    )
    blocks = tables.cells(view, "wide", rows="subject", by="kind")
    assert [len(_cells(block)[0]) for block in blocks] == [6, 5]
    assert [block.id for block in blocks] == ["sample-table-wide-1", "sample-table-wide-2"]
    assert blocks[1].data["title"].endswith("（2／2）")


def test_small_counts_of_pupils_are_withheld_and_say_so(look: Look) -> None:
    (block,) = tables.cells(look("public"), "b", ["boarders"], columns=("value",))
    assert block.kind == "prose"
    assert "不予公布" in block.html
    assert "7" not in block.html


@pytest.mark.parametrize("audience", ["internal", "superior", "public"])
def test_every_number_of_a_row_stands_in_the_cells(look: Look, audience: str) -> None:
    for block in tables.cells(look(audience), "levels", columns=("value", "limit", "coefficient")):
        known = {cell["value"] for cell in block.data["cells"]}
        shown = {
            row[c["id"]]
            for row in block.data["rows"]
            for c in block.data["columns"]
            if c["kind"] == "number"
        } - {None}
        assert shown
        assert shown <= known
