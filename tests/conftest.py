"""What tests may need beyond Python, and what happens where it is missing.

On a bare clone a test that needs Chromium, axe-core or the shared data is skipped, and the last
lines of the run say how many and why. Where ``CI=true`` the same is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
AXE = ROOT / "tests" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
MISSING = "missing: "

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


KERNELS = ("test_batch", "test_execute", "test_standing")

collect_ignore = ["toy"]

NEEDS = {
    "shared_data": ("the shared public data sets", lambda: SHARED_DATA.is_dir()),
    "browser": ("Chromium", lambda: _chromium() is not None),
}


def _require(what: str, present: bool) -> None:
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: needed under CI=true and not found", pytrace=False)
    pytest.skip(MISSING + what)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden-update", action="store_true", help="write the golden numbers anew (make golden)"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that start kernels on one worker of xdist: they look for what is left behind."""
    for item in items:
        if item.get_closest_marker("whole") or item.path.stem in KERNELS:
            item.add_marker(pytest.mark.xdist_group("kernels"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (what, present) in NEEDS.items():
        if item.get_closest_marker(marker):
            _require(what, present())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count aloud what was skipped for want of a tool."""
    reasons = Counter(
        str(report.longrepr[2]).split(MISSING, 1)[1]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and MISSING in str(report.longrepr[2])
    )
    for what, count in sorted(reasons.items()):
        terminalreporter.write_line(f"NOT RUN: {count} tests need {what}", yellow=True)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The root of the project."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the key of the user who runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
        yield


PUPIL_COUNTIES = ("130706", "130709")
"""The two smallest of the demo's counties."""


def run_county(folder: Path, *commands: tuple[str, ...]) -> None:
    """Run the command as a user would."""
    code = "from analysis.cli import main; main()"
    for words in commands:
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load a small demo prefecture without pupils, as a user would, and fit it."""
    folder = tmp_path_factory.mktemp("demo")
    run_county(
        folder,
        ("demo", "files", "--scale", "0.1", "--years", "2019-2021", "--regime", "none"),
        ("load", "files", "--store", "store"),
        ("fit", "store", "--year", "2021"),
    )
    return folder / "store"


@pytest.fixture(scope="session")
def pupil_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load two demo counties with their pupils, and fit them."""
    folder = tmp_path_factory.mktemp("pupils")
    for code in PUPIL_COUNTIES:
        run_county(
            folder,
            ("demo", code, "--counties", code, "--scale", "0.05", "--years", "2019-2021"),
            ("load", code, "--store", "store", "--key", "key"),
        )
    run_county(folder, ("fit", "store", "--year", "2021"))
    return folder / "store"


@pytest.fixture(scope="session")
def exchange_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load a small demo prefecture with all its years, in which exchange can be followed.

    Fitted is what belongs to exchange alone: the plans of so many schools take their time.
    """
    from analysis.cli import fitting
    from analysis.questions.balance.plan import Options
    from analysis.records import open_prefecture
    from analysis.records.results import save_fit

    folder = tmp_path_factory.mktemp("exchange")
    run_county(
        folder,
        ("demo", "files", "--scale", "0.1", "--regime", "none"),
        ("load", "files", "--store", "store"),
    )
    fit = fitting.Fit(folder / "store", 2021, "quality-2017", Options())
    findings, _ = fitting.find_effects(fit, "130700")
    for county in open_prefecture(fit.store, "130700", 2021):
        findings += fitting.order_schools(county, None)
    save_fit(fit.store, 2021, findings)
    return fit.store


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data sets beside the project."""
    _require(*_need("shared_data"))
    return SHARED_DATA


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be injected into a page."""
    _require("axe-core (npm ci --prefix tests/browser)", AXE.is_file())
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A headless Chromium that every browser test opens its own contexts in."""
    _require(*_need("browser"))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_chromium(), args=list(CHROMIUM_FLAGS), headless=True
        )
        yield browser
        browser.close()


def _need(marker: str) -> tuple[str, bool]:
    what, present = NEEDS[marker]
    return what, present()
