"""Lets one statement at a time write to a table, so that writers wait for each other, as on BigQuery, instead of failing.

Upstream takes a lock per table, but not around everything: a streaming insert and CREATE OR REPLACE go without, and DuckLake then refuses to
commit whichever comes second ("Failed to commit DuckLake transaction"). Writers of different tables still run side by side.
"""

import contextlib
import threading
from collections.abc import Iterator

import duckdb
from local_bigquery.catalog import tabledata
from local_bigquery.engine import database
from local_bigquery.jobs import query
from local_bigquery.models import JobConfigurationQuery, JobStatistics2, TableDataInsertAllRequest, TableReference
from local_bigquery.sql.translate import Context
from sqlglot import exp

_locks: dict[tuple[str, ...], threading.RLock] = {}
_choosing = threading.Lock()


@contextlib.contextmanager
def writing(*table: str) -> Iterator[None]:
    """Holds the write lock of a table. Unlike upstream's it may be taken again by its holder: a load job holds it until its commit."""
    key = tuple(part.casefold() for part in table)
    with _choosing:
        lock = _locks.setdefault(key, threading.RLock())
    with lock:
        yield


def apply() -> None:
    database.writing = writing
    _wait_to_insert()
    _wait_to_create()


def _wait_to_insert() -> None:
    upstream = tabledata.insert_all

    def insert_all(project_id: str, dataset_id: str, table_id: str, body: TableDataInsertAllRequest) -> dict:
        with writing(project_id, dataset_id, table_id):
            return upstream(project_id, dataset_id, table_id, body)

    tabledata.insert_all = insert_all


def _wait_to_create() -> None:
    upstream = query._run

    def run(
        cursor: duckdb.DuckDBPyConnection,
        tree: exp.Expression,
        context: Context,
        destination: TableReference | None,
        config: JobConfigurationQuery,
        dry_run: bool,
        isolated: bool,
    ) -> JobStatistics2:
        creates = isinstance(tree, exp.Create) and tree.kind in ("TABLE", "VIEW") and not dry_run
        with writing(*query._target(tree, context)) if creates else contextlib.nullcontext():
            return upstream(cursor, tree, context, destination, config, dry_run, isolated)

    query._run = run
