"""Dispersion of a resource between schools: the official coefficient, and what lies around it.

The official coefficient is made of totals and pupils (`coefficient`); the indices of inequality
take the resource per unit and, if asked, weights (`inequality`, `squares`); what each of several sources adds
to a whole is told by Shapley's values (`shares`).
"""

from analysis.methods.dispersion.coefficient import (
    Floats,
    Range,
    Weights,
    additive_shares,
    corrections,
    difference_coefficient,
    influences,
    missing_value_range,
    reporting_error_range,
    split_shares,
)
from analysis.methods.dispersion.inequality import (
    Lorenz,
    TheilParts,
    atkinson,
    between_by_chance,
    gini,
    lorenz,
    theil,
    theil_decomposition,
)
from analysis.methods.dispersion.shares import shapley
from analysis.methods.dispersion.squares import SquareParts, square_decomposition

__all__ = [
    "Floats",
    "Lorenz",
    "Range",
    "SquareParts",
    "TheilParts",
    "Weights",
    "additive_shares",
    "atkinson",
    "between_by_chance",
    "corrections",
    "difference_coefficient",
    "gini",
    "influences",
    "lorenz",
    "missing_value_range",
    "reporting_error_range",
    "shapley",
    "split_shares",
    "square_decomposition",
    "theil",
    "theil_decomposition",
]
