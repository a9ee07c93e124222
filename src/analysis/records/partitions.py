"""One county, one table, one year as the bytes of a Parquet file, the same for the same rows.

Partitions are read with pyarrow, not DuckDB: their bytes are in memory anyway, to be held against
the manifest, and a county's few dozen small files gain nothing from a query engine. The files are
plain Parquet in hive folders, so DuckDB reads all counties at once where that is wanted::

    duckdb.read_parquet("STORE/tables/schools/*/*/part.parquet", hive_partitioning=False)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import StoreError
from analysis.records.contracts import Table, empty, schema, stored_key

_ARROW = {
    "string": pa.string(),
    "Int64": pa.int64(),
    "Float64": pa.float64(),
    "boolean": pa.bool_(),
}
_PANDAS = {arrow: pd.api.types.pandas_dtype(name) for name, arrow in _ARROW.items()}


def encode(frame: pd.DataFrame) -> bytes:
    """Write a frame of contract dtypes; the row order is the caller's."""
    return _write(_to_arrow(frame))


def split(frame: pd.DataFrame) -> Iterator[tuple[str, int, int, bytes]]:
    """Write a table as partitions: county, year, rows and bytes of each, the row order kept."""
    ordered = frame.sort_values(["county", "year"], kind="stable", ignore_index=True)
    # Turned into Arrow once and sliced: a country has a hundred thousand partitions.
    whole = _to_arrow(ordered)
    groups = ordered.groupby(["county", "year"], sort=False).size()
    start = 0
    for key, rows in groups.items():
        county, year = cast(tuple[str, int], key)
        yield county, int(year), int(rows), _write(whole.slice(start, rows))
        start += rows


def _to_arrow(frame: pd.DataFrame) -> pa.Table:
    fields = [pa.field(str(name), _ARROW[str(dtype)]) for name, dtype in frame.dtypes.items()]
    table = pa.Table.from_pandas(frame, schema=pa.schema(fields), preserve_index=False)
    return table.replace_schema_metadata(None).combine_chunks()


def _write(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="zstd", compression_level=3, row_group_size=1 << 20, version="2.6"
    )
    return sink.getvalue().to_pybytes()


def decode(parts: Sequence[bytes], key: Sequence[str] = ()) -> pd.DataFrame:
    """Read what was written here, several files as one, sorted by `key` if there is one."""
    # ParquetFile and not read_table: a path with county=… in it must not become a column.
    # One thread: a partition is too small to be worth more, and there are thousands of them.
    tables = [pq.ParquetFile(pa.BufferReader(part)).read(use_threads=False) for part in parts]
    # What was loaded before a column was declared does not have it: there it is missing.
    whole = pa.concat_tables(tables, promote_options="default")
    if key and len(parts) > 1:
        whole = whole.sort_by([(name, "ascending") for name in key])
    return whole.to_pandas(types_mapper=_PANDAS.get)


def complete(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Give a table as read the stored columns of today, missing where its load did not know them.

    >>> from analysis.records.contracts import TABLES
    >>> old = empty(TABLES["teachers"]).drop(columns="certificate")
    >>> str(complete(old, TABLES["teachers"])["certificate"].dtype)
    'boolean'
    """
    whole = empty(table)
    if list(frame.columns) == list(whole.columns):
        return frame
    return frame.reindex(columns=whole.columns).astype(whole.dtypes.to_dict())


def arrange(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Give a table its stored columns in order, sorted by key, and hold it against the contract.

    Raises
    ------
    StoreError
        If it breaks the contract. Says where, never what: the value may be personal.
    """
    frame = frame.reset_index(drop=True)
    try:
        schema(table, stored=True).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        broken = sorted({f"{case['column']}: {case['check']}" for _, case in cases.iterrows()})
        listed = "; ".join(broken)
        raise StoreError(
            f"表 {table.id} 不符合约定：{listed}", f"table {table.id} breaks its contract: {listed}"
        ) from None
    columns = list(empty(table).columns)
    return frame[columns].sort_values(list(stored_key(table)), ignore_index=True)
