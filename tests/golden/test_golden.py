"""The figures of the demo prefecture, kept: nobody moves a published number without saying so.

``make golden`` writes them anew. A change here is a commit of type ``numbers:`` with a line under
**Numbers** in the changelog.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from tests.conftest import PUPIL_COUNTIES

from analysis.finding import KEY, Finding
from analysis.questions import assurance, balance, context, dropout, exchange, prefecture, quality
from analysis.records import CountyData, load_fit, open_county
from analysis.records.regions import regions

GOLDEN = Path(__file__).parent
COUNTIES = ("130722", "130705")
EXCHANGE_COUNTIES = ("130722", "130702")
"""One that began to exchange in earnest, and one that did not."""


def peers(county: CountyData) -> Finding:
    return prefecture.find_peers(county, regions().places)


QUESTIONS = {
    "assurance": assurance.assess,
    "balance": balance.assess,
    "context": context.describe,
    "imbalance": balance.explain,
    "peers": peers,
    "quality": quality.examine,
}


def figures(finding: Finding) -> dict[str, float | None]:
    """Give the county's own figures, schools left out, by key."""
    rows = finding.table[~finding.table["by"].isin(["school", "trial_school"])]
    return {
        "|".join(row[column] for column in KEY): None
        if math.isnan(row["value"])
        else float(f"{row['value']:.12g}")
        for row in rows.to_dict("records")
    }


@pytest.mark.whole
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_figures_stand(name: str, demo_store: Path, request: pytest.FixtureRequest) -> None:
    hold(
        name,
        {code: figures(QUESTIONS[name](open_county(demo_store, code, 2021))) for code in COUNTIES},
        request,
    )


@pytest.mark.whole
def test_the_figures_of_pupils_stand(pupil_store: Path, request: pytest.FixtureRequest) -> None:
    counties = {code: open_county(pupil_store, code, 2021) for code in PUPIL_COUNTIES}
    hold("dropout", {c: figures(dropout.assess(county)) for c, county in counties.items()}, request)
    risks = {code: dropout.risk.recall(county, load_fit(pupil_store, code, 2021, "risk"))
             for code, county in counties.items()}  # fmt: skip
    hold("risk", {code: figures(finding) for code, finding in risks.items()}, request)


@pytest.mark.whole
def test_the_figures_of_exchange_stand(
    exchange_store: Path, request: pytest.FixtureRequest
) -> None:
    """Quota and flows, what exchange did by the fit, and next year's order."""
    counties = {code: open_county(exchange_store, code, 2021) for code in EXCHANGE_COUNTIES}
    hold("exchange", {c: figures(exchange.assess(county)) for c, county in counties.items()},
         request)  # fmt: skip
    for name in ("effect", "trial"):
        found = {code: load_fit(exchange_store, code, 2021, name) for code in EXCHANGE_COUNTIES}
        # Ends of ranges are searched for, to a part in some millions.
        hold(name, {code: figures(each) for code, each in found.items() if each is not None},
             request, within=1e-6)  # fmt: skip


@pytest.mark.whole
def test_the_figures_of_counties_together_stand(
    demo_store: Path, request: pytest.FixtureRequest
) -> None:
    """What counties have together: the split of their differences, and the ranks left open."""
    counties = [open_county(demo_store, code, 2021) for code in COUNTIES]
    finding = prefecture.compare(
        counties[0].parent, [balance.assess(county) for county in counties],
        reference=counties[0].reference, places=regions().places,
    )  # fmt: skip
    now = figures(prefecture.rank(finding))
    own = {key: value for key, value in now.items() if key.split("|")[2] in ("", "county")}
    hold("prefecture", {finding.county: own}, request)


def hold(
    name: str, now: dict[str, dict[str, float | None]], request: pytest.FixtureRequest,
    within: float = 1e-9,
) -> None:  # fmt: skip
    """Hold figures against those kept, or keep them."""
    path = GOLDEN / f"{name}.json"
    if request.config.getoption("--golden-update"):
        path.write_text(
            json.dumps(now, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8"
        )
    kept = json.loads(path.read_text(encoding="utf-8"))
    for code in now:
        assert now[code].keys() ^ kept[code].keys() == set(), f"{code}: rows came or went"
    for code, of in kept.items():
        for key, value in of.items():
            assert now[code][key] == (
                None if value is None else pytest.approx(value, rel=within, abs=within)
            ), key
