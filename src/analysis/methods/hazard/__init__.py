"""When something ends, in steps of time: hazards of pupils, teachers, anything counted by terms.

`fit` is the discrete-time model of one kind of end, `fit_competing` of several, `fit_parts` what
does not fit into memory, `life_table` and `cumulative_incidence` what there is without a model,
`compress` the same rows as cells with counts, and `fit_random_intercept` a logit with an intercept
for each group.
"""

from analysis.methods.hazard.cells import COUNT, compress
from analysis.methods.hazard.discrete import FEW, fit, fit_competing
from analysis.methods.hazard.fitted import Fit
from analysis.methods.hazard.likelihood import UndeterminedError
from analysis.methods.hazard.parts import fit_parts
from analysis.methods.hazard.random_intercept import (
    RandomIntercept,
    fit_random_intercept,
    median_odds_ratio,
)
from analysis.methods.hazard.tables import LifeTable, cumulative_incidence, life_table

__all__ = [
    "COUNT",
    "FEW",
    "Fit",
    "LifeTable",
    "RandomIntercept",
    "UndeterminedError",
    "compress",
    "cumulative_incidence",
    "fit",
    "fit_competing",
    "fit_parts",
    "fit_random_intercept",
    "life_table",
    "median_odds_ratio",
]
