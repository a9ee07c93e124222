"""The parameters of the synthetic data: ``data/reference/synthetic.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from analysis.records.county import Place
from analysis.records.reference import folder

Parameters = Mapping[str, Any]


@cache
def load_parameters() -> Parameters:
    """Read the parameters once.

    >>> load_parameters()["schools"]["minimum"]
    12
    """
    text = (folder() / "synthetic.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def span(params: Parameters) -> range:
    """Give the school years that are always simulated, whichever of them are written."""
    return range(params["span"]["first"], params["span"]["last"] + 1)


def division(place: Place) -> str:
    """Tell a city district, a county-level city and a county apart, by the division code.

    >>> division(Place("130702", "桥东区", "Qiaodong")), division(Place("130722", "张北县", "Zhangbei"))
    ('district', 'county')
    """
    number = int(place.code[4:6]) if len(place.code) == 6 else 21
    if number <= 20:
        return "district"
    return "city" if number >= 81 else "county"
