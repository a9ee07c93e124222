"""What two packages say of event studies where trends part, frozen for tests that run without them.

``python tests/honest.py`` asks ``honestdid`` (a translation of the authors' R package) and
``diff-diff`` and writes ``honest.json`` beside this file; they, and a numpy that the former still
runs on, are needed for that alone. It takes some minutes. Of diff-diff only smoothness is asked for:
its intervals by relative magnitudes are narrower than those of the authors' package.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

FROZEN = Path(__file__).with_suffix(".json")
SHAPES = ((5, 2, 0), (3, 2, 1), (4, 3, 2), (2, 4, 3), (1, 3, 1))
"""Periods before and after, and which of `WEIGHTS` is asked for."""
BOUNDS = (0.5, 1.5)
POINTS, REACH = 400, (7.0, 17.0)
"""Values tried, up to so many standard deviations from the estimate, by bound."""


def weigh(after: int, kind: int) -> list[float]:
    """Give the weights of an effect: the first, the last, the mean, the last less the first."""
    first, last = np.eye(after)[0], np.eye(after)[-1]
    return [first, last, np.full(after, 1 / after), last - first][kind].tolist()


def draw(case: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw an event study; its numbers are rounded, so that no library's version changes them."""
    before, after, _ = SHAPES[case]
    rng = np.random.Generator(np.random.PCG64(600 + case))
    n = before + after
    mixed = rng.random((n, 2 * n)) - 0.4
    covariance = (mixed @ mixed.T / (2 * n) / 10).round(5)
    drift = (rng.random(n) - 0.5) * 0.3
    estimates = drift + np.repeat([0.0, 1.0], [before, after])
    return estimates.round(3), covariance


def _ask_magnitudes(case: int, bound: float, reach: float) -> dict[str, list[float]]:
    """Ask for the ends, and for the critical values, of 1,000 draws each, that they rest on.

    Those belong to the steps before the start in order of time, each with its two signs.
    """
    import honestdid
    from honestdid import core

    simulate, critical = core._compute_least_favorable_cv, []

    def listen(*args: object, **kwargs: object) -> float:
        critical.append(float(simulate(*args, **kwargs)))
        return critical[-1]

    estimates, covariance = draw(case)
    before, after, kind = SHAPES[case]
    weights = np.array(weigh(after, kind))
    core._compute_least_favorable_cv = listen
    middle = float(weights @ estimates[before:])
    sd = float(np.sqrt(weights @ covariance[before:, before:] @ weights))
    made = honestdid.createSensitivityResults_relativeMagnitudes(
        estimates, covariance, before, after, Mbarvec=[bound], l_vec=weights,
        gridPoints=POINTS, grid_lb=middle - reach * sd, grid_ub=middle + reach * sd,
    )  # fmt: skip
    core._compute_least_favorable_cv = simulate
    ends = [float(made["lb"].iloc[0]), float(made["ub"].iloc[0])]
    return {"ends": ends, "critical": critical}


def _ask_smoothness(case: int, bound: float) -> dict[str, list[float]]:
    import honestdid
    from diff_diff import honest_did

    estimates, covariance = draw(case)
    before, after, kind = SHAPES[case]
    weights = np.array(weigh(after, kind))
    other = honest_did._compute_optimal_flci(
        estimates[:before], estimates[before:], covariance, weights, before, after, bound
    )
    told = {"diff-diff": [float(end) for end in other]}
    if before > 1:  # With one period before the other package fails.
        theirs = honestdid.createSensitivityResults(
            estimates, covariance, before, after, Mvec=[bound], l_vec=weights, method="FLCI"
        )
        told["honestdid"] = [float(theirs["lb"].iloc[0]), float(theirs["ub"].iloc[0])]
    return told


def ask() -> dict[str, object]:
    """Ask both packages about all cases."""
    cases = range(len(SHAPES))
    smoothness = [[_ask_smoothness(c, b / 10) for b in BOUNDS] for c in cases]
    magnitudes = [
        [_ask_magnitudes(c, b, r) for b, r in zip(BOUNDS, REACH, strict=True)] for c in cases
    ]
    return {
        **{name: version(name) for name in ("honestdid", "diff-diff", "numpy")},
        "bounds": BOUNDS, "points": POINTS, "reach": REACH, "relative_magnitudes": magnitudes,
        "smoothness_bounds": [b / 10 for b in BOUNDS], "smoothness": smoothness,
    }  # fmt: skip


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(ask(), indent=2) + "\n", encoding="utf-8")
