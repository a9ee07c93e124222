"""Who is exchanged in a synthetic county, where to, for how long and for how much of the week.

How many teachers are exchanged in a year, and how many of them are backbone teachers, is given. Where
a county has begun to concentrate its exchange, receivers are served first, from the schools that are
to send; all others go, for a part of the week or of the year, where they make little difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.synthetic.grounds import Bools, Floats, Grounds
from analysis.records.synthetic.parameters import Parameters, span
from analysis.records.synthetic.pools import Pool
from analysis.records.synthetic.roles import Roles

HALF = 153 / 365
"""From September to the end of January, as a part of the school year."""
_FORMS = ("regular", "district", "alliance", "support")


@dataclass(frozen=True, slots=True)
class Postings:
    """All stays, and what schools have and lack by them in full-time equivalents.

    Attributes
    ----------
    rows
        The table of exchanges without its county.
    received, received_backbone, sent
        Full-time equivalents present and absent, shape (sites, years).
    """

    rows: pd.DataFrame
    received: Floats
    received_backbone: Floats
    sent: Floats


@dataclass(slots=True)
class Desk:
    """Where the exchange of a county is arranged, year after year."""

    grounds: Grounds
    roles: Roles
    start: int | None
    weak: float
    shape: Mapping[str, Any]
    rng: np.random.Generator
    received: Floats = field(init=False)
    backbone: Floats = field(init=False)
    sent: Floats = field(init=False)
    away: dict[Any, int] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.received, self.backbone, self.sent = (
            np.zeros_like(self.grounds.pupils) for _ in range(3)
        )

    def room(self, taken: Floats, y: int, stay: Floats) -> Bools:
        """Tell which sites can have or lack that much more and make little difference still."""
        thin, end = self.shape["thin"]["most_per_100"], min(y + len(stay), taken.shape[1])
        limit = thin * self.grounds.pupils[:, y:end] / 100
        return np.asarray((taken[:, y:end] + stay[: end - y] <= limit).all(axis=1))

    def settle(
        self, pool: Pool, who: int, to: int, y: int, stay: Floats, share: float, form: str,
        *, transferred: bool = False,
    ) -> None:  # fmt: skip
        """Enter a stay."""
        year, site = int(self.years[y]), pool.sites[who]
        end = min(y + len(stay), self.received.shape[1])
        self.received[to, y:end] += stay[: end - y]
        self.sent[site, y:end] += stay[: end - y]
        if pool.backbone[who]:
            self.backbone[to, y:end] += stay[: end - y]
        self.away[pool.persons[who]] = y + len(stay)
        short = stay[-1] < share - 1e-9
        last = f"{year + len(stay)}-{'01-31' if short else '08-31'}"
        codes = self.grounds.codes
        self.rows.append(
            {"teacher_id": pool.persons[who],
             "school": codes[site, y], "to_school": codes[to, y], "year": year, "form": form,
             "share_week": share if form == "itinerant" else None, "transferred": transferred,
             "start": f"{year}-09-01", "end": None if transferred else last}
        )  # fmt: skip

    @property
    def years(self) -> Sequence[int]:
        years: Sequence[int] = self.shape["years"]
        return years


def post(
    grounds: Grounds, roles: Roles, start: int | None, pools: Sequence[Pool],
    numbers: Sequence[tuple[int, int]], weak: float, params: Parameters, rng: np.random.Generator,
) -> Postings:  # fmt: skip
    """Post the teachers of a county, year by year.

    Parameters
    ----------
    grounds, roles, start
        Schools, what they are meant to have, and the place of the year in which that begins.
    pools
        Who may be exchanged, by year.
    numbers
        Teachers exchanged, and backbone teachers among them, by year.
    weak
        How much likelier weaker teachers are sent: log odds for a standard deviation.
    params, rng
        Parameters and source of randomness.
    """
    shape = {**params["exchange"], "years": list(span(params))}
    desk = Desk(grounds, roles, start, weak, shape, rng)
    for y, (pool, (number, backbone)) in enumerate(zip(pools, numbers, strict=True)):
        _Year(desk, pool, y, {True: backbone, False: number - backbone}).arrange()
    return Postings(pd.DataFrame(desk.rows), desk.received, desk.backbone, desk.sent)


class _Year:
    """One year's exchange: those still to be sent, of each kind."""

    def __init__(self, desk: Desk, pool: Pool, y: int, left: dict[bool, int]) -> None:
        self.desk, self.pool, self.y, self.left = desk, pool, y, left
        self.here = np.array([desk.away.get(p, 0) <= y for p in pool.persons], dtype=bool)
        self.likely = np.exp(-desk.weak * pool.quality)
        room = desk.shape["thin"]["most_per_100"] * desk.grounds.pupils[:, y].sum() / 100
        self.crowded = sum(left.values()) > desk.shape["thin"]["crowded"] * room

    def arrange(self) -> None:
        self.move_posts()
        if self.desk.start is not None and self.y >= self.desk.start:
            self.serve()
            self.relieve()
        while self.left[True] + self.left[False] > 0:
            self.spread(self.kind(self.left[True] >= self.left[False]))

    def kind(self, backbone: bool) -> bool:
        """Give the kind asked for, or the other where none is left."""
        return backbone if self.left[backbone] > 0 else not backbone

    def move_posts(self) -> None:
        """Enter some of those whose post moved along, where it makes little difference."""
        desk, pool = self.desk, self.pool
        most = int(desk.shape["transferred"] * sum(self.left.values()))
        stay = np.ones(desk.received.shape[1] - self.y)
        moved = np.flatnonzero(pool.moved_to >= 0)
        for who in desk.rng.permutation(moved):
            kind, to = bool(pool.backbone[who]), int(pool.moved_to[who])
            fits = desk.room(desk.received, self.y, stay)[to]
            fits &= desk.room(desk.sent, self.y, stay)[pool.sites[who]]
            if most <= 0 or not fits or self.left[kind] <= 0 or not self.here[who]:
                continue
            desk.settle(pool, int(who), to, self.y, stay, 1.0, "regular", transferred=True)
            self.here[who], most = False, most - 1
            self.left[kind] -= 1

    def serve(self) -> None:
        """Let every receiver have what it is meant to have."""
        desk, y = self.desk, self.y
        wanted = desk.roles.receive[:, y]
        for site in desk.rng.permutation(np.flatnonzero(wanted)):
            while (need := wanted[site] - desk.received[site, y]) > 1e-9:
                if sum(self.left.values()) <= 0 or not self.bring(int(site), float(need)):
                    break

    def bring(self, site: int, need: float) -> bool:
        """Bring one teacher to a receiver, from a school that is to send if there is one."""
        desk, y, rng = self.desk, self.y, self.desk.rng
        parts = [part for part in desk.shape["itinerant"] if part >= need]
        share = float(parts[0]) if parts else 1.0
        planned = np.append(desk.roles.receive[site, y:] > 0, [True] * 3)
        run = int(np.argmin(planned)) if not planned.all() else len(planned)
        years = min(run, int(rng.choice([1, 2, 3], p=desk.shape["stays"])))
        kind = self.kind(bool(desk.roles.strong[site]))
        who = self.somebody(kind, site, np.full(years, share), sending=True)
        if who is None:
            return False
        stay = np.full(min(years, int(self.pool.left[who])), share)
        form = str(rng.choice(_FORMS)) if share == 1.0 else "itinerant"
        self.send(who, site, stay, share, form)
        return True

    def relieve(self) -> None:
        """Let schools that are to send do so, where what they send makes little difference."""
        desk, y = self.desk, self.y
        meant = desk.roles.send[:, y]
        for site in desk.rng.permutation(np.flatnonzero(meant)):
            while meant[site] - desk.sent[site, y] > 1e-9 and sum(self.left.values()) > 0:
                sent = any(
                    self.between(kind, np.full(years, 1.0), 1.0, int(site))
                    for kind in (self.kind(desk.rng.random() < 0.3),)
                    for years in (3, 2, 1)
                )
                if not sent:
                    break

    def spread(self, kind: bool) -> None:
        """Send somebody where it makes little difference, for less and less until there is room."""
        rng, shape = self.desk.rng, self.desk.shape
        years = int(rng.choice([1, 2, 3], p=shape["stays"]))
        stay = np.ones(years)
        if rng.random() < shape["early"]:
            stay[-1] = HALF
        part, least = float(rng.choice(shape["itinerant"])), float(min(shape["itinerant"]))
        tries = [
            (stay, 1.0), (np.full(1, part), part), (np.full(1, HALF), 1.0), (np.full(1, least), least),
            (np.full(1, least * HALF), least),
        ]  # fmt: skip
        short = int(self.crowded or rng.random() < shape["thin"]["itinerant"])
        if not any(self.between(kind, *each) for each in tries[short:]):
            self.between(kind, *tries[-1], force=True)

    def between(
        self, kind: bool, stay: Floats, share: float, site: int | None = None, *, force: bool = False
    ) -> bool:  # fmt: skip
        """Send somebody from one school to another that both hardly feel it."""
        desk, y = self.desk, self.y
        who = self.somebody(kind, None, stay, origin=site, force=force)
        if who is None:
            if force:
                self.left[kind] = 0
            return False
        stay = stay[: max(1, int(self.pool.left[who]))]
        fits = desk.room(desk.received, y, stay) & desk.grounds.stages[self.pool.stages[who], :, y]
        fits[self.pool.sites[who]] = False
        fits &= desk.roles.receive.max(axis=1) == 0
        weight = desk.grounds.pupils[:, y] * fits
        if not weight.any():
            if not force:
                return False
            weight = desk.grounds.pupils[:, y] * desk.grounds.stages[self.pool.stages[who], :, y]
            weight[self.pool.sites[who]] = 0
        to = int(desk.rng.choice(len(weight), p=weight / weight.sum()))
        form = "itinerant" if share < 1 else str(desk.rng.choice(_FORMS))
        self.send(who, to, stay, share, form)
        return True

    def somebody(
        self, kind: bool, to: int | None, stay: Floats, *, sending: bool = False,
        origin: int | None = None, force: bool = False,
    ) -> int | None:  # fmt: skip
        """Choose a teacher who can go: of the kind, of a stage that is there, from a school with room."""
        desk, pool, y = self.desk, self.pool, self.y
        could = self.here & (pool.backbone == kind) & (pool.moved_to < 0)
        if to is not None:
            could &= desk.grounds.stages[pool.stages, to, y] & (pool.sites != to)
        meant = desk.roles.send[:, y] - desk.sent[:, y]
        free = desk.room(desk.sent, y, stay) & (desk.roles.receive[:, y] == 0)
        if origin is not None:
            could &= pool.sites == origin
        elif sending and (could & (meant > 0)[pool.sites]).any():
            could &= (meant > 0)[pool.sites]
        elif not force:
            could &= free[pool.sites]
        if not could.any():
            return None
        weight = self.likely * could
        return int(desk.rng.choice(len(weight), p=weight / weight.sum()))

    def send(self, who: int, to: int, stay: Floats, share: float, form: str) -> None:
        self.desk.settle(self.pool, who, to, self.y, stay, share, form)
        self.here[who] = False
        self.left[bool(self.pool.backbone[who])] -= 1
