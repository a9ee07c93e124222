"""Small convex quadratic programs, by an interior point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS, _SMALL, _NEAR = 100, 1e-10, 1e-6


def minimise(curve: Floats, slope: Floats, rows: Floats, most: Floats) -> Floats:
    """Minimise ``x curve x / 2 + slope x`` where ``rows x <= most`` (Mehrotra 1992).

    Examples
    --------
    The point nearest to (2, 1) whose coordinates add up to no more than 2:

    >>> minimise(np.eye(2), np.array([-2.0, -1.0]), np.array([[1.0, 1.0]]), np.array([2.0])).round(8)
    array([1.5, 0.5])
    """
    x = np.zeros(len(slope))
    slack = np.maximum(most - rows @ x, 1.0)
    price = np.ones(len(most))
    last_off, size = np.inf, 1 + float(np.abs(slope).max())
    for _ in range(_STEPS):
        dual = curve @ x + slope + rows.T @ price
        primal = rows @ x + slack - most
        gap = float(slack @ price) / len(most)
        off = max(np.abs(dual).max(), np.abs(primal).max(), gap)
        system = curve + rows.T @ (rows * (price / slack)[:, None])
        # At the end of what numbers can tell, a further step can only do harm.
        if (
            off < _SMALL * size
            or (off < _NEAR * size and off >= last_off)
            or not np.isfinite(system).all()
        ):
            break
        last_off = off
        correction = np.zeros(len(most))
        for last in (False, True):
            centre = slack * price + correction
            right = -dual - rows.T @ ((price * primal - centre) / slack)
            dx = np.linalg.solve(system, right)
            dslack = -primal - rows @ dx
            dprice = (-centre - price * dslack) / slack
            if not last:
                reach = min(_reach(slack, dslack), _reach(price, dprice))
                after = (slack + reach * dslack) @ (price + reach * dprice) / len(most)
                correction = dslack * dprice - gap * (after / gap) ** 3
        reach = 0.995 * min(_reach(slack, dslack), _reach(price, dprice))
        x, slack, price = x + reach * dx, slack + reach * dslack, price + reach * dprice
    return np.asarray(x)


def _reach(values: Floats, step: Floats) -> float:
    """Say how far a step can go before something is below nought."""
    down = step < 0
    return float(min(1.0, (-values[down] / step[down]).min())) if down.any() else 1.0
