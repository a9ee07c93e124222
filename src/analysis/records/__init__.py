"""What comes in: contracts, readers, the store, identities, divisions."""

from analysis.records.county import CountyData, Place
from analysis.records.results import open_fit
from analysis.records.store import list_counties, list_years, open_county, open_prefecture

__all__ = [
    "CountyData",
    "Place",
    "list_counties",
    "list_years",
    "open_county",
    "open_fit",
    "open_prefecture",
]
