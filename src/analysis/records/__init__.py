"""What comes in: contracts, readers, the store, identities, divisions."""

from analysis.records.batches import open_batches
from analysis.records.county import Counties, CountyData, Place
from analysis.records.results import attach, load_fit, open_fit
from analysis.records.store import list_counties, list_years, open_county, open_prefecture

__all__ = [
    "Counties",
    "CountyData",
    "Place",
    "attach",
    "list_counties",
    "list_years",
    "load_fit",
    "open_batches",
    "open_county",
    "open_fit",
    "open_prefecture",
]
