"""The house stands as CONTRIBUTING.md draws it."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import file_map
import pytest

MODULE_LINES = 400
FUNCTION_LINES = 50
NO_ROOMS = {"utils", "util", "helpers", "helper", "core", "base", "common", "misc"}


@pytest.fixture(scope="module")
def package(project_root: Path) -> Path:
    return project_root / "src" / "analysis"


@pytest.fixture(scope="module")
def trees(package: Path) -> dict[str, ast.Module]:
    return {
        path.relative_to(package).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }


def lint(root: Path, sources: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a source tree in a process of its own."""
    command = [
        sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()",
        "--config", str(root / ".importlinter"), "--no-cache",
    ]  # fmt: skip
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, cwd=sources,
        env={**os.environ, "PYTHONPATH": str(sources)},
    )  # fmt: skip


def test_imports_follow_the_table(project_root: Path) -> None:
    done = lint(project_root, project_root / "src")
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("press/toy.py", "from analysis.questions import balance", "press knows no question"),
        ("questions/toy.py", "from analysis.records import open_county", "questions import"),
        ("questions/toy.py", "import matplotlib", "never reach what shows"),
        ("questions/toy.py", "import analysis.questions.quality", "no question imports another"),
        ("display/toy.py", "import analysis.records.county", "display imports"),
        ("release/toy.py", "import analysis.display", "release imports"),
        ("records/toy.py", "import analysis.roster", "only the command opens a roster"),
        ("methods/toy.py", "import analysis.finding", "do not know one another"),
    ],
)
def test_a_wrong_import_is_found(
    project_root: Path, tmp_path: Path, module: str, line: str, contract: str
) -> None:
    shutil.copytree(project_root / "src" / "analysis", tmp_path / "analysis")
    (tmp_path / "analysis" / module).write_text(f"{line}\n", encoding="utf-8")
    done = lint(project_root, tmp_path)
    assert done.returncode == 1
    broken = [each for each in done.stdout.splitlines() if "BROKEN" in each]
    assert any(contract in each for each in broken), done.stdout


def test_statsmodels_api_is_not_imported(trees: dict[str, ast.Module]) -> None:
    """Importing it alone costs seconds."""
    found = [
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(a.name == "statsmodels.api" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and f"{node.module}" == "statsmodels.api")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "statsmodels"
            and any(alias.name == "api" for alias in node.names)
        )
    ]
    assert found == []


def test_modules_stay_small(package: Path) -> None:
    lines = {
        path.relative_to(package).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in package.rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > MODULE_LINES} == {}


def test_functions_stay_small(trees: dict[str, ast.Module]) -> None:
    """Count the body without its docstring."""
    long = {}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                count = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                if count > FUNCTION_LINES:
                    long[f"{name}:{node.name}"] = count
    assert long == {}


def test_every_room_has_a_name_of_its_own(package: Path) -> None:
    stems = {path.stem for path in package.rglob("*") if path.suffix in ("", ".py")}
    assert stems & NO_ROOMS == set()


def test_every_module_says_what_it_is() -> None:
    assert all(file_map.summary(module) for module in file_map.modules())


def test_the_map_is_current() -> None:
    """Write it anew with ``make docs``."""
    _, drawn, _ = file_map.parts()
    assert drawn.strip() == file_map.render().strip()


def test_what_a_module_offers_is_typed_and_told(trees: dict[str, ast.Module]) -> None:
    """Public functions and classes have a docstring."""
    silent = [
        f"{name}:{node.name}"
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_warning_filter_or_logging_set_up_in_the_package(trees: dict[str, ast.Module]) -> None:
    banned = {"basicConfig", "filterwarnings", "simplefilter"}
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in banned
    ]
    assert found == []
