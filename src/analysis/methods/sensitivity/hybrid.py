r"""The hybrid test of a value of the effect, for all cones of relative magnitudes at once.

A cone belongs to a step *w* before the start with a sign: all steps after the start are at most
:math:`\bar M w` in size. The periods after the start that are not asked for are nuisance
parameters. The published way solves a linear program for each value of the effect; its dual has
few vertices here, known beforehand, because the matrix of the nuisance parameters leaves but one
direction free. With :math:`N_t` the sum of the weights from period *t* on, so that the drift's part
in the effect is :math:`\sum_t N_t (\delta_t - \delta_{t-1})`, they are

.. math::

    \frac{\pm(\hat\theta - \theta) - \bar M \hat w \sum_t |N_t|}{\sum_t |N_t| \sigma_{t,\pm}},
    \qquad \frac{-2 \bar M \hat w}{\sigma_{t,+} + \sigma_{t,-}} \text{ for each } t,

with :math:`\sigma_{t,\pm}` the standard deviation of the inequality of period *t* that the
effect pushes up or down. The statistic is the largest of them; all are forms of two normal
variables, so that the least favourable critical value is an integral over a circle and needs no
simulation.

Source. Andrews, Roth & Pakes (2023), sections 3 and 4; Rambachan & Roth (2023), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.methods.sensitivity.study import Floats, Study

_FIRST = 0.1
"""The share of the error that the least favourable test may spend (Rambachan & Roth, section 5)."""
_DIRECTIONS = 1024
"""Of the circle that is integrated over; its halves and quarters are among them."""
_SAME = 1e-10
"""Forms whose ratio differs from 1 by less are one form."""


@dataclass(frozen=True, slots=True)
class Hybrid:
    """The test for a bound; rows are cones, columns vertices.

    Attributes
    ----------
    estimate
        Of the effect.
    step
        Estimate of each cone's step before the start, shape (cones,).
    forms
        Vertices as forms of (estimate - value, step), shape (cones, vertices, 2).
    ratios
        Of the covariance with vertex *i* to its variance, shape (cones, i, vertices).
    sd
        Standard deviation of each vertex, shape (cones, vertices).
    most
        The least favourable critical value, shape (cones,).
    size
        Of the conditional test that follows.
    """

    estimate: float
    step: Floats
    forms: Floats
    ratios: Floats
    sd: Floats
    most: Floats
    size: float

    @classmethod
    def of(cls, study: Study, bound: float) -> Hybrid:
        """Prepare the test of a study for a bound."""
        steps, spread = study.steps, study.covariance
        before = np.concatenate([steps[: study.before], -steps[: study.before]])
        pair = np.empty((len(before), 2, 2))
        pair[:, 0, 0] = study.effect @ spread @ study.effect
        pair[:, 0, 1] = pair[:, 1, 0] = before @ spread @ study.effect
        pair[:, 1, 1] = np.einsum("sp,pq,sq->s", before, spread, before)
        forms = _find_vertices(study, before, bound)
        covariance = np.einsum("sia,sab,sjb->sij", forms, pair, forms)
        variance = np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(variance[:, :, None] > 0, covariance / variance[:, :, None], 0.0)
        first = _FIRST * study.error
        return cls(
            float(study.effect @ study.estimates), before @ study.estimates, forms, ratios,
            np.sqrt(variance), _find_least_favourable(forms, pair, first),
            (study.error - first) / (1 - first),
        )  # fmt: skip

    def take(self, cones: NDArray[np.bool_]) -> Hybrid:
        """Give the test of some cones."""
        return replace(
            self, step=self.step[cones], forms=self.forms[cones], ratios=self.ratios[cones],
            sd=self.sd[cones], most=self.most[cones],
        )  # fmt: skip

    def reach(self) -> tuple[Floats, Floats]:
        """Give, for each cone, the values below and above which the first test keeps nothing."""
        (up, down), (of_up, of_down) = self.forms[:, :2, 0].T, self.forms[:, :2, 1].T
        low = self.estimate - (self.most - of_up * self.step) / up
        high = self.estimate - (self.most - of_down * self.step) / down
        return low, high

    def keeps(self, values: Floats) -> NDArray[np.bool_]:
        """Say which values of the effect the test keeps, shape (cones, values)."""
        at = np.arange(len(values))[:, None]
        all_vertices = (
            self.forms[:, None, :, 0] * (self.estimate - values)[:, :, None]
            + (self.forms[:, :, 1] * self.step[:, None])[:, None, :]
        )
        largest = all_vertices.argmax(axis=2)
        statistic = np.take_along_axis(all_vertices, largest[:, :, None], 2)[:, :, 0]
        low, high = _truncate(statistic, all_vertices, self.ratios[at, largest])
        high = np.maximum(np.minimum(high, self.most[:, None]), statistic)
        chance = _tail(statistic, low, high, self.sd[at, largest])
        return (statistic <= self.most[:, None]) & ((statistic <= 0) | (chance >= self.size))


def _find_vertices(study: Study, before: Floats, bound: float) -> Floats:
    """Give the vertices as forms of the distance to the value tested and the cone's step."""
    after, spread = study.steps[study.before :], study.covariance
    ahead = np.cumsum(study.weights[::-1])[::-1]
    own = np.einsum("tp,pq,tq->t", after, spread, after)
    of_step = np.einsum("sp,pq,sq->s", before, spread, before)
    level = own + bound**2 * of_step[:, None]
    tilt = 2 * bound * before @ spread @ after.T
    plus, minus = np.sqrt(np.maximum(level - tilt, 0)), np.sqrt(np.maximum(level + tilt, 0))
    rising, size = ahead > 0, np.abs(ahead)
    forms = np.zeros((len(before), 2 + study.after, 2))
    for row, sign, (up, down) in ((0, 1.0, (plus, minus)), (1, -1.0, (minus, plus))):
        scale = np.where(rising, up, down) @ size
        if not (scale > 0).all():
            raise ValueError("the effect has no error at all")
        forms[:, row, 0] = sign / scale
        forms[:, row, 1] = -bound * size.sum() / scale
    both = plus + minus
    forms[:, 2:, 1] = np.where(both > 0, -2 * bound / np.where(both > 0, both, 1), 0)
    return forms


def _find_least_favourable(forms: Floats, pair: Floats, error: float) -> Floats:
    r"""Give the critical value that the largest vertex passes with a small chance when all are at 0.

    In direction :math:`\varphi` of a plane of two independent normal variables the largest vertex
    grows with the distance from the middle by :math:`h(\varphi)`, and the distance is beyond
    :math:`c / h` with chance :math:`\exp(-c^2 / 2 h^2)`: the chance asked for is the mean of that.
    """
    first = np.sqrt(pair[:, 0, 0])
    tilt = pair[:, 0, 1] / first
    rest = np.sqrt(np.maximum(pair[:, 1, 1] - tilt**2, 0))
    x = forms[:, :, 0] * first[:, None] + forms[:, :, 1] * tilt[:, None]
    y = forms[:, :, 1] * rest[:, None]
    angle = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    growth = np.max(x[:, :, None] * np.cos(angle) + y[:, :, None] * np.sin(angle), axis=1)
    with np.errstate(divide="ignore"):
        rate = np.where(growth > 0, 1 / (2 * np.maximum(growth, 1e-300) ** 2), np.inf)
    # One vertex alone gives less. From there Newton's steps on a convex logarithm never pass.
    squared = np.hypot(x, y).max(axis=1) ** 2 * special.ndtri(error) ** 2
    finite = np.where(np.isfinite(rate), rate, 0)
    for _ in range(60):
        weight = np.exp(-squared[:, None] * rate)
        mean = weight.mean(axis=1)
        move = (np.log(mean) - np.log(error)) * mean / (weight * finite).mean(axis=1)
        squared = squared + move
        if (np.abs(move) <= 1e-13 * squared).all():
            break
    return np.sqrt(squared)


def _truncate(statistic: Floats, vertices: Floats, ratios: Floats) -> tuple[Floats, Floats]:
    """Give between which values the statistic can lie, given that its vertex is the largest."""
    lead = 1 - ratios
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (vertices - ratios * statistic[:, :, None]) / lead
    low = np.where(lead > _SAME, ends, -np.inf).max(axis=2)
    high = np.where(lead < -_SAME, ends, np.inf).min(axis=2)
    return np.minimum(low, statistic), np.maximum(high, statistic)


def _tail(statistic: Floats, low: Floats, high: Floats, sd: Floats) -> Floats:
    """Give the chance of more than the statistic, of a normal variable between low and high."""
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = special.log_ndtr(-low / sd)
        here = np.expm1(special.log_ndtr(-statistic / sd) - beyond)
        end = np.expm1(special.log_ndtr(-high / sd) - beyond)
        return np.where(end < 0, (here - end) / -end, 0.0)
