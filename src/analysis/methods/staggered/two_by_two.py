"""The effect in one cohort and period: two groups, two periods, the same units in both.

Outcome regression, weighting by the propensity score and the doubly robust combination of both
(Sant'Anna and Zhao 2020), each with what every unit contributes to its error: the contributions sum
up to the estimate's error, and the root of the sum of their squares is its standard error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.methods.staggered import propensity
from analysis.methods.staggered.sums import along, cross

Floats = NDArray[np.float64]
Method = Literal["reg", "ipw", "dr"]
Reason = Literal["", "nobody", "singular", "overlap"]


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """An estimate, contributions of treated and controls to its error, and why there is none."""

    estimate: float
    parts: tuple[Floats, ...]
    reason: Reason = ""


def nothing(reason: Reason) -> Effect:
    """Give no estimate and say why."""
    return Effect(float("nan"), (), reason)


def compare(
    treated: Floats, control: Floats, x: tuple[Floats, Floats] | None, method: Method
) -> Effect:
    """Compare the changes of treated and controls.

    Parameters
    ----------
    treated, control
        Changes of the outcome.
    x
        Covariates of both, the first column ones.
    method
        How covariates are held equal.

    Examples
    --------
    >>> compare(np.array([3.0, 5.0]), np.array([1.0, 1.0]), None, "dr").estimate
    3.0
    """
    if not len(treated) or not len(control):
        return nothing("nobody")
    if x is None:
        made, other = treated.mean(), control.mean()
        parts = ((treated - made) / len(treated), -(control - other) / len(control))
        return Effect(float(made - other), parts)
    return _adjusted(treated, control, *x, method)


def _adjusted(treated: Floats, control: Floats, xt: Floats, xc: Floats, method: Method) -> Effect:
    nt, nc = len(treated), len(control)
    towards = np.zeros(xt.shape[1])
    weight = np.zeros(nc)
    of_treated, of_control = np.zeros(nt), np.zeros(nc)
    bread = None
    if method != "ipw":
        bread = propensity.invert(cross(xc, xc))
        if bread is None:
            return nothing("singular")
        params = bread @ cross(xc, control[:, None])[:, 0]
        treated, control = treated - along(xt, params), control - along(xc, params)
        towards = xt.mean(axis=0)
    other = 0.0
    if method != "reg":
        if propensity.invert(cross(xt, xt) + cross(xc, xc)) is None:
            return nothing("singular")
        chance = propensity.fit(xt, xc)
        if chance is None or not chance.odds.sum() > 0:
            return nothing("overlap")
        weight = chance.odds / chance.odds.sum()
        other = float((weight * control).sum())
        slope = chance.inverse @ (xc * (weight * (control - other))[:, None]).sum(axis=0)
        of_treated = (1 - chance.treated) * along(xt, slope)
        of_control = -chance.control * along(xc, slope)
        towards = towards - (xc * weight[:, None]).sum(axis=0)
    of_control = of_control + weight * (control - other)
    if bread is not None:
        of_control = of_control + control * along(xc, bread @ towards)
    mean = treated.mean()
    return Effect(float(mean - other), ((treated - mean) / nt - of_treated, -of_control))
