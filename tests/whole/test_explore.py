"""The what-if of the balance plan: run from top to bottom, and driven in JupyterLab by a browser."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from analysis.display import View, prose
from analysis.press.jobs import find_chapters
from analysis.press.signature import open_notebook, read_signature
from analysis.questions.balance.plan import Options, what_if
from analysis.records import open_county
from analysis.records.reference import folder
from analysis.release import release

pytestmark = pytest.mark.whole

NOTEBOOK = folder("notebooks") / "explore" / "balance.ipynb"
COUNTY, SCHEME = "130722", "quality-2017"
START = 60.0
"""Seconds that JupyterLab may take to answer."""
WAIT = 30_000
"""Milliseconds that anything on its page may take."""

CLIPPED = "labels => labels.filter(l => l.scrollWidth > l.clientWidth).map(l => l.innerText)"


def prepared(path: Path = NOTEBOOK, **given: str | int) -> nbformat.NotebookNode:
    """Give a notebook with parameters as a user would write them."""
    notebook = open_notebook(path)
    assert set(given) <= set(read_signature(notebook))
    cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    for name, value in given.items():
        # What stands for the value is no pattern: a path may hold a backslash.
        line = f"{name} = {value!r}"
        cell.source = re.sub(rf"(?m)^{name} = \S+", lambda _, line=line: line, cell.source)
    return notebook


def outputs(notebook: nbformat.NotebookNode, cell: str) -> list[Any]:
    return next(c for c in notebook.cells if c.id == cell).get("outputs", [])


def test_no_report_takes_it() -> None:
    chapters = [c for scope in ("county", "prefecture") for c in find_chapters(folder("notebooks"), scope)]  # type: ignore[arg-type]  # fmt: skip
    assert len(chapters) > 4
    assert not [chapter for chapter in chapters if "explore" in chapter.path.parts]
    assert "junheng" not in open_notebook(NOTEBOOK).metadata


@pytest.mark.parametrize("path", sorted(NOTEBOOK.parent.glob("*.ipynb")), ids=lambda p: p.stem)
def test_it_is_committed_without_outputs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert text == json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize(
    ("language", "begins"), [("zh", "张北县要使全部"), ("en", "For all ")], ids=["zh", "en"]
)
def test_it_runs_from_top_to_bottom(
    demo_store: Path, tmp_path: Path, language: str, begins: str
) -> None:
    notebook = prepared(store=str(demo_store), language=language)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    kinds = {out.output_type for c in notebook.cells for out in c.get("outputs", [])}
    assert kinds == {"display_data", "execute_result"}
    assert begins in outputs(notebook, "stands")[0].data["text/html"]
    [controls] = outputs(notebook, "compute")
    assert "application/vnd.jupyter.widget-view+json" in controls.data
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ({"county": "139999"}, "139999", "139999"),
        ({"scheme": "basic-2012"}, "没有学校标准", "no school rule"),
        ({"costs": "nowhere.toml"}, "无法读取单价文件", "cannot read the prices"),
    ],
    ids=["county", "scheme", "prices"],
)
def test_what_is_wrong_is_said_without_a_traceback(
    demo_store: Path, tmp_path: Path, given: dict[str, str], zh: str, en: str
) -> None:
    notebook = prepared(**{"store": str(demo_store), **given})
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError):
        client.execute()
    [said] = outputs(notebook, "open")
    assert said.output_type == "display_data"
    first, second = said.data["text/plain"].split("\n")
    assert zh in first
    assert en in second
    assert outputs(notebook, "controls") == []


@pytest.fixture
def lab(demo_store: Path, tmp_path: Path) -> Iterator[str]:
    with serve(tmp_path, prepared(store=str(demo_store)), "balance.ipynb") as address:
        yield address


@contextmanager
def serve(tmp_path: Path, notebook: nbformat.NotebookNode, file: str) -> Iterator[str]:
    """Start JupyterLab on a notebook with settings of its own, and end it with all it started.

    It listens on loopback alone and lets in who has the token.
    """
    for name in ("config", "data", "runtime", "ipython", "workspaces", "desk"):
        (tmp_path / name).mkdir()
    nbformat.write(notebook, tmp_path / "desk" / file)
    quiet = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False}), encoding="utf-8"
    )
    token = secrets.token_hex(16)
    homes = {f"JUPYTER_{n.upper()}_DIR": str(tmp_path / n) for n in ("config", "data", "runtime")}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={tmp_path / 'desk'}",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, cwd=tmp_path, start_new_session=True,
            env={**os.environ, **homes, "JUPYTER_TOKEN": token,
                 "IPYTHONDIR": str(tmp_path / "ipython"),
                 "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
                 "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces")},
        )  # fmt: skip
    try:
        address = _address(process, tmp_path)
        yield f"{address}lab/tree/{file}?token={token}"
    finally:
        _end(process)


def _address(process: subprocess.Popen[bytes], home: Path) -> str:
    """Wait for the address that the server writes down."""
    ends = time.monotonic() + START
    written = home / "runtime" / f"jpserver-{process.pid}.json"
    while time.monotonic() < ends:
        assert process.poll() is None, (home / "log").read_text(encoding="utf-8")
        try:
            return str(json.loads(written.read_text(encoding="utf-8"))["url"])
        except (OSError, ValueError):
            time.sleep(0.1)
    raise AssertionError((home / "log").read_text(encoding="utf-8"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and its kernels, and see that none is left."""
    started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(15)
    _, left = psutil.wait_procs(started, timeout=10)
    for one in left:
        one.kill()
    assert left == []


class Desk:
    """The notebook on the screen, as its user has it: fields by their labels, a button, an answer."""

    def __init__(self, page: Any, address: str, button: str = "测算") -> None:
        self.page = page
        page.set_default_timeout(WAIT)
        page.goto(address)
        page.get_by_text("| Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.button = page.get_by_role("button", name=button, exact=True)
        self.button.wait_for()
        self.answer = page.locator(".widget-output, .jupyter-widget-output").last

    def set(self, label: str, value: str) -> None:
        field = self.page.get_by_label(label)
        field.fill(value)
        field.press("Tab")

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def compute(self, *expected: str) -> str:
        """Press the button, wait until the answer says all of this, and give all that it says."""
        self.button.click()
        for text in expected:
            self.answer.get_by_text(text).first.wait_for()
        self.button.wait_for()
        return str(self.answer.inner_text())


def headline(demo_store: Path, merger: tuple[str, str], **changes: Any) -> str:
    """Say what the page has to say, worked out without it."""
    before = what_if.begin(open_county(demo_store, COUNTY, 2021), Options(), scheme=SCHEME)
    tried = what_if.try_out(before, Options(**changes), scheme=SCHEME, merger=merger)
    view = View(release(what_if.report(tried), "internal"), "zh", chapter="balance")
    [block] = prose.said(view, "headline")
    return str(block.data["rows"][0]["sentence"])


@pytest.mark.browser
def test_a_browser_changes_conditions_and_sees_the_cost_change(
    demo_store: Path, lab: str, chromium: Any
) -> None:
    names = what_if.name_schools(open_county(demo_store, COUNTY, 2021))
    (closed, one), (into, other) = list(names.items())[:2]
    changes = {"costs": {"build_rooms": 9000.0}, "limits": {"primary": 0.45}}
    context = chromium.new_context(viewport={"width": 1300, "height": 1800})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    try:
        desk = Desk(context.new_page(), lab)
        same = headline(demo_store, ("", ""))
        desk.compute("与改变前相同", same, "没有改变任何条件。")
        assert desk.page.locator(".widget-label").evaluate_all(CLIPPED) == []

        desk.set("新建教学及辅助用房（平方米）", "9000")
        desk.set("差异系数上限：小学", "0.45")
        desk.choose("撤并", one["zh"])
        desk.choose("并入", other["zh"])
        changed = desk.compute(
            headline(demo_store, (closed, into), **changes),
            "由3,000元改为9,000元",
            f"{one['zh']}并入{other['zh']}。",
            "改变前后的投入",
            "改变前后要做什么",
            "改变前后的差异系数",
        )
        assert same not in changed

        desk.choose("并入", one["zh"])
        refused = desk.compute("合并须选定两所不同的学校", "A merger takes two different schools")
        assert "Traceback" not in refused

        desk.page.get_by_role("button", name="恢复原状", exact=True).click()
        desk.compute(same)
        wrong = desk.page.locator('[data-mime-type$="error"], [data-mime-type$="stderr"]')
        assert wrong.count() == 0
    finally:
        context.close()
    outside = [url for url in asked if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", url)]
    assert outside == []
