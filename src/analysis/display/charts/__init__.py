"""Drawings: every one takes a `View` first and gives one block a stage."""

from analysis.display.charts.bars import bars, contribution_bars
from analysis.display.charts.dots import limit_dots, unit_dots
from analysis.display.charts.events import event_study
from analysis.display.charts.funnels import funnel
from analysis.display.charts.lines import trend_lines
from analysis.display.charts.panels import unit_panels
from analysis.display.charts.ranges import range_dots
from analysis.display.charts.strips import dot_strips

__all__ = [
    "bars", "contribution_bars", "dot_strips", "event_study", "funnel", "limit_dots", "range_dots",
    "trend_lines", "unit_dots", "unit_panels",
]  # fmt: skip
