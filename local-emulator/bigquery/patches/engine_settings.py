"""Bounds DuckDB's memory and threads: its defaults are four fifths of the machine and every core, and the machine is shared."""

import functools

import duckdb
from local_bigquery.engine import database
from local_bigquery.settings import settings


def apply(memory_limit: str, threads: int) -> None:
    connect = database._connect

    @functools.cache
    def bounded() -> duckdb.DuckDBPyConnection:
        connection = connect()
        spill = settings.data_dir / "spill"
        connection.execute(f"SET memory_limit = '{memory_limit}'")
        connection.execute(f"SET threads = {threads}")
        connection.execute(f"SET temp_directory = '{spill}'")
        return connection

    database._connect = bounded
