"""The effect in one cohort and period where not the same units are seen in both periods.

Rows before and after are compared as they are, by the same three ways as in `two_by_two`; the doubly
robust one is the locally efficient of Sant'Anna and Zhao (2020). Contributions to the error are by row,
for the treated after and before, then the controls after and before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.methods.staggered import propensity
from analysis.methods.staggered.propensity import Propensity
from analysis.methods.staggered.sums import along, cross
from analysis.methods.staggered.two_by_two import Effect, Method, nothing

Floats = NDArray[np.float64]
Four = tuple[Floats, Floats, Floats, Floats]


def compare(y: Four, x: Four | None, method: Method) -> Effect:
    """Compare the treated after and before with controls after and before.

    Parameters
    ----------
    y
        Outcomes of the treated after, the treated before, controls after, controls before.
    x
        Covariates of the same, the first column ones.
    method
        How covariates are held equal.

    Examples
    --------
    >>> compare((np.array([5.0]), np.array([1.0, 3]), np.array([4.0]), np.array([2.0])), None,
    ...         "reg").estimate
    1.0
    """
    if not all(len(part) for part in y):
        return nothing("nobody")
    if x is None:
        means = [float(part.mean()) for part in y]
        signs = (1, -1, -1, 1)
        parts = tuple(
            sign * (part - mean) / len(part)
            for sign, part, mean in zip(signs, y, means, strict=True)
        )
        return Effect(means[0] - means[1] - (means[2] - means[3]), parts)
    chance = None
    if method != "reg":
        treated, control = np.concatenate(x[:2]), np.concatenate(x[2:])
        if propensity.invert(cross(treated, treated) + cross(control, control)) is None:
            return nothing("singular")
        chance = propensity.fit(treated, control)
        odds = (0.0, 0.0) if chance is None else _split(chance.odds, len(y[2]))
        if chance is None or not all(np.sum(part) > 0 for part in odds):
            return nothing("overlap")
    return _regressed(y, x, chance) if method != "ipw" else _weighted(y, x, chance)


def _split(values: Floats, first: int) -> tuple[Floats, Floats]:
    return values[:first], values[first:]


def _regress(y: Floats, x: Floats) -> tuple[Floats, Floats] | None:
    """Give the coefficients and the inverse of the products of the columns."""
    found = propensity.invert(cross(x, x))
    return None if found is None else (found @ cross(x, y[:, None])[:, 0], found)


def _weighted(y: Four, x: Four, chance: Propensity | None) -> Effect:
    """Weigh controls by their odds of being treated; without chances all alike, and only the treated."""
    estimate, parts = 0.0, []
    for sign, part in zip((1, -1), y[:2], strict=True):
        mean = part.mean()
        estimate += sign * mean
        parts.append(sign * (part - mean) / len(part))
    if chance is None:
        return Effect(float(estimate), tuple(parts))
    slope = np.zeros(x[0].shape[1])
    sides = zip((1, -1), y[2:], x[2:], _split(chance.odds, len(y[2])), strict=True)
    for sign, part, columns, odds in sides:
        weight = odds / odds.sum()
        mean = (weight * part).sum()
        own = weight * (part - mean)
        estimate -= sign * mean
        slope += sign * (columns * own[:, None]).sum(axis=0)
        parts.append(-sign * own)
    slope = chance.inverse @ slope
    chances = (*_split(chance.treated - 1, len(y[0])), *_split(chance.control, len(y[2])))
    made = [p + c * along(columns, slope) for p, c, columns in zip(parts, chances, x, strict=True)]
    return Effect(float(estimate), tuple(made))


def _regressed(y: Four, x: Four, chance: Propensity | None) -> Effect:
    """Take what controls would have had in either period from both sides, by regression."""
    after, before = _regress(y[2], x[2]), _regress(y[3], x[3])
    if after is None or before is None:
        return nothing("singular")
    away = tuple(
        part - along(columns, params)
        for part, columns, params in zip(
            y, x, (after[0], before[0], after[0], before[0]), strict=True
        )
    )
    treated = np.concatenate(x[:2])
    middle = treated.mean(axis=0)
    if chance is None:
        made = _weighted(y, x, None)
        expected = along(treated, after[0] - before[0])
        share = (expected - expected.mean()) / len(treated)
        own = [p - s for p, s in zip(made.parts, _split(share, len(y[0])), strict=True)]
        estimate, towards = made.estimate - expected.mean(), (middle, middle)
        others: list[Floats] = [np.zeros(len(part)) for part in y[2:]]
    else:
        made = _weighted(away, x, chance)  # type: ignore[arg-type]
        own, others = list(made.parts[:2]), list(made.parts[2:])
        spread = _spread(y, x, (after[0], before[0]), middle)
        if spread is None:
            return nothing("singular")
        estimate = made.estimate + spread.estimate
        own = [p + s for p, s in zip(own, spread.parts, strict=True)]
        odds = _split(chance.odds, len(y[2]))
        means = [(c * o[:, None]).sum(axis=0) / o.sum() for c, o in zip(x[2:], odds, strict=True)]
        towards = (middle - means[0], middle - means[1])
    sides = zip((-1, 1), away[2:], x[2:], (after[1], before[1]), towards, strict=True)
    for number, (sign, rest, columns, bread, way) in enumerate(sides):
        others[number] = others[number] + sign * rest * along(columns, bread @ way)
    return Effect(float(estimate), (*own, *others))


def _spread(y: Four, x: Four, controls: tuple[Floats, Floats], middle: Floats) -> Effect | None:
    """Let the treated of both periods tell what each period's treated do not: the efficient part."""
    treated = np.concatenate(x[:2])
    estimate, made = 0.0, np.zeros(len(treated))
    own: list[Floats] = []
    for sign, part, columns, other in zip((1, -1), y[:2], x[:2], controls, strict=True):
        fitted = _regress(part, columns)
        if fitted is None:
            return None
        all_rows, these = (along(c, fitted[0] - other) for c in (treated, columns))
        estimate += sign * (all_rows.mean() - these.mean())
        made += sign * (all_rows - all_rows.mean()) / len(treated)
        rest = part - along(columns, fitted[0])
        way = fitted[1] @ (middle - columns.mean(axis=0))
        own.append(sign * (rest * along(columns, way) - (these - these.mean()) / len(part)))
    first, second = _split(made, len(y[0]))
    return Effect(float(estimate), (own[0] + first, own[1] + second))
