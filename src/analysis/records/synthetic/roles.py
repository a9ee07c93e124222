"""Which schools of a synthetic county receive and which send, from when, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records.synthetic.grounds import Bools, Floats, Grounds

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Roles:
    """What schools are meant to receive and to send.

    Attributes
    ----------
    receive, send
        Full-time equivalents aimed at, shape (sites, years); 0 where a school does neither.
    strong
        Receivers that are to have backbone teachers first.
    ever
        Receivers: on a worse footing in all years.
    """

    receive: Floats
    send: Floats
    strong: Bools
    ever: Bools


def draw_roles(
    grounds: Grounds, start: int | None, supply: float, shape: Mapping[str, Any],
    rng: np.random.Generator,
) -> Roles:  # fmt: skip
    """Draw the roles.

    Parameters
    ----------
    grounds
        From `grounds.survey`.
    start
        Place of the year in which the county begins, or None.
    supply
        Teachers exchanged in that year: what receivers have at first cannot be more.
    shape
        ``[exchange]`` of the parameters.
    rng
        Source of randomness.
    """
    none = np.zeros_like(grounds.pupils)
    if start is None:
        nobody = np.zeros(len(grounds.sites), dtype=bool)
        return Roles(none, none.copy(), nobody, nobody)
    middle = grounds.pupils.mean(axis=1)
    few, many = shape["receive"]["pupils"]
    could = grounds.steady & (middle >= few) & (middle <= many)
    weight = np.where(grounds.rural, shape["receive"]["rural"], 1.0) / (middle + 1)
    number = round(shape["receive"]["share"] * int(grounds.steady.sum()))
    receivers = _take(could, weight, number, rng)
    low, high = shape["receive"]["per_100"]
    aims = rng.uniform(low, high, len(middle))[:, None] * grounds.pupils / 100
    waves = _waves(aims[receivers, start], shape["receive"]["of_supply"] * supply)
    receivers = receivers[waves < shape["receive"]["waves"]]
    receive = np.zeros_like(none)
    for site, wave in zip(receivers, waves, strict=False):
        active = _runs(start + int(wave), none.shape[1], shape["receive"], rng)
        receive[site, active] = aims[site, active]
    send = _senders(grounds, receivers, receive, start, shape["send"], rng)
    ever = np.zeros(len(middle), dtype=bool)
    ever[receivers] = True
    strong = ever & (rng.random(len(middle)) < shape["receive"]["strong"])
    return Roles(receive, send, strong, ever)


def _take(could: Bools, weight: Floats, number: int, rng: np.random.Generator) -> Ints:
    """Take some of those that could, the heavier the likelier."""
    drawn = rng.exponential(1.0, len(could)) / weight
    order = np.argsort(np.where(could, drawn, np.inf), kind="stable")
    return order[: min(number, int(could.sum()))].astype(np.int64)


def _waves(each: Floats, budget: float) -> Ints:
    """Say in which year each can begin, if all that begin in one year need no more than there is."""
    return np.floor_divide(np.cumsum(each) - 1e-9, budget).astype(np.int64)


def _within(sites: Ints, each: Floats, budget: float) -> Ints:
    """Keep the first of them as long as what they need together is not more than there is."""
    return sites[np.cumsum(each[sites]) <= budget]


def _runs(
    first: int, years: int, shape: Mapping[str, Any], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Give the years in which a school receives: from its first on, for some with a break."""
    active = np.arange(years) >= first
    stops, again = rng.random(2) < (shape["stops"], shape["starts_again"])
    after, pause = int(rng.integers(2, 4)), int(rng.integers(1, 3))
    if stops:
        active[first + after :] = False
        if again:
            active[first + after + pause :] = True
    return np.flatnonzero(active)


def _senders(
    grounds: Grounds, receivers: Ints, receive: Floats, start: int, shape: Mapping[str, Any],
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Choose schools of the town with many teachers for their pupils, and a few that do both."""
    middle = grounds.pupils.mean(axis=1)
    few, many = shape["pupils"]
    could = grounds.steady & (middle >= few) & (middle <= many)
    could[receivers] = False
    staffed = grounds.teachers.mean(axis=1) / np.maximum(middle, 1)
    weight = np.where(grounds.rural, 1.0, shape["town"]) * (staffed / staffed.max()) ** 2 + 1e-9
    low, high = shape["per_100"]
    aims = rng.uniform(low, high, len(middle))[:, None] * grounds.pupils / 100
    chosen = _take(could, weight, round(shape["share"] * int(grounds.steady.sum())), rng)
    room = shape["room"] * grounds.pupils[:, start].sum() / 100
    chosen = _within(chosen, aims[:, start], receive[:, start:].max(axis=1).sum() + room)
    large = [site for site in receivers if middle[site] >= shape["both_pupils"]]
    both = large[: round(shape["both"] * len(receivers))]
    send = np.zeros_like(receive)
    for site in (*chosen, *both):
        send[site, start:] = aims[site, start:]
    return send
