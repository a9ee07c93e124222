"""The figures of the demo prefecture, kept: nobody moves a published number without saying so.

``make golden`` writes them anew. A change here is a commit of type ``numbers:`` with a line under
**Numbers** in the changelog.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from analysis.finding import KEY, Finding
from analysis.questions import balance, context, quality
from analysis.records import open_county

GOLDEN = Path(__file__).parent
COUNTIES = ("130722", "130705")
QUESTIONS = {
    "balance": balance.assess,
    "context": context.describe,
    "quality": quality.examine,
}


def figures(finding: Finding) -> dict[str, float | None]:
    """Give the county's own figures, schools left out, by key."""
    rows = finding.table[finding.table["by"] != "school"]
    return {
        "|".join(row[column] for column in KEY): None
        if math.isnan(row["value"])
        else float(f"{row['value']:.12g}")
        for row in rows.to_dict("records")
    }


@pytest.mark.whole
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_figures_stand(name: str, demo_store: Path, request: pytest.FixtureRequest) -> None:
    now = {code: figures(QUESTIONS[name](open_county(demo_store, code, 2021))) for code in COUNTIES}
    path = GOLDEN / f"{name}.json"
    if request.config.getoption("--golden-update"):
        path.write_text(
            json.dumps(now, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8"
        )
    kept = json.loads(path.read_text(encoding="utf-8"))
    for code in COUNTIES:
        assert now[code].keys() ^ kept[code].keys() == set(), f"{code}: rows came or went"
    for code, of in kept.items():
        for key, value in of.items():
            assert now[code][key] == (None if value is None else pytest.approx(value, rel=1e-9)), (
                key
            )
