"""The schools of a synthetic county: where they stand, how large they are, how long.

A site is a school over all years. Sizes are lognormal by location (large in the county seat, small
in villages, very small at teaching points), then fitted so that all children of the census are in
some school. Some teaching points and village schools close and are merged into a township's
centre school, some village schools become teaching points, new schools open in the seat, a large
school may be split, a junior school may become a nine-year school by taking over a primary school.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.synthetic.changes import BESIDE, change_sites, close_sites
from analysis.records.synthetic.names import Gazetteer
from analysis.records.synthetic.parameters import Parameters, span
from analysis.records.synthetic.setting import Setting, Site, make_setting

KINDS = {
    "primary": "211", "point": "218", "attached": "219", "junior": "311", "nine": "312",
    "complete": "341", "twelve": "345", "vocational": "360", "special": "510",
}  # fmt: skip
"""Code of each group of sites in the contracts' list ``kind``."""

OUTSIDE = ("vocational", "special")
"""Groups whose pupils are not part of the census cohorts that the other schools share."""

_FIXED = ("point", "attached", *OUTSIDE)
"""Groups whose sizes are not fitted to the census."""
_DEFAULTS: dict[str, Any] = {
    "owner": "public", "primary": 0.0, "junior": 0.0, "senior": 0.0, "top": 6, "first": 0,
    "last": 9999, "before": "", "name_before": "", "turn": 0, "swell": 1.0, "heir": -1,
    "parent": -1, "base": False,
}  # fmt: skip


def plan_sites(
    pupils: tuple[float, float],
    division: str,
    params: Parameters,
    names: Gazetteer,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Plan all schools of a county.

    Parameters
    ----------
    pupils
        Primary and junior pupils of the last year.
    division
        ``district``, ``city`` or ``county``.
    params, names, rng
        Parameters, names to give out, source of randomness.

    Returns
    -------
    DataFrame
        One row a site, index ``site``: ``group``, ``before`` and ``turn`` (the group before a
        change of type and its year), ``place`` (seat, centre, village, point), ``zone``,
        ``township``, ``owner``, ``name``, ``opened``, ``first`` and ``last`` (years it is open),
        sizes ``primary``, ``junior``, ``senior`` in its last year, ``top`` (highest primary grade),
        ``heir`` (site it is merged into), ``parent`` (site it is split from), ``swell`` (how much
        larger it was before a change), ``base`` (open all years, public, counted).
    """
    setting = make_setting(pupils, division, params, names, rng)
    sites = [*_primary(setting), *_junior(setting), *_points(setting), *_others(setting)]
    sites += list(close_sites(setting, sites))
    sites += list(change_sites(setting, sites))
    table = pd.DataFrame([{**_DEFAULTS, **site} for site in sites])
    years = span(params)
    table["first"] = table["first"].clip(lower=years[0])
    table["last"] = table["last"].clip(upper=years[-1])
    old = rng.integers(1952, years[0] - 1, len(table))
    table["opened"] = np.where(table["first"] > years[0], table["first"], old)
    beside = table.index.to_numpy() - 1
    table["heir"] = np.where(table["heir"] == BESIDE, beside, table["heir"])
    table.index.name = "site"
    return _fit(table, pupils, params)


def select_sites(
    table: pd.DataFrame, scale: float, minimum: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Take fewer schools, sizes kept: a share of each group, never under the minimum per stage.

    A school that is kept brings the one it was merged into or split from.
    """
    order = pd.Series(rng.permutation(len(table)), index=table.index)
    rank = order.groupby([table["group"], table["base"]]).rank()
    size = table.groupby(["group", "base"])["base"].transform("size")
    keep = rank <= np.ceil(scale * size)
    for stage in ("primary", "junior"):
        steady = order[table["base"] & (table[stage] > 0)].sort_values().index
        wanted = minimum - int(keep[steady].sum())
        if wanted > 0:
            keep[[site for site in steady if not keep[site]][:wanted]] = True
    for _ in range(2):
        for column in ("heir", "parent"):
            linked = table.loc[keep & (table[column] >= 0), column]
            keep[linked.unique()] = True
    return table[keep]


def _primary(setting: Setting) -> Iterator[Site]:
    """Primary schools that stand all years."""
    shape, division = setting.params["schools"], setting.division
    count = max(shape["minimum"], round(setting.pupils[0] / shape["primary_mean"][division]))
    urban = max(2, round(count * shape["seat_share"][division]))
    centres = min(len(setting.rural), round((count - urban) * shape["centre_share"]))
    for _ in range(urban):
        size = setting.size("seat")
        yield setting.urban_site("primary", "seat_primary", base=True, primary=size)
    for town in setting.rural[:centres]:
        yield setting.rural_site("primary", "centre_primary", "centre", town, base=True,
                                 primary=setting.size("centre"))  # fmt: skip
    for _ in range(count - urban - centres):
        yield setting.rural_site("primary", "village_primary", "village", base=True,
                                 primary=setting.size("village", 40))  # fmt: skip


def _junior(setting: Setting) -> Iterator[Site]:
    """Junior and nine-year schools that stand all years."""
    shape, division = setting.params["schools"], setting.division
    count = max(shape["minimum"], round(setting.pupils[1] / shape["junior_mean"][division]))
    nine = max(1, round(count * shape["nine_year_share"]))
    urban = max(2, round((count - nine) * shape["junior_seat_share"][division]))
    for _ in range(urban):
        size = setting.size("junior_seat")
        yield setting.urban_site("junior", "seat_junior", base=True, junior=size)
    towns = setting.rural[::-1]
    for i in range(count - nine - urban):
        pattern = "rural_junior" if i < len(towns) else "rural_junior_more"
        yield setting.rural_site("junior", pattern, "centre", towns[i % len(towns)], base=True,
                                 junior=setting.size("junior_rural", 60))  # fmt: skip
    for _ in range(nine):
        yield setting.rural_site("nine", "nine", "centre", base=True,
                                 primary=setting.size("centre"),
                                 junior=setting.size("junior_rural", 60) * 0.7)  # fmt: skip


def _points(setting: Setting) -> Iterator[Site]:
    """Teaching points that stay."""
    shape, division = setting.params["schools"], setting.division
    schools = setting.pupils[0] / shape["primary_mean"][division]
    for _ in range(max(2, round(schools * shape["points_per_school"][division]))):
        middle = setting.rng.random() < shape["middle_point_share"]
        size = setting.rng.uniform(50, 99) if middle else min(48, setting.size("point"))
        top = 6 if middle else int(setting.rng.choice([2, 3, 4, 4, 4, 6]))
        yield setting.rural_site("point", "point", "point", primary=size, top=top)


def _others(setting: Setting) -> Iterator[Site]:
    """Special school, and what only some counties have."""
    rng, chance = setting.rng, setting.happens
    most = max(150.0, setting.params["schools"]["senior_most"] * setting.pupils[1])
    yield setting.urban_site("special", "special", primary=rng.uniform(25, 70),
                             junior=rng.uniform(12, 35))  # fmt: skip
    if chance("chance_vocational"):
        junior = rng.uniform(60, 150) if chance("chance_vocational_junior") else 0.0
        yield setting.urban_site("vocational", "vocational", junior=junior,
                                 senior=min(rng.uniform(600, 1500), most))  # fmt: skip
    if chance("chance_complete"):
        yield setting.urban_site("complete", "complete", junior=setting.size("junior_seat"),
                                 senior=min(rng.uniform(900, 2100), most))  # fmt: skip
    if chance("chance_twelve"):
        yield setting.urban_site("twelve", "twelve", owner="private",
                                 primary=setting.size("centre"), junior=setting.size("centre"),
                                 senior=min(rng.uniform(300, 900), most))  # fmt: skip
    if chance("chance_attached"):
        size = rng.uniform(55, 120)
        yield setting.rural_site("attached", "attached", "village", primary=size)
    yield from _private(setting)


def _private(setting: Setting) -> Iterator[Site]:
    shape = setting.params["schools"]
    for stage, pupils in zip(("primary", "junior"), setting.pupils, strict=True):
        schools = pupils / shape[f"{stage}_mean"][setting.division]
        for _ in setting.many(shape["private_share"] * schools):
            size = {stage: setting.size("centre")}
            yield setting.urban_site(stage, f"seat_{stage}", owner="private", **size)


def _fit(table: pd.DataFrame, pupils: tuple[float, float], params: Parameters) -> pd.DataFrame:
    """Fit the sizes of schools so that all pupils of the last year have a place."""
    table = table.copy()
    shape, stays = params["schools"], table["last"] == span(params)[-1]
    free = stays & ~table["group"].isin(_FIXED)
    fixed = stays & table["group"].isin(_FIXED) & ~table["group"].isin(OUTSIDE)
    for stage, total in zip(("primary", "junior"), pupils, strict=True):
        left = total - table.loc[fixed, stage].sum()
        factor = max(0.15, left / max(1.0, table.loc[free, stage].sum()))
        fitted = (table[stage] * factor).clip(upper=shape["caps"][stage])
        table[stage] = table[stage].where(~free, fitted)
    return table
