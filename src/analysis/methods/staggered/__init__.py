"""What a treatment did that units took up at different times: effects, and averages of them.

`group_time_effects` compares every cohort, period by period, with units not treated yet.
"""

from analysis.methods.staggered.effects import Aggregate, GroupTime
from analysis.methods.staggered.group_time import group_time_effects

__all__ = ["Aggregate", "GroupTime", "group_time_effects"]
