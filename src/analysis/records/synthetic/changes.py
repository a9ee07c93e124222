"""Schools that closed, opened, were split or changed their type between the first and last year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.records.synthetic.setting import Setting, Site

BESIDE = -2
"""As an heir: the site that stands right before this one."""


def close_sites(setting: Setting, sites: Sequence[Site]) -> Iterator[Site]:
    """Make teaching points and village schools that closed and were merged into a centre school.

    Parameters
    ----------
    setting
        The county.
    sites
        The sites that stay; heirs are given by their places in it.
    """
    change, rng = setting.params["change"], setting.rng
    steady = [i for i, s in enumerate(sites) if s["group"] == "primary" and s.get("base")]
    heirs = [i for i in steady if sites[i]["place"] == "centre"] or steady
    for _ in setting.many(change["closed_points"] * _count(sites, "point")):
        size = min(30.0, setting.size("point") * 0.5)
        yield setting.rural_site("point", "point", "point", primary=size, top=4,
                                 heir=int(rng.choice(heirs)), last=setting.year() - 1)  # fmt: skip
    for _ in setting.many(change["closed_villages"] * _count(sites, "village")):
        yield setting.rural_site("primary", "village_primary", "village",
                                 primary=rng.uniform(30, 90), heir=int(rng.choice(heirs)),
                                 last=setting.year() - 1)  # fmt: skip


def change_sites(setting: Setting, sites: Sequence[Site]) -> Iterator[Site]:
    """Make village schools that became teaching points, new schools, a split, a nine-year school."""
    change, rng = setting.params["change"], setting.rng
    urban = [i for i, s in enumerate(sites) if s["group"] == "primary" and s["place"] == "seat"]
    for _ in setting.many(change["demoted_villages"] * _count(sites, "village")):
        yield setting.rural_site("point", "point", "point", primary=rng.uniform(20, 70), top=4,
                                 turn=setting.year(), before="primary", swell=1.5,
                                 pattern_before="village_primary")  # fmt: skip
    for _ in setting.many(change["opened_seat"] * len(urban)):
        yield setting.urban_site("primary", "seat_primary", first=setting.year(),
                                 primary=setting.size("centre"))  # fmt: skip
    if setting.happens("chance_split", "change"):
        steady = [i for i in urban if sites[i].get("base")]
        parent = max(steady, key=lambda i: sites[i]["primary"])
        yield setting.urban_site("primary", "seat_primary", first=setting.year(), parent=parent,
                                 primary=0.6 * sites[parent]["primary"])  # fmt: skip
    if setting.happens("chance_nine_year_formed", "change"):
        yield from _form_nine_year(setting)


def _form_nine_year(setting: Setting) -> Iterator[Site]:
    """Make a junior school that took over the primary school beside it, and that school."""
    year, town, size = setting.year(), setting.town(seat=False), setting.size("centre")
    yield setting.rural_site("nine", "nine", "centre", town, turn=year, before="junior",
                             pattern_before="rural_junior_more", primary=size,
                             junior=setting.size("junior_rural", 60) * 0.7)  # fmt: skip
    yield setting.rural_site("primary", "village_primary", "village", town, last=year - 1,
                             primary=size, heir=BESIDE)  # fmt: skip


def _count(sites: Sequence[Site], place: str) -> int:
    return sum(site["place"] == place and site["group"] in ("primary", "point") for site in sites)
