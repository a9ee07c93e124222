"""What a treatment did that units took up at different times: effects, and averages of them.

`group_time_effects` compares every cohort, period by period, with units not treated yet; `imputation` and
`sun_abraham` reach the same by regression; `two_way` is what was done before, and `bacon` shows what that
averages. `switchers` is for a treatment that goes on and off. For few clusters `differences` gives an
average as one regression for `methods.clusters`, `randomise` deals first years out anew, and
`find_detectable` says beforehand what the design could find.
"""

from analysis.methods.staggered.decomposition import Bacon, bacon
from analysis.methods.staggered.effects import Aggregate, GroupTime
from analysis.methods.staggered.event_study import EventStudy
from analysis.methods.staggered.fixed_effects import TwoWay, two_way
from analysis.methods.staggered.group_time import group_time_effects
from analysis.methods.staggered.imputing import imputation
from analysis.methods.staggered.interactions import sun_abraham
from analysis.methods.staggered.power import Detectable, find_detectable
from analysis.methods.staggered.randomisation import randomise
from analysis.methods.staggered.stacked import Differences, differences
from analysis.methods.staggered.switching import Switching, switchers

__all__ = [
    "Aggregate",
    "Bacon",
    "Detectable",
    "Differences",
    "EventStudy",
    "GroupTime",
    "Switching",
    "TwoWay",
    "bacon",
    "differences",
    "find_detectable",
    "group_time_effects",
    "imputation",
    "randomise",
    "sun_abraham",
    "switchers",
    "two_way",
]
