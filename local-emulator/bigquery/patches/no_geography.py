"""Leaves out the geography functions: they need DuckDB's spatial extension, which is large, comes from no package here, and nothing uses."""

from local_bigquery.engine import database


def apply() -> None:
    database.FUNCTIONS = [path for path in database.FUNCTIONS if path.stem != "geography"]
