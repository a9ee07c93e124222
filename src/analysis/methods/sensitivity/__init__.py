"""How far an event study's answer stands when trends would not have been parallel.

`relative_magnitudes` lets the two groups drift apart after the start by as much a period as they
did before it, times a bound; `smoothness` lets the slope of that drift turn by as much as a bound
from one period to the next. Both give an interval that holds for every drift allowed; `breakdown`
gives the bound up to which 0 stays outside.

Source. Rambachan & Roth (2023), A more credible approach to parallel trends, Review of Economic
Studies 90 (5), 2555-2591.
"""

from analysis.methods.sensitivity.limits import Restriction, breakdown
from analysis.methods.sensitivity.relative import relative_magnitudes
from analysis.methods.sensitivity.smooth import smoothness
from analysis.methods.sensitivity.study import RobustInterval

__all__ = ["Restriction", "RobustInterval", "breakdown", "relative_magnitudes", "smoothness"]
