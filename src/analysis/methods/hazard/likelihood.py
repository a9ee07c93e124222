"""The likelihood of a discrete-time hazard, row by row: chances, slopes, curvature, and what is added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analysis.errors import UsageError
from analysis.methods.hazard.columns import Floats

Link = Literal["logit", "cloglog"]

_BLOCK = 8192
_FAR = 30.0
"""A linear predictor beyond this is a chance of 0 or 1: the estimates have no end."""


def chances(eta: Floats, link: Link) -> Floats:
    """Give the chance of the event for linear predictors.

    >>> chances(np.zeros(1), "logit"), chances(np.zeros(1), "cloglog").round(4)
    (array([0.5]), array([0.6321]))
    """
    return np.asarray(expit(eta) if link == "logit" else -np.expm1(-np.exp(eta)), dtype=float)


def level(share: float, link: Link) -> float:
    """Give the linear predictor of a share of events, never endless: a start that is near."""
    share = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(share / (1 - share)) if link == "logit" else np.log(-np.log1p(-share)))


class UndeterminedError(UsageError):
    """The data cannot say what some columns do.

    Attributes
    ----------
    columns
        Names of the estimates concerned.
    """

    def __init__(self, zh: str, en: str, columns: Sequence[str] = ()) -> None:
        super().__init__(zh, en)
        self.columns = tuple(columns)

    def __reduce__(self) -> tuple[type, tuple[str, str, tuple[str, ...]]]:  # type: ignore[override]
        return (type(self), (self.zh, self.en, self.columns))


def refuse_endless(names: Sequence[str], params: Floats, most: Floats) -> None:
    """Refuse estimates that run away: a column that tells the event by itself.

    `most` is the largest size of each column.
    """
    reach = np.abs(params) * most
    wrong = [name for name, far in zip(names, reach, strict=True) if far > _FAR]
    if wrong:
        raise UndeterminedError(
            f"这些列的取值中没有发生（或全部发生）所研究的事件，无法估计：{'、'.join(wrong)}",
            "the event never or always happens for a value of these, so they cannot be estimated: "
            f"{', '.join(wrong)}",
            wrong,
        )


def row_parts(outcome: Floats, eta: Floats, link: Link) -> tuple[Floats, Floats]:
    """Give, for each row, the score and the expected information of its linear predictor."""
    p = chances(eta, link)
    if link == "logit":
        return outcome - p, p * (1 - p)
    # d p / d eta, and the variance of the outcome.
    slope = np.exp(eta - np.exp(eta))
    variance = np.maximum(p * (1 - p), 1e-300)
    return (outcome - p) * slope / variance, slope**2 / variance


def scores(x: Floats, outcome: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the score of each row. Shape (rows, estimates)."""
    score, _ = row_parts(outcome, eta, link)
    return x * (weight * score)[:, None]


def gradient(x: Floats, outcome: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the score of all rows together. Shape (estimates,)."""
    score, _ = row_parts(outcome, eta, link)
    return np.asarray((weight * score) @ x)


def information(x: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the expected information. Shape (estimates, estimates)."""
    _, each = row_parts(np.zeros(len(eta)), eta, link)
    return _squares(x, weight * each)


def observed(x: Floats, outcome: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the observed information; for a logit it is the expected one."""
    return _squares(x, weight * bend(outcome, eta, link))


def bend(outcome: Floats, eta: Floats, link: Link) -> Floats:
    """Give, for each row, the observed information of its linear predictor."""
    if link == "logit":
        return row_parts(outcome, eta, link)[1]
    risk = np.exp(np.clip(eta, -20, 30))
    # The second derivative of log(1 - exp(-risk)); by its limit where the risk is tiny.
    with np.errstate(over="ignore", invalid="ignore"):
        more = np.expm1(risk)
        exact = risk * (risk * np.exp(risk) - more) / more**2
    of_event = np.where(risk < 1e-5, risk / 2, np.nan_to_num(exact))
    return np.where(outcome > 0, of_event, risk)


def _squares(x: Floats, weight: Floats) -> Floats:
    """Give the weighted sums of squares and products, block by block: a block fits the cache."""
    total = np.zeros((x.shape[1], x.shape[1]))
    root = np.sqrt(weight)[:, None]
    for start in range(0, len(x), _BLOCK):
        part = x[start : start + _BLOCK] * root[start : start + _BLOCK]
        total += part.T @ part
    return total


def inverse(matrix: Floats, names: Sequence[str]) -> Floats:
    """Invert an information matrix, or name the columns that determine one another."""
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    if values[0] <= 1e-10 * values[-1]:
        share = vectors[:, 0] ** 2
        wrong = [name for name, part in zip(names, share, strict=True) if part > 0.05]
        raise UndeterminedError(
            f"这些列互相完全决定，无法分别估计：{'、'.join(wrong)}",
            f"these columns determine one another and cannot be told apart: {', '.join(wrong)}",
            wrong,
        )
    return np.linalg.inv(scaled) / np.outer(scale, scale)


def deviance(outcome: Floats, eta: Floats, weight: Floats, link: Link) -> float:
    """Give minus twice the log-likelihood; infinite where it has no number."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if link == "logit":
            # The logarithm of 1 + exp(eta), several times as fast as numpy's own.
            terms = outcome * eta - np.maximum(eta, 0) - np.log1p(np.exp(-np.abs(eta)))
        else:
            risk = np.exp(eta)
            terms = np.where(outcome > 0, np.log(-np.expm1(-risk)), -risk)
    # No dot product: libraries start threads for it, which wait on one another on a busy machine.
    total = float((weight * terms).sum())
    return -2 * total if np.isfinite(total) else np.inf


def sum_by(codes: NDArray[np.intp], each: Floats) -> Floats:
    """Add up rows by code. Shape (codes, columns)."""
    return np.column_stack([np.bincount(codes, column) for column in each.T])


def sandwich(bread: Floats, sums: Floats, rows: float) -> Floats:
    """Give the covariance by clusters from the sums of their scores (``CR1``).

    Shapes (estimates, estimates), (clusters, estimates).
    """
    clusters, estimates = sums.shape
    factor = clusters / (clusters - 1) * (rows - 1) / (rows - estimates)
    return factor * bread @ (sums.T @ sums) @ bread
