"""From lists of exchange and scores to the chapter: what it says, to whom, and what never leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.conftest import run_county
from tests.whole.test_pupils_whole import page_text
from tests.whole.test_whole_run import _teachers, texts

from analysis.questions.exchange import panel, trial_report
from analysis.records import load_fit, open_county, open_prefecture

pytestmark = pytest.mark.whole
AUDIENCES = {"public": ("zh", "en"), "internal": ("zh",)}
"""Audiences, with the languages that reports are made in."""
CODE = "130722"


@pytest.fixture(scope="module")
def made(exchange_store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of a county for the public and for itself."""
    out = tmp_path_factory.mktemp("exchange")
    for audience, languages in AUDIENCES.items():
        run_county(
            out,
            ("report", CODE, "--store", str(exchange_store), "--year", "2021", "--audience",
             audience, *(part for language in languages for part in ("--lang", language)),
             "--out", "reports" if audience == "public" else "desk"),
        )  # fmt: skip
    return {
        audience: next(p for p in out.rglob(CODE) if audience in p.parts) for audience in AUDIENCES
    }


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_chapter_says_what_was_found(made: dict[str, Path], audience: str) -> None:
    words = {
        "zh": ("教师交流轮岗", "开始前后各年", "逐项检验的结果", "下一年怎样安排"),
        "en": ("Exchangeofteachers", "Beforeandafterthestart", "Thedoubtsandwhatcameofthem"),
    }
    for language in AUDIENCES[audience]:
        text = page_text(made[audience], language)
        assert [word for word in words[language] if word not in text] == []


def test_the_order_of_schools_is_for_the_county_alone(made: dict[str, Path]) -> None:
    for audience in AUDIENCES:
        told = "抽签的次序" in page_text(made[audience], "zh")
        assert told == (audience == "internal"), audience


def test_no_teacher_leaves(made: dict[str, Path], exchange_store: Path) -> None:
    """No pseudonym of who was exchanged, no number of any teacher, and none of some hundred names."""
    county = open_county(exchange_store, CODE, 2021)
    pseudonyms = set(county.table("exchanges")["pseudonym"])
    numbers, names = _teachers(exchange_store)
    some = sorted(names)[:: max(len(names) // 300, 1)]
    assert min(len(pseudonyms), len(numbers), len(some)) > 100
    looked_at = 0
    for root in made.values():
        for path in (p for p in root.rglob("*") if p.is_file()):
            for text in texts(path):
                looked_at += 1
                assert not set(re.findall(r"\w{16,}", text)) & pseudonyms, path.name
                digits = set(re.findall(r"\d{17}[\dXx]", re.sub(r"[\s　-]", "", text)))
                assert not {d.upper() for d in digits} & numbers, path.name
                assert not [name for name in some if name in text], path.name
    assert looked_at > 12
    assert all(re.fullmatch(r"\w{16,}", each) for each in pseudonyms)


def test_the_fit_speaks_of_every_county_with_a_list(exchange_store: Path) -> None:
    counties = open_prefecture(exchange_store, "130700", 2021)
    for county in counties:
        listed = not county.table("exchanges").empty
        for name in ("effect", "trial"):
            found = load_fit(exchange_store, county.place.code, 2021, name)
            assert (found is not None) == listed, county.place.code


def test_schools_count_as_treated_from_the_year_that_was_declared(exchange_store: Path) -> None:
    """What the panel reads from the lists is what the demo declares as true."""
    truth = json.loads((exchange_store.parent / "files" / "truth.json").read_text("utf-8"))
    gathered = panel.gather(open_prefecture(exchange_store, "130700", 2021))
    roles = panel.assign(gathered.rows, "receive", 1.0).roles
    read = roles[roles["role"] == "treated"].set_index("school")["first"]
    declared = {
        code: site["first"].get("receive", {}).get("1")
        for county in truth["counties"]
        for site in county["exchange"]["schools"].values()
        for code in site["codes"].values()
    }
    assert len(read) > 20
    assert read.to_dict() == {code: declared[code] for code in read.index}


def test_next_years_pairs_are_schools_that_did_neither(exchange_store: Path) -> None:
    finding = load_fit(exchange_store, CODE, 2021, "trial")
    assert finding is not None
    drawn = set(finding.table.loc[finding.table["by"] == trial_report.SCHOOL, "subject"])
    county = open_county(exchange_store, CODE, 2021)
    idle = panel.assign(panel.gather([county]).rows, "receive", 1.0).roles
    assert drawn
    assert drawn <= set(idle.loc[idle["role"] == "control", "school"])
