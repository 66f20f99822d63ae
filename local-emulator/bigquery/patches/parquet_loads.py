"""Reads Parquet as BigQuery does where DuckDB's defaults differ.

- A `dt=2026-11-21/` in the URI is not a column, unless the job asks for hive partitioning.
- Files of one job may have different columns: what a file lacks is null.
"""

import duckdb
from local_bigquery.jobs import load
from local_bigquery.models import JobConfigurationLoad, TableFieldSchema


def apply() -> None:
    upstream_hive = load._hive

    def hive(config: JobConfigurationLoad) -> dict:
        return upstream_hive(config) or {"hive_partitioning": "false"}

    load._hive = hive

    upstream_reader = load._reader

    def reader(
        cursor: duckdb.DuckDBPyConnection, files: str, config: JobConfigurationLoad, fields: list[TableFieldSchema]
    ) -> str:
        source = upstream_reader(cursor, files, config, fields)
        if config.sourceFormat == "PARQUET":
            return source.removesuffix(")") + ", union_by_name = true)"
        return source

    load._reader = reader
