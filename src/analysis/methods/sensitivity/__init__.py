"""How far an event study's answer holds if trends were not parallel.

`relative_magnitudes` bounds what comes after treatment by what was seen before it, `smoothness` by how much a
trend may bend; both say at what bound the answer is lost.
"""

from analysis.methods.sensitivity.event_path import Sensitivity
from analysis.methods.sensitivity.magnitudes import relative_magnitudes
from analysis.methods.sensitivity.smooth import smoothness

__all__ = ["Sensitivity", "relative_magnitudes", "smoothness"]
