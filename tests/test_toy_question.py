"""A new question is five new files and no edit: here one is added to a copy, and it is a chapter.

The fifth says which persons it counts; a question about institutions alone has four. They stand in
``tests/toy``, each where it would stand in the project.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html

TOY = Path(__file__).parent / "toy"
FIVE = (
    "notebooks/boarding.ipynb",
    "src/analysis/locale/boarding.toml",
    "src/analysis/questions/boarding.py",
    "src/analysis/release/linked/boarding.toml",
    "tests/questions/test_boarding.py",
)
COPIED = ("src", "notebooks", "data/reference", "data/examples", "tests/questions")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def overlay(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project and lay the five files over it; none of them is there already."""
    root = tmp_path_factory.mktemp("overlay")
    for name in COPIED:
        if (project_root / name).is_dir():
            shutil.copytree(
                project_root / name, root / name, ignore=shutil.ignore_patterns("__pycache__")
            )
    for name in (".importlinter", "pyproject.toml"):
        shutil.copyfile(project_root / name, root / name)
    for name in FIVE:
        assert not (root / name).exists()
        shutil.copyfile(TOY / name, root / name)
    return root


@pytest.fixture(scope="module")
def run(overlay: Path) -> Run:
    """Run Python on the copy, not on the project."""
    environment = {**os.environ, "PYTHONPATH": str(overlay / "src")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False,
            cwd=overlay, env=environment, timeout=300,
        )  # fmt: skip

    return run


def county(run: Run, *words: str) -> None:
    done = run("-c", "from analysis.cli import main; main()", *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_five_files_and_no_more() -> None:
    found = sorted(
        p.relative_to(TOY).as_posix()
        for p in TOY.rglob("*")
        if p.suffix in (".py", ".toml", ".ipynb")
    )
    assert found == sorted(FIVE)


def test_the_copy_is_what_runs(run: Run, overlay: Path) -> None:
    done = run("-c", "import analysis; print(analysis.__path__[0])")
    assert Path(done.stdout.strip()) == overlay / "src" / "analysis"


def test_its_own_test_passes(run: Run) -> None:
    done = run("-m", "pytest", "-p", "no:cacheprovider", "tests/questions/test_boarding.py")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout or done.stdout.startswith(".")


def test_the_house_still_stands(run: Run) -> None:
    code = "from importlinter.cli import lint_imports_command as run; run()"
    done = run("-c", code, "--no-cache")
    assert done.returncode == 0, done.stdout


@pytest.mark.whole
def test_it_becomes_a_chapter_of_the_report(run: Run, overlay: Path) -> None:
    county(run, "demo", "demo", "--scale", "0.1", "--years", "2021-2021")
    county(run, "load", "demo", "--store", "store")
    county(run, "fit", "store", "--year", "2021")
    county(
        run, "report", "130722", "--store", "store", "--year", "2021", "--lang", "zh", "--lang",
        "en", "--format", "html", "--jobs", "1",
    )  # fmt: skip
    folder = overlay / "reports" / "public" / "2021" / "130722"
    for language, heading, sentence in (
        ("zh", "寄宿", "有寄宿生"),
        ("en", "Boarding", "had boarders"),
    ):
        page = html.fromstring((folder / language / "report.html").read_bytes())
        assert heading in [" ".join(each.text_content().split()) for each in page.iter("h2")]
        assert sentence in page.text_content()
        results = json.loads((folder / language / "results.json").read_text(encoding="utf-8"))
        assert "boarding" in [sentinel["chapter"] for sentinel in results["sentinels"]]
        keys = [cell["key"] for block in results["blocks"] for cell in block["cells"]]
        assert "boarding_share|primary|||2021" in keys
