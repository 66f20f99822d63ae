"""Tells an object store that does not answer from an object that cannot be read.

BigQuery reports the first as `backendError`, which clients take as "try again under a new job id", and the second as `invalid`, after which an object is
quarantined. Upstream reports both as `invalid`.
"""

import contextlib
import re
from collections.abc import Iterator

import duckdb
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import load

# The store answered, and it is the request that is wrong: most often, no such object.
_REFUSED = re.compile(r"\(HTTP 4\d\d ")


def apply() -> None:
    upstream = load._reading

    @contextlib.contextmanager
    def reading(locations: dict[str, str | None]) -> Iterator[None]:
        with upstream(locations):
            try:
                yield
            except duckdb.IOException as error:
                message = str(error).split("\n")[0]
                if "HTTP" in message and not _REFUSED.search(message):
                    raise BigQueryError("backendError", f"The object store does not answer: {message}") from error
                raise

    load._reading = reading
