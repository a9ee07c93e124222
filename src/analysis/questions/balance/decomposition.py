"""Where a difference lies: between which groups of schools, in which of them, in which school."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods import dispersion
from analysis.methods.dispersion import Floats
from analysis.questions.balance.rows import Row
from analysis.questions.balance.stage import Stage
from analysis.records.county import CountyData
from analysis.records.reference import locate_zone

GROUPINGS = ("zone", "township", "kind")
"""Ways in which schools are put into groups."""
SHOWN = ("zone", "township")
"""Groupings whose groups have rows of their own."""
LAYERS = ("stage", "zone", "township", "school")
UNKNOWN = "unknown"
_FEW_GROUPS = 4
_ORDER = {"urban": "1", "town": "2", "rural": "3", UNKNOWN: "\uffff"}


def locate(county: CountyData, stage: Stage) -> pd.DataFrame:
    """Say where the assessed schools of a stage stand and of which type they are.

    Returns
    -------
    DataFrame
        Index ``school``, the columns of `GROUPINGS`; missing where it was not reported.
    """
    schools = county.table("schools", year=stage.year).set_index("school")
    schools = schools.reindex(stage.entrants.counted.index)
    zones = schools["zone"].astype(object).map(locate_zone)
    places = pd.DataFrame({"zone": zones, **schools[["township", "kind"]].astype(object)})
    return places.where(places.notna(), np.nan)


def index_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    """Give the indices of inequality of one indicator, weighted as the coefficient is."""
    id = indicator["id"]
    seen = _seen(stage, indicator)
    levels, weights = _levels(seen, id), _weights(stage, seen)
    base = {**stage.key, "n": len(seen), "n_unit": "schools"}
    several = len(seen) > 1
    indices = {
        "gini": dispersion.gini(levels, weights) if several else np.nan,
        "theil": dispersion.theil(levels, weights) if several else np.nan,
        "atkinson": dispersion.atkinson(levels, weights) if several else np.nan,
    }
    for name, value in indices.items():
        yield {
            **base, "indicator": f"{id}.{name}", "value": value, "unit": "index",
            "flag": "z" if np.isnan(value) else "",
        }  # fmt: skip
    share, fewest = _lower_half(levels, weights) if several else (np.nan, 0)
    # Either half tells of its own schools, the other being what is left: n is the smaller number.
    yield {
        **base, "indicator": f"{id}.lower_half", "value": share, "unit": "share", "n": fewest,
        "flag": "z" if np.isnan(share) else "",
    }  # fmt: skip


def correction_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    """Give how much the coefficient falls if one school is brought to the county's mean."""
    found = find_correction(stage, indicator)
    value = found[1] if found else np.nan
    yield {
        **stage.key, "indicator": f"{indicator['id']}.corrected", "value": value,
        "n": len(_seen(stage, indicator)), "n_unit": "schools", "unit": "coefficient",
        "flag": "" if found else "z",
    }  # fmt: skip


def find_correction(stage: Stage, indicator: Mapping[str, Any]) -> tuple[str, float, bool] | None:
    """Find the school whose correction lowers the coefficient most.

    Returns
    -------
    tuple or None
        Its code, the change of the coefficient, and whether it lies above the mean; none where no
        school's correction lowers it.
    """
    id = indicator["id"]
    seen = _seen(stage, indicator)
    changes = dispersion.corrections(seen[id], seen["pupils"], weights=stage.weights)
    if len(changes) == 0 or np.isnan(changes).any() or not changes.min() < 0:
        return None
    levels = _levels(seen, id)
    place = int(np.argmin(changes))
    above = bool(levels[place] > np.average(levels, weights=_weights(stage, seen)))
    return str(seen.index[place]), float(changes[place]), above


def grouping_rows(
    stage: Stage, indicator: Mapping[str, Any], places: pd.DataFrame, chance: Mapping[str, Any]
) -> Iterator[Row]:
    """Give how much of the difference lies between the groups of each grouping, and by chance.

    Nothing for a grouping that has one group only.
    """
    id = indicator["id"]
    for by in GROUPINGS:
        seen = _seen(stage, indicator).join(places[by].rename("group"))
        known = seen[seen["group"].notna()]
        levels, weights, groups = _levels(known, id), _weights(stage, known), list(known["group"])
        if len(set(groups)) < 2:
            continue
        parts = dispersion.theil_decomposition(levels, groups, weights)
        share = parts.between[0] / parts.total if parts.total > 0 else np.nan
        random = dispersion.between_by_chance(
            levels, groups, weights,
            draws=chance["draws"], rng=np.random.default_rng(chance["seed"]),
        )  # fmt: skip
        fewest = _fewest(groups)
        for subject, value in ((by, share), (f"{by}_chance", random)):
            yield {
                **stage.key, "indicator": f"{id}.between", "by": "grouping", "subject": subject,
                "value": value, "n": fewest, "n_unit": "schools", "unit": "share",
                "flag": "z" if np.isnan(value) else "",
            }  # fmt: skip


def group_rows(stage: Stage, indicator: Mapping[str, Any], places: pd.DataFrame) -> Iterator[Row]:
    """Give each group's level over the county's, and its part of the difference.

    The parts add up to 1; schools whose group is not known are a group of their own. Nothing for a
    grouping that has one group only.
    """
    id = indicator["id"]
    seen = _seen(stage, indicator)
    if len(seen) < 2:
        return
    levels, shares = _levels(seen, id), _shares(stage, seen)
    mean = float(shares @ levels)
    parts = dispersion.additive_shares(seen[id], seen["pupils"], weights=stage.weights)
    for by in SHOWN:
        everybody = places[by].fillna(UNKNOWN)
        groups = everybody.reindex(seen.index)
        if everybody.nunique() < 2:
            continue
        for group in sorted(set(everybody), key=lambda name: _ORDER.get(name, name)):
            mine = (groups == group).to_numpy(dtype=bool)
            told = bool(mine.any())
            own = float(np.average(levels[mine], weights=shares[mine])) if told else np.nan
            base = {
                **stage.key, "by": by, "subject": group, "n": int(mine.sum()),
                "n_unit": "schools", "unit": "share",
            }  # fmt: skip
            relative = own / mean if mean > 0 else np.nan
            part = float(parts[mine].sum()) if told else np.nan
            for name, value in (("relative", relative), ("part", part)):
                flag = "" if not np.isnan(value) else "z" if told else "x"
                yield {**base, "indicator": f"{id}.{name}", "value": value, "flag": flag}


def layer_rows(
    stages: Sequence[tuple[Stage, pd.DataFrame]], indicator: Mapping[str, Any]
) -> Iterator[Row]:
    """Split the difference over all stages into layers that add up, each inside the one before.

    Between stages, between zones of a stage, between the townships of a zone, and between the
    schools of a township. Schools whose place is not known are left out; nothing is given where
    one of the stages has no data.
    """
    id = indicator["id"]
    pieces = [
        _seen(stage, indicator).join(places[["zone", "township"]].rename(columns="of_{}".format))
        .assign(of_stage=stage.id)
        for stage, places in stages
    ]  # fmt: skip
    levels = [f"of_{name}" for name in LAYERS[:-1]]
    known = [piece.dropna(subset=[id, *levels]) for piece in pieces]
    seen = pd.concat(known)
    if len(seen) < 2 or min(map(len, known)) == 0:
        return
    groups: list[Sequence[Hashable]] = [list(seen[name]) for name in levels]
    parts = dispersion.theil_decomposition(_levels(seen, id), groups, _weights(stages[0][0], seen))
    fewest = min(seen.groupby(levels[:2]).size())
    for layer, part in zip(LAYERS, (*parts.between, parts.within), strict=True):
        if layer == "stage" and len(stages) == 1:
            continue
        value = part / parts.total if parts.total > 0 else np.nan
        yield {
            "stage": "", "at": str(stages[0][0].year), "indicator": f"{id}.layer", "by": "layer",
            "subject": layer, "value": value, "n": fewest, "n_unit": "schools", "unit": "share",
            "flag": "z" if np.isnan(value) else "",
        }  # fmt: skip


def _fewest(groups: Sequence[Hashable]) -> int:
    """Give the number of schools that a share between groups tells of.

    It is one equation, the county's mean another: with few groups their means follow from the two,
    and so does what the smallest group has.
    """
    sizes = Counter(groups).values()
    return min(sizes) if 0 < len(sizes) <= _FEW_GROUPS else len(groups)


def _seen(stage: Stage, indicator: Mapping[str, Any]) -> pd.DataFrame:
    counted = stage.entrants.counted
    return counted.loc[counted[indicator["id"]].notna(), ["pupils", indicator["id"]]]


def _levels(seen: pd.DataFrame, id: str) -> Floats:
    return (seen[id] / seen["pupils"]).to_numpy(dtype=float)


def _weights(stage: Stage, seen: pd.DataFrame) -> Floats | None:
    return None if stage.weights is None else seen["pupils"].to_numpy(dtype=float)


def _shares(stage: Stage, seen: pd.DataFrame) -> Floats:
    weights = _weights(stage, seen)
    weights = np.ones(len(seen)) if weights is None else weights
    return weights / weights.sum()


def _lower_half(levels: Floats, weights: Floats | None) -> tuple[float, int]:
    """Give what the half of the pupils with the least have, and the schools of the smaller half."""
    curve = dispersion.lorenz(levels, weights)
    share = float(np.interp(0.5, curve.population, curve.resource))
    below = int((curve.population[1:-1] < 0.5).sum()) + 1
    above = int((curve.population[1:-1] > 0.5).sum()) + 1
    return share, min(below, above)
