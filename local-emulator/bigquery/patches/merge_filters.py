"""Takes a MERGE's filter on partitions where BigQuery wants it: in the condition by which rows match.

Upstream carries a MERGE out as several statements without a WHERE clause, and refused every one on a table that requires a filter.
https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables#using_a_filter_in_the_search_condition_of_a_when_clause
"""

import contextvars
import re

import duckdb
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import merge
from local_bigquery.models import JobStatistics2
from local_bigquery.sql.rules import tables
from sqlglot import exp

_MISSING = re.compile(r"without a filter over column\(s\) '(\w+)'")

# Columns in the condition of the MERGE that is being carried out.
_matched: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar("matched", default=frozenset())


def apply() -> None:
    upstream_run = merge.run

    def run(cur: duckdb.DuckDBPyConnection, tree: exp.Merge, context: object) -> JobStatistics2:
        columns = tree.args["on"].find_all(exp.Column)
        token = _matched.set(frozenset(column.name.casefold() for column in columns))
        try:
            return upstream_run(cur, tree, context)
        finally:
            _matched.reset(token)

    merge.run = run

    upstream_check = tables._check

    def check(tree: exp.Expression, table: exp.Table, is_target: bool) -> None:
        try:
            upstream_check(tree, table, is_target)
        except BigQueryError as error:
            missing = _MISSING.search(error.message)
            if not missing or missing[1].casefold() not in _matched.get():
                raise

    tables._check = check
