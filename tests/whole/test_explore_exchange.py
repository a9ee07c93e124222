"""Looking again at what exchange did: run from top to bottom, and driven in JupyterLab by a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tests.whole.test_explore import CLIPPED, Desk, outputs, prepared, serve

from analysis.display import View, prose
from analysis.questions.exchange import look, panel
from analysis.records import open_county, open_prefecture
from analysis.records.reference import folder
from analysis.release import release

pytestmark = pytest.mark.whole

NOTEBOOK = folder("notebooks") / "explore" / "exchange.ipynb"
CODE = "130722"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_runs_from_top_to_bottom(exchange_store: Path, tmp_path: Path, language: str) -> None:
    notebook = prepared(NOTEBOOK, store=str(exchange_store), county=CODE, language=language)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    [controls] = outputs(notebook, "compute")
    assert "application/vnd.jupyter.widget-view+json" in controls.data
    assert not list(tmp_path.iterdir())


def test_a_county_without_a_list_is_told_so(pupil_store: Path, tmp_path: Path) -> None:
    data = open_county(pupil_store, "130706", 2021)
    if not data.table("exchanges").empty:
        pytest.fail("the county was to have no list of exchanges")
    notebook = prepared(NOTEBOOK, store=str(pupil_store), county="130706")
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError):
        client.execute()
    [said] = outputs(notebook, "open")
    first, second = said.data["text/plain"].split("\n")
    assert "没有教师交流名单" in first
    assert "no list of exchanges" in second


def say(store: Path, **conditions: Any) -> str:
    """Say what the page has to say, worked out without it."""
    data = open_county(store, CODE, 2021)
    schools = panel.gather(open_prefecture(store, data.parent.code, 2021))
    finding = look.look_again(schools, data, look.Conditions(**conditions))
    view = View(release(finding, "internal"), "zh", chapter="exchange")
    [block] = prose.said(view, "look")
    return str(block.data["rows"][0]["sentence"])


@pytest.mark.browser
def test_a_browser_changes_conditions_and_sees_the_event_study_change(
    exchange_store: Path, tmp_path: Path, chromium: Any
) -> None:
    first = say(exchange_store)
    second = say(exchange_store, side="send", estimator="imputation", outcome="score_chinese")
    third = say(exchange_store, scope="own", bound=0.5)
    assert len({first, second, third}) == 3
    context = chromium.new_context(viewport={"width": 1300, "height": 2200})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    notebook = prepared(NOTEBOOK, store=str(exchange_store), county=CODE)
    try:
        with serve(tmp_path, notebook, "exchange.ipynb") as address:
            desk = Desk(context.new_page(), address, "重算")
            shown = desk.compute(first, "开始前后各年的差异")
            assert "参加比较的交流学校" in shown
            assert desk.page.locator(".widget-label").evaluate_all(CLIPPED) == []
            desk.choose("方向", "派出学校")
            desk.choose("估计方法", "插补法")
            desk.choose("结果", "语文成绩")
            assert first not in desk.compute(second)
            desk.choose("方向", "接收学校")
            desk.choose("估计方法", "逐届逐年比较")
            desk.choose("结果", "成绩")
            desk.choose("范围", "本县")
            desk.choose("允许走势偏离（倍）", "0.5")
            desk.compute(third)
            wrong = desk.page.locator('[data-mime-type$="error"], [data-mime-type$="stderr"]')
            assert wrong.count() == 0
    finally:
        context.close()
    outside = [url for url in asked if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", url)]
    assert outside == []
