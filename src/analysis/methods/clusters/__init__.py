"""What can be said of a coefficient when rows come in few clusters: four errors beside one another.

`fit` is least squares kept as clusters' sums; `cv1` and `cv3` its errors, `wild_bootstrap` its
bootstrap, `leverage` how many clusters there really are. `randomise` deals a treatment of whole
clusters out again; `estimate_shocks` and `find_detectable` say beforehand what could be found.
"""

from analysis.methods.clusters.inference import Inference
from analysis.methods.clusters.influence import Leverage, leverage
from analysis.methods.clusters.power import (
    Detectable,
    Shocks,
    estimate_shocks,
    find_detectable,
)
from analysis.methods.clusters.randomisation import randomise
from analysis.methods.clusters.regression import Regression, fit
from analysis.methods.clusters.sandwich import cv1, cv3
from analysis.methods.clusters.wild import wild_bootstrap

__all__ = [
    "Detectable",
    "Inference",
    "Leverage",
    "Regression",
    "Shocks",
    "cv1",
    "cv3",
    "estimate_shocks",
    "find_detectable",
    "fit",
    "leverage",
    "randomise",
    "wild_bootstrap",
]
