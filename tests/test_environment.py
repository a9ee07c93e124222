"""The three lists of what the project needs say the same thing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name


def _by_name(lines: list[str]) -> dict[str, SpecifierSet]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each.specifier for each in requirements}


@pytest.fixture(scope="module")
def declared(project_root: Path) -> dict[str, SpecifierSet]:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    return _by_name(project["project"]["dependencies"])


@pytest.fixture(scope="module")
def lock(project_root: Path) -> str:
    return (project_root / "requirements.lock").read_text(encoding="utf-8")


def test_conda_users_get_the_same_dependencies(
    project_root: Path, declared: dict[str, SpecifierSet]
) -> None:
    conda = yaml.safe_load((project_root / "environment.yml").read_text(encoding="utf-8"))
    plain = [each for each in conda["dependencies"] if isinstance(each, str)]
    (by_pip,) = [each["pip"] for each in conda["dependencies"] if isinstance(each, dict)]
    listed = _by_name([*plain, *by_pip])
    python = listed.pop("python")
    listed.pop("pip")
    assert listed == declared
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    assert python == SpecifierSet(project["project"]["requires-python"])


def test_lock_holds_every_direct_dependency(declared: dict[str, SpecifierSet], lock: str) -> None:
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock, re.MULTILINE):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    for name, bounds in declared.items():
        assert pins.get(name), f"{name} is not in the lock"
        assert all(version in bounds for version in pins[name]), name


def test_lock_has_a_hash_for_every_package_and_no_address(lock: str) -> None:
    packages = re.split(r"(?m)^(?=\S)", lock)
    unhashed = [
        each.split()[0] for each in packages if each.strip() and "--hash=sha256:" not in each
    ]
    assert unhashed == []
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", lock)


def test_browser_lock_has_a_hash_and_no_address(project_root: Path) -> None:
    text = (project_root / "tests/browser/package-lock.json").read_text(encoding="utf-8")
    assert "sha512-" in text
    assert "http" not in text


def test_what_is_imported_is_declared_or_required_by_what_is(
    project_root: Path, declared: dict[str, SpecifierSet]
) -> None:
    brought = {
        canonicalize_name(Requirement(line).name)
        for name in declared
        for line in requires(name) or ()
        if "extra ==" not in line
    }
    homes = packages_distributions()
    for module in sorted(imported(project_root / "src")):
        names = {canonicalize_name(name) for name in homes[module]}
        assert names & (set(declared) | brought), f"{module} comes from no declared dependency"


def imported(sources: Path) -> set[str]:
    """List the packages of others that a source tree imports, wherever in a file."""
    found = set()
    for path in sources.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"analysis"}
