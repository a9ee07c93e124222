"""Synthetic data: a prefecture that does not exist, with a truth that is known."""

from analysis.records.synthetic.county import SyntheticCounty, make_county
from analysis.records.synthetic.demo import Demo, write_demo

__all__ = ["Demo", "SyntheticCounty", "make_county", "write_demo"]
