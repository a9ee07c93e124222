r"""A test by many draws, and the values that it does not rule out.

With a value :math:`b` of the coefficient as the null and :math:`c = b - \hat\beta`, the statistic
of every draw, wild or of another assignment, is

.. math::

    t^*(c) = \frac{n_0 - c\, n_1}{\sqrt{d_{00} - 2 c\, d_{01} + c^2 d_{11}}},

so that five numbers a draw give the p-value of every null (Roodman, MacKinnon, Nielsen and Webb
2019, *Fast and wild*, Stata Journal 19). It is held against :math:`-c / \mathrm{se}`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.methods.clusters.rows import Floats

_TIE = 1e-9
"""So little two statistics may differ, relatively, that it is rounding."""
_STEPS = np.concatenate([np.arange(0, 10, 0.25), 10.0 * 2.0 ** np.arange(14)])
"""How far from the estimate it is looked, in standard errors; beyond the last is without end.

Much further out rounding would tell draws apart that tie with what was seen under every null."""
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Draws:
    """What draws say of every null.

    Attributes
    ----------
    numerator, spread
        n0 and n1; d00, d01 and d11; a column a draw.
    variance
        Square of the error of the estimate itself.
    every
        Whether these are all draws that there are. If not, what was seen counts as one more.
    """

    numerator: Floats
    spread: Floats
    variance: float
    every: bool

    def p(self, shift: float) -> float:
        """Give the share of draws that lie as far out as what was seen, for the null at `shift`."""
        far = (self.numerator[0] - shift * self.numerator[1]) ** 2 * self.variance
        spread = self.spread[0] - 2 * shift * self.spread[1] + shift**2 * self.spread[2]
        seen = shift**2 * np.maximum(spread, 0)
        as_far = int((far >= seen * (1 - _TIE)).sum())
        more = 0 if self.every else 1
        return (as_far + more) / (len(far) + more)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the outermost shifts that are not ruled out; infinite where none is."""
        if self.variance == 0:
            return 0.0, 0.0
        size = 1 - level
        return -self._end(-1.0, size), self._end(1.0, size)

    def _end(self, side: float, size: float) -> float:
        steps = _STEPS * np.sqrt(self.variance)
        inside = [self.p(side * step) > size + _TIE for step in steps]
        last = int(np.flatnonzero(inside)[-1])
        if last + 1 == len(steps):
            return np.inf
        near, far = float(steps[last]), float(steps[last + 1])
        for _ in range(_HALVINGS):
            middle = (near + far) / 2
            if self.p(side * middle) > size + _TIE:
                near = middle
            else:
                far = middle
        return near
