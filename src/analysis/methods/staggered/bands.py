"""Bands that hold for all cells at once, by the multiplier bootstrap.

What clusters contribute to the errors is drawn again with random signs and sizes; how far the farthest
cell lies, in its own errors, gives the width (Callaway and Sant'Anna 2021, algorithm 1).
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.errors import UsageError
from analysis.methods.staggered.sums import cross

Floats = NDArray[np.float64]
Weights = Literal["mammen", "webb", "rademacher"]
_SIX = np.sqrt([0.5, 1.0, 1.5])
_POINTS: dict[str, Floats] = {
    "webb": np.concatenate([-_SIX, _SIX]),
    "rademacher": np.array([-1.0, 1.0]),
    # The smaller of Mammen's points is the likelier one.
    "mammen": np.array([1 - np.sqrt(5), 1 + np.sqrt(5)]) / 2,
}
_AT_ONCE = 4_000_000


def critical_value(
    influence: Floats, *, level: float, draws: int, seed: int, weights: Weights
) -> float:
    """Find how many errors wide the band is; at least as many as for one cell alone.

    Parameters
    ----------
    influence
        Cells by clusters: what each contributes to a cell's error.
    level, draws, seed
        Of the band, and of the drawing.
    weights
        ``mammen`` (two points, skewed), ``webb`` (six points, for few clusters) or ``rademacher``.

    Examples
    --------
    Of one cell the band is nearly what a normal distribution gives:

    >>> parts = np.random.default_rng(1).normal(size=(1, 400))
    >>> wide = critical_value(parts, level=0.95, draws=4999, seed=1, weights="webb")
    >>> bool(1.95 < wide < 2.1)
    True
    """
    if weights not in get_args(Weights):
        known = get_args(Weights)
        raise UsageError(f"weights 只能是 {'、'.join(known)}", f"weights: {', '.join(known)}")
    if not 0 < level < 1 or draws < 1:
        raise UsageError("level 应在 0 与 1 之间，draws 至少为 1", "level in (0, 1), draws over 0")
    error = np.sqrt((influence**2).sum(axis=1))
    scaled = (influence[error > 0] / error[error > 0, None]).T
    alone = float(stats.norm.ppf((1 + level) / 2))
    if not scaled.size or not np.isfinite(scaled).all():
        return alone if not scaled.size else float("nan")
    # In the order of what they say, so that names of clusters do not matter.
    scaled = np.ascontiguousarray(scaled[np.lexsort(scaled.T[::-1])])
    rng = np.random.default_rng(seed)
    farthest: list[Floats] = []
    size = max(1, _AT_ONCE // len(scaled))
    for start in range(0, draws, size):
        drawn = _draw(rng, (min(size, draws - start), len(scaled)), weights)
        farthest.append(np.abs(cross(drawn.T, scaled)).max(axis=1))
    sorted_ = np.sort(np.concatenate(farthest))
    place = min(int(np.ceil(level * (draws + 1))), draws) - 1
    return max(alone, float(sorted_[place]))


def _draw(rng: np.random.Generator, shape: tuple[int, int], weights: Weights) -> Floats:
    points = _POINTS[weights]
    if weights == "mammen":
        share = (np.sqrt(5) - 1) / (2 * np.sqrt(5))
        return points[(rng.random(shape) < share).astype(int)]
    return points[rng.integers(0, len(points), shape)]
