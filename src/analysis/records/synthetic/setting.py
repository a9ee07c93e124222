"""Where the schools of a synthetic county stand: townships, and a site in one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.records.synthetic.names import Gazetteer
from analysis.records.synthetic.parameters import Parameters, span

Site = dict[str, Any]

_FRINGE = {"111": "112", "121": "122"}
_VILLAGE = "220"


@dataclass(frozen=True, slots=True)
class Town:
    """A township: its stem, its full name, whether it is part of the county seat, its zone."""

    stem: str
    name: str
    seat: bool
    zone: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What the plan of a county is made from.

    Attributes
    ----------
    division
        ``district``, ``city`` or ``county``.
    pupils
        Primary and junior pupils of the last year.
    towns
        Townships, those of the county seat first.
    names, params, rng
        Names to give out, parameters, source of randomness.
    """

    division: str
    pupils: tuple[float, float]
    towns: tuple[Town, ...]
    names: Gazetteer
    params: Parameters
    rng: np.random.Generator

    @property
    def rural(self) -> list[Town]:
        return [town for town in self.towns if not town.seat]

    def town(self, *, seat: bool) -> Town:
        """Draw a township in or outside the county seat."""
        towns = [town for town in self.towns if town.seat == seat]
        return towns[int(self.rng.integers(len(towns)))]

    def size(self, kind: str, low: float = 6.0) -> float:
        """Draw a size."""
        shape = self.params["schools"]["sizes"][kind]
        drawn = shape["median"] * np.exp(shape["sigma"] * self.rng.standard_normal())
        return float(max(low, drawn))

    def year(self) -> int:
        """Draw the first year after a change."""
        years = span(self.params)
        return int(self.rng.integers(years[1], years[-1] + 1))

    def happens(self, chance: str, room: str = "schools") -> bool:
        return bool(self.rng.random() < self.params[room][chance])

    def many(self, mean: float) -> range:
        """Draw how many there are of something that has a mean."""
        return range(int(self.rng.poisson(mean)))

    def urban_site(self, group: str, pattern: str, **fields: Any) -> Site:
        """Make a site in the county seat; a quarter of them stand at its fringe."""
        town = self.town(seat=True)
        motto = next(self.names.mottoes)
        zone = _FRINGE[town.zone] if self.rng.random() < 0.25 else town.zone
        return self._site(group, pattern, "seat", zone, town, {"motto": motto}, fields)

    def rural_site(
        self, group: str, pattern: str, place: str, town: Town | None = None, **fields: Any
    ) -> Site:
        """Make a site outside the county seat, in a township's centre or in a village."""
        town = town or self.town(seat=False)
        village = next(self.names.villages)
        said = {"village": village, "motto": village}
        if fields.get("turn"):
            before = self.params["names"][fields.pop("pattern_before")]
            fields["name_before"] = before.format(stem=town.stem, town=town.name, **said)
        zone = town.zone if place == "centre" else _VILLAGE
        return self._site(group, pattern, place, zone, town, said, fields)

    def _site(self, group: str, pattern: str, place: str, zone: str, town: Town, said: dict[str, str], fields: Site) -> Site:  # fmt: skip
        name = self.params["names"][pattern].format(stem=town.stem, town=town.name, **said)
        return {"group": group, "place": place, "zone": zone, "township": town.name, "name": name,
                **fields}  # fmt: skip


def make_setting(
    pupils: tuple[float, float],
    division: str,
    params: Parameters,
    names: Gazetteer,
    rng: np.random.Generator,
) -> Setting:
    """Lay out the townships of a county."""
    towns = tuple(_towns(pupils[0], division, params, names, rng))
    return Setting(division, pupils, towns, names, params, rng)


def _towns(
    pupils: float, division: str, params: Parameters, names: Gazetteer, rng: np.random.Generator
) -> Iterator[Town]:
    shape = params["towns"]
    count = int(np.clip(round(pupils / shape["pupils"]), shape["least"], shape["most"]))
    seats = max(1, round(count * shape["seat_share"][division]))
    urban = ("street", "111") if division == "district" else ("town", "121")
    for i in range(count):
        rural = ("town", "121") if rng.random() < shape["town_share"] else ("rural", "210")
        pattern, zone = urban if i < seats else rural
        stem = next(names.stems)
        yield Town(stem, params["names"][pattern].format(stem=stem), i < seats, zone)
