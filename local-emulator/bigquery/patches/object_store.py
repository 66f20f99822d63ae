"""Reads gs:// URIs from the object store of the lake. Upstream maps them to a local folder or to a GCS emulator of the environment."""

import functools
from typing import TYPE_CHECKING

import duckdb
from local_bigquery.engine import database
from local_bigquery.jobs import load, storage

if TYPE_CHECKING:
    from launcher import ObjectStore


def apply(store: "ObjectStore") -> None:
    connect = database._connect

    @functools.cache
    def with_secret() -> duckdb.DuckDBPyConnection:
        connection = connect()
        key, secret = store.credentials or ("", "")
        # DuckDB reads gs:// over the S3 protocol; the secret lives in memory, for as long as the process.
        connection.execute(
            "CREATE OR REPLACE SECRET lake (TYPE gcs, "
            f"KEY_ID {storage.literal(key)}, SECRET {storage.literal(secret)}, "
            f"ENDPOINT {storage.literal(store.host)}, URL_STYLE 'path', USE_SSL {str(store.secure).lower()})"
        )
        return connection

    database._connect = with_secret

    upstream = storage.paths

    def paths(cursor: duckdb.DuckDBPyConnection, uri: str) -> list[str]:
        return [uri] if uri.startswith("gs://") else upstream(cursor, uri)

    storage.paths = paths
    # load.py has imported the function by name.
    load.paths = paths
