"""How likely each unit is to be among the treated, given its covariates: a logit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.methods.staggered.sums import along, cross

Floats = NDArray[np.float64]
_STEPS, _SMALL = 60, 1e-13
_NEAR_ONE = 0.999
"""With a chance from here on there is nobody to compare with."""
_TRIMMED = 0.995
"""Controls with a chance from here on get no weight."""
_MOST = 1 - 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Propensity:
    """Chances of the treated and of the controls.

    Attributes
    ----------
    treated, control
        The chances.
    odds
        Weights of the controls.
    inverse
        Inverse of the information matrix.
    """

    treated: Floats
    control: Floats
    odds: Floats
    inverse: Floats


def invert(matrix: Floats) -> Floats | None:
    """Invert a small symmetric matrix; none where it cannot be told from a singular one."""
    with np.errstate(all="ignore"):
        try:
            if not 1 / np.linalg.cond(matrix, 1) > np.finfo(float).eps:
                return None
            return np.asarray(np.linalg.inv(matrix))
        except np.linalg.LinAlgError:
            return None


def fit(treated: Floats, control: Floats) -> Propensity | None:
    """Fit the logit of being treated; none where treated and controls do not overlap.

    Parameters
    ----------
    treated, control
        Covariates, the first column ones.
    """
    share = len(treated) / (len(treated) + len(control))
    params = np.zeros(treated.shape[1])
    params[0] = np.log(share / (1 - share))
    total = treated.sum(axis=0)
    found: Floats | None = None
    for _ in range(_STEPS):
        p, q = (_expit(along(x, params)) for x in (treated, control))
        found = invert(
            cross(treated * (p * (1 - p))[:, None], treated)
            + cross(control * (q * (1 - q))[:, None], control)
        )
        if found is None:
            return None
        step = found @ (total - (treated * p[:, None]).sum(0) - (control * q[:, None]).sum(0))
        params = params + step
        if not np.isfinite(params).all():
            return None
        if np.abs(step).max() <= _SMALL * (1 + np.abs(params).max()):
            break
    p, q = (_expit(along(x, params)) for x in (treated, control))
    if found is None or max(p.max(), q.max()) >= _NEAR_ONE:
        return None
    p, q = np.minimum(p, _MOST), np.minimum(q, _MOST)
    return Propensity(p, q, np.where(q < _TRIMMED, q / (1 - q), 0.0), found)


def _expit(eta: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(eta, -500, 500))))
