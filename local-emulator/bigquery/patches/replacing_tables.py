"""Makes statements that create the same relation wait for each other, so that the last one wins, as on BigQuery.

Upstream lets them run side by side, and DuckLake then fails all but one: two runs of dbt that overlap would break each other's tables.
"""

import contextlib

import duckdb
from local_bigquery.engine import database
from local_bigquery.jobs import query
from local_bigquery.models import JobConfigurationQuery, JobStatistics2, TableReference
from local_bigquery.sql.translate import Context
from sqlglot import exp


def apply() -> None:
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
        # A lock of its own: creating a table may insert into it, which takes the table's write lock.
        lock = database.writing("create", *query._target(tree, context)) if creates else contextlib.nullcontext()
        with lock:
            return upstream(cursor, tree, context, destination, config, dry_run, isolated)

    query._run = run
