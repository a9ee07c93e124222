"""Figures of counties as lines: what they are held against, what was withheld and why."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.display.listing import COLUMNS, list_counties
from analysis.finding import Check, Finding, Indicator, Origin, tidy
from analysis.release import Audience, release

BY = {"stage": "primary", "at": "2021", "by": "county", "n_unit": "schools"}


def survey(*, synthetic: bool = False) -> Finding:
    """Two counties, of four schools and of six."""
    rows = [
        {**BY, "indicator": id, "subject": code, "value": value, "n": n, "unit": unit}
        for code, n in (("130722", 4), ("130723", 6))
        for id, value, unit in (
            ("rooms", 1 / 3, "per_100_pupils"),
            ("rooms.cv", 0.4, "coefficient"),
        )
    ]
    limit = {**BY, "indicator": "rooms", "by": "limit", "subject": "threshold", "value": 2.3}
    checks = tuple(
        Check("rooms.cv", "primary", "county", code, "2021", "x.rule", 0.5, "met")
        for code in ("130722", "130723")
    )
    return Finding(
        name="survey", county="", year=2021, table=tidy([limit, *rows]), checks=checks,
        indicators=(
            Indicator("rooms", "教室", "Rooms", "per_100_pupils", "P0", "higher"),
            Indicator("rooms.cv", "教室差异", "Rooms, difference", "coefficient", "P0", "lower"),
        ),
        labels={
            "county": {
                "130722": {"zh": "张北县", "en": "Zhangbei County"},
                "130723": {"zh": "康保县", "en": "Kangbao County"},
            }
        },
        origin=Origin("来源", "source", "2021-09-01", synthetic=synthetic),
    )  # fmt: skip


def lines(audience: Audience, language: str = "en", **origin: bool) -> pd.DataFrame:
    return list_counties(release(survey(**origin), audience), language)  # type: ignore[arg-type]


def test_a_line_a_figure_with_its_limit_and_verdict() -> None:
    listed = lines("internal")
    assert tuple(listed.columns) == COLUMNS
    assert listed["code"].tolist() == ["130722", "130722", "130723", "130723"]
    assert listed["county"].tolist()[0] == "Zhangbei County"
    assert listed["name"].tolist()[:2] == ["Rooms", "Rooms, difference"]
    assert listed["value"].tolist()[:2] == [1 / 3, 0.4]
    assert listed["limit"].tolist() == [2.3, 0.5, 2.3, 0.5]
    assert listed["verdict"].tolist() == ["", "met", "", "met"]
    assert listed["schools"].tolist() == [4, 4, 6, 6]
    assert set(listed["reason"]) == {""}


def test_what_is_withheld_is_empty_and_says_why() -> None:
    listed = lines("public", "zh")
    assert listed["flag"].tolist() == ["", "c", "", ""]
    assert math.isnan(listed["value"][1])
    assert listed["verdict"].tolist() == ["", "cannot_say", "", "met"]
    assert listed["reason"][1] == "学校过少，不公布"
    assert "0.4" not in listed.iloc[:2].to_csv()


@pytest.mark.parametrize(("language", "word"), [("zh", "模拟数据"), ("en", "synthetic data")])
def test_made_data_say_so_on_every_line(language: str, word: str) -> None:
    assert set(lines("internal", language, synthetic=True)["synthetic"]) == {word}
    assert set(lines("internal", language)["synthetic"]) == {""}


def test_the_order_of_checks_does_not_matter() -> None:
    finding = survey()
    other = Finding(**{**{f: getattr(finding, f) for f in finding.__slots__},
                       "checks": finding.checks[::-1]})  # fmt: skip
    pd.testing.assert_frame_equal(
        list_counties(release(finding, "public"), "en"),
        list_counties(release(other, "public"), "en"),
    )
