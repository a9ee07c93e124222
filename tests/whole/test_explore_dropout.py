"""Looking again at who may leave: run from top to bottom, and driven in JupyterLab by a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tests.conftest import PUPIL_COUNTIES
from tests.whole.test_explore import CLIPPED, Desk, outputs, prepared, serve

from analysis.display import View, prose
from analysis.questions.dropout import look, risk
from analysis.records import open_county, open_prefecture
from analysis.records.reference import folder
from analysis.release import release

pytestmark = pytest.mark.whole

NOTEBOOK = folder("notebooks") / "explore" / "dropout.ipynb"
CODE = PUPIL_COUNTIES[1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_runs_from_top_to_bottom(pupil_store: Path, tmp_path: Path, language: str) -> None:
    notebook = prepared(NOTEBOOK, store=str(pupil_store), county=CODE, language=language)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    [controls] = outputs(notebook, "compute")
    assert "application/vnd.jupyter.widget-view+json" in controls.data
    assert not list(tmp_path.iterdir())


def test_a_county_without_registers_is_told_so(demo_store: Path, tmp_path: Path) -> None:
    notebook = prepared(NOTEBOOK, store=str(demo_store))
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError):
        client.execute()
    [said] = outputs(notebook, "open")
    first, second = said.data["text/plain"].split("\n")
    assert "没有 2021 学年的学籍" in first
    assert "no registers of pupils" in second


def said(store: Path, horizon: int, visits: int) -> tuple[str, float]:
    """Say what the page has to say, worked out without it: a sentence, and hits of 100 visited."""
    data = open_county(store, CODE, 2021)
    settings = data.reference.parameters["dropout"]["risk"]
    pool = risk.gather(open_prefecture(store, data.parent.code, 2021))
    assert pool is not None
    finding = look.report(look.try_out(pool, horizon, settings), data, visits, "sex", settings)
    view = View(release(finding, "internal"), "zh", chapter="dropout")
    [block] = prose.said(view, "look")
    table = finding.table.set_index(["indicator", "subject"])["value"]
    return str(block.data["rows"][0]["sentence"]), float(table["risk_hits", "forward"])


@pytest.mark.browser
def test_a_browser_changes_visits_and_sees_hits_and_groups_change(
    pupil_store: Path, tmp_path: Path, chromium: Any
) -> None:
    first, second = said(pupil_store, 1, 100), said(pupil_store, 2, 60)
    assert first[1] != second[1]
    context = chromium.new_context(viewport={"width": 1300, "height": 2200})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    notebook = prepared(NOTEBOOK, store=str(pupil_store), county=CODE)
    try:
        with serve(tmp_path, notebook, "dropout.ipynb") as address:
            desk = Desk(context.new_page(), address, "重算")
            desk.set("每学期可走访人数", "100")
            shown = desk.compute(first[0], "本县：按走访能力取人", f"{first[1]:.1f}（")
            assert "女" in shown
            assert desk.page.locator(".widget-label").evaluate_all(CLIPPED) == []
            desk.set("每学期可走访人数", "60")
            desk.choose("时间跨度（学期）", "2")
            desk.choose("按哪种群体看", "就读方式")
            shown = desk.compute(second[0], f"{second[1]:.1f}（")
            assert "住校" in shown
            assert "女" not in shown
            wrong = desk.page.locator('[data-mime-type$="error"], [data-mime-type$="stderr"]')
            assert wrong.count() == 0
    finally:
        context.close()
    outside = [url for url in asked if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", url)]
    assert outside == []
