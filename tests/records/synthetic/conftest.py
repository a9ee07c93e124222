from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.records.intake import Intake, read_folder
from analysis.records.reference import Reference, load_reference
from analysis.records.regions import regions
from analysis.records.synthetic import SyntheticCounty, make_county, write_demo
from analysis.records.synthetic.parameters import Parameters, load_parameters


@pytest.fixture(scope="session")
def reference() -> Reference:
    return load_reference()


@pytest.fixture(scope="session")
def params() -> Parameters:
    return load_parameters()


@pytest.fixture(scope="session")
def make(reference: Reference, params: Parameters) -> Callable[..., SyntheticCounty]:
    """Make a county of the list of China."""

    def county(code: str, seed: int = 1, **more: object) -> SyntheticCounty:
        place = regions().place(code)
        scheme = reference.scheme("quality-2017")
        return make_county(place, reference.census, params, seed, scheme=scheme, **more)

    return county


@pytest.fixture(scope="session")
def county(make: Callable[..., SyntheticCounty]) -> SyntheticCounty:
    """A whole county, all years."""
    return make("130722")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of one small county, two years, with schools that did not report."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, counties="130723", scale=0.1, seed=5, years=(2020, 2021))
    return folder


@pytest.fixture(scope="session")
def intake(demo: Path) -> Intake:
    return read_folder(demo)
