"""What other packages say of staggered adoption, frozen for tests that run without them.

``python tests/staggered_oracles.py`` draws 180 units in 45 places over 7 periods, has csdid 0.4.3,
diff-diff 3.13.0 and pyfixest 0.60.0 estimate their effects, and writes ``staggered_oracles.json`` beside
this file. They are needed for that alone, in an environment of their own.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

FROZEN = Path(__file__).with_suffix(".json")
UNITS, PLACES, PERIODS = 180, 45, 7
KINDS = ["simple", "dynamic", "group", "calendar"]

CASES: dict[str, dict] = {
    f"{control} {method}{' place' if cluster else ''}{' x' if covariates else ''}": {
        "control": control, "method": method, "covariates": covariates, "cluster": cluster,
    }
    for control in ("never", "notyet")
    for method in ("reg", "ipw", "dr")
    for covariates in ([], ["size", "poor"])
    for cluster in (None, "place")
    if covariates or method == "reg"
}  # fmt: skip
CASES |= {
    "anticipation": {"anticipation": 1, "control": "notyet"},
    "anticipation x": {"anticipation": 1, "covariates": ["size"], "method": "dr"},
    "universal": {"base": "universal"},
    "universal x": {
        "base": "universal",
        "control": "notyet",
        "covariates": ["size"],
        "method": "dr",
    },
    "universal anticipation": {"base": "universal", "control": "notyet", "anticipation": 1},
    "no never": {"control": "notyet", "data": "no never"},
    "balanced event time": {"balance": 2},
}
CASES |= {
    f"{data} {method}{' x' if covariates else ''}": {
        "data": data, "method": method, "covariates": covariates, "control": "notyet",
        "cluster": "place" if covariates else None,
    }
    for data in ("gaps", "rows")
    for method in ("reg", "ipw", "dr")
    for covariates in ([], ["size", "poor"])
    if covariates or method == "reg"
}  # fmt: skip

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = {
    "mpdta": ("did_mpdta/mpdta.csv", ["countyreal", "year", "first.treat", "lemp", "lpop"]),
    "base_stagg": ("fixest_did/base_stagg.csv", ["id", "year", "year_treated", "y", "x1"]),
    "castle": ("bacondecomp/castle.csv", ["sid", "year", "effyear", "l_homicide", "unemployrt"]),
}
"""Public data sets: their file, and the columns that are unit, period, first, outcome and size."""
CASES |= {
    f"{data} {control} {method} x": {
        "data": data, "control": control, "method": method, "covariates": ["size"],
    }
    for data in ("mpdta", "base_stagg")
    for control in ("never", "notyet")
    for method in ("reg", "ipw", "dr")
    if data == "mpdta" or method == "reg"
}  # fmt: skip


def take(kind: str) -> pd.DataFrame:
    """Read a public data set under the names of `draw`."""
    path, columns = REAL[kind]
    rows = pd.read_csv(SHARED / path)[columns]
    rows.columns = ["unit", "period", "first", "outcome", "size"]
    first = rows["first"].fillna(0)
    return rows.assign(first=first.where(first < 9999, 0))


def draw(kind: str = "full") -> pd.DataFrame:
    """Draw a panel; with gaps, as rows of persons seen once, or without the never treated.

    Only sums of uniform numbers are drawn, so that no library's version changes a row.
    """
    if kind in REAL:
        return take(kind)
    rng = np.random.Generator(np.random.PCG64(20_221))
    noise = lambda *shape: rng.random((*shape, 12)).sum(axis=-1) - 6  # noqa: E731
    place = np.arange(UNITS) % PLACES
    poor = noise(UNITS) + 0.3 * noise(PLACES)[place]
    size = noise(UNITS)[:, None] + 0.5 * noise(UNITS, PERIODS)
    pull = 0.4 * poor + 0.3 * size[:, 0] + noise(UNITS)
    first = np.select([pull > 1.1, pull > 0.5, pull > 0.0, pull > -0.3], [3, 4, 6, 9], 0)
    first[:4] = 1
    period = np.arange(1, PERIODS + 1)
    begun = (first[:, None] > 0) & (period >= first[:, None])
    effect = begun * (0.5 + 0.2 * (period - first[:, None]) + 0.1 * (first[:, None] == 3))
    outcome = (
        noise(UNITS)[:, None] + 0.1 * period + 0.1 * period * poor[:, None] + 0.4 * size
        + 0.3 * noise(PLACES, PERIODS)[place] + effect + 0.5 * noise(UNITS, PERIODS)
    )  # fmt: skip
    unit = np.repeat(np.arange(UNITS), PERIODS)
    rows = pd.DataFrame({
        "unit": unit, "period": np.tile(period, UNITS), "first": first[unit], "place": place[unit],
        "size": size.ravel().round(3), "poor": poor[unit].round(3),
        "outcome": outcome.ravel().round(3),
    })  # fmt: skip
    if kind == "gaps":
        return rows[rng.random(len(rows)) > 0.12].reset_index(drop=True)
    if kind == "rows":
        return rows[rng.random(len(rows)) > 0.3].reset_index(drop=True)
    if kind == "no never":
        return rows[rows["first"].isin([3, 4, 6])].reset_index(drop=True)
    return rows


def by_csdid(case: dict) -> dict[str, object]:
    """Estimate by csdid, without its printing."""
    from csdid.att_gt import ATTgt

    data, names = case.get("data", "full"), case.get("covariates") or []
    controls = {"never": "nevertreated", "notyet": "notyettreated"}
    made = ATTgt(
        yname="outcome", tname="period", gname="first", data=draw(data).copy(),
        idname="unit" if data != "rows" else None, control_group=controls[case.get("control", "never")],
        xformla="outcome ~ 1" + "".join(f" + {name}" for name in names),
        panel=data != "rows", allow_unbalanced_panel=data == "gaps",
        clustervar=case.get("cluster"), anticipation=case.get("anticipation", 0),
    ).fit(est_method=case.get("method", "reg"), base_period=case.get("base", "varying"),
          bstrap=False)  # fmt: skip
    told = made.results
    cells = [
        [float(g), float(t), float(a), None if np.isnan(s) else float(s)]
        for g, t, a, s in zip(told["group"], told["year"], told["att"], told["se"], strict=True)
    ]
    averages = {}
    for kind in KINDS:
        balance = case.get("balance") if kind == "dynamic" else None
        each = made.aggte(typec=kind, balance_e=balance).atte
        averages[kind] = {"estimate": float(each["overall_att"]), "se": float(each["overall_se"])}
        if kind != "simple":
            errors = np.ravel(each["se_egt"])
            averages[kind]["cells"] = [
                [float(e), float(a), None if np.isnan(s) else float(s)]
                for e, a, s in zip(each["egt"], each["att_egt"], errors, strict=True)
            ]
    wald = made.MP["W"]
    return {"cells": cells, "averages": averages, "wald": None if wald is None else float(wald)}


def by_diff_diff() -> dict[str, object]:
    """Estimate by diff-diff what csdid does not have."""
    import diff_diff

    def never_late(kind: str) -> pd.DataFrame:
        # Those treated from the start have no period before; beyond the end is never.
        seen = draw(kind).query("first != 1")
        return seen.assign(first=seen["first"].where(seen["first"] < 9, 0))

    rows = never_late("full")
    names = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treat": "first"}
    made: dict[str, object] = {}
    for name, given in {"full": rows, "gaps": never_late("gaps")}.items():
        for cluster in (None, "place"):
            told = diff_diff.ImputationDiD(cluster=cluster).fit(given, **names, aggregate="all")
            made[f"imputation {name}{' place' if cluster else ''}"] = {
                "estimate": told.overall_att, "se": told.overall_se,
                "event": [[float(e), v["effect"], v["se"]]
                          for e, v in sorted(told.event_study_effects.items()) if e >= 0],
                "group": [[float(g), v["effect"], v["se"]]
                          for g, v in sorted(told.group_effects.items())],
            }  # fmt: skip
    told = diff_diff.ImputationDiD().fit(rows, **names, covariates=["size"])
    made["imputation x"] = {"estimate": told.overall_att, "se": told.overall_se}
    for covariates in ([], ["size"]):
        told = diff_diff.SunAbraham(control_group="never_treated").fit(
            rows, **names, covariates=covariates or None
        )
        made[f"sun_abraham{' x' if covariates else ''}"] = {
            "event": [[float(e), v["effect"], v["se"]]
                      for e, v in sorted(told.event_study_effects.items())],
        }  # fmt: skip
    told = diff_diff.BaconDecomposition(weights="exact").fit(rows, **names)
    made["bacon"] = [
        [float(c.treated_group), 0.0 if c.control_group == "never_treated" else float(c.control_group),
         c.estimate, c.weight]
        for c in told.comparisons
    ]  # fmt: skip
    return made


def by_pyfixest() -> dict[str, object]:
    """Estimate two-way effects by pyfixest.

    Its own count of effects depends on the order of a set, so that none are counted here, and the
    test puts in the factor that the project states.
    """
    import pyfixest

    made = {}
    for name in ("full", "gaps", "castle"):
        rows = draw(name)
        begun = (rows["first"] > 0) & (rows["period"] >= rows["first"])
        rows = rows.assign(treated=begun.astype(float))
        for cluster in ("unit", "place") if name != "castle" else ("unit",):
            for covariates in ("", " + size"):
                told = pyfixest.feols(
                    f"outcome ~ treated{covariates} | unit + period", rows,
                    vcov={"CRV1": cluster}, ssc=pyfixest.ssc(k_fixef="none"),
                )  # fmt: skip
                made[f"{name} {cluster}{' x' if covariates else ''}"] = {
                    "estimate": float(told.coef()["treated"]), "se": float(told.se()["treated"]),
                }  # fmt: skip
    return made


def freeze() -> dict[str, object]:
    """Ask the packages."""
    versions = {
        name: metadata.version(name) for name in ("csdid", "drdid", "diff-diff", "pyfixest")
    }
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        csdid = {name: by_csdid(case) for name, case in CASES.items()}
        return {"versions": versions, "csdid": csdid, "diff_diff": by_diff_diff(),
                "pyfixest": by_pyfixest()}  # fmt: skip


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(freeze(), indent=1) + "\n", encoding="utf-8")
