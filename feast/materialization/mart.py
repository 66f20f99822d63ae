"""Reads a view's mart from BigQuery, in batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pyarrow
from feast import FeatureView
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from materialization.settings import Settings

# How long one query may take before the run fails, in seconds. A mart is a plain table: reading it takes seconds.
QUERY_TIMEOUT_SECONDS = 300

# How long one request tries to reach BigQuery; by itself the client would try for ten minutes, and a failed job again for as long.
RETRY = DEFAULT_RETRY.with_timeout(20)


class MartMissingError(Exception):
    """The table a view is materialized from does not exist."""

    code = "MART_MISSING"


@dataclass(frozen=True)
class MartRows:
    """One consistent reading of a mart; its batches can be taken once."""

    batches: Iterator[pyarrow.RecordBatch]
    bytes_billed: int


def bigquery_client(settings: Settings) -> bigquery.Client:
    """BigQuery, or its emulator where BIGQUERY_ENDPOINT says so."""
    if settings.bigquery_endpoint is None:
        return bigquery.Client(project=settings.project_id, location=settings.location)
    return bigquery.Client(
        project=settings.project_id,
        location=settings.location,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": settings.bigquery_endpoint},
    )


def mart_state(client: bigquery.Client, view: FeatureView, settings: Settings) -> str:
    """
    Names the state of the mart's table and of what is read from it: a table that was written since has another. Costs no bytes.

    Taken before the rows are read: a table that is replaced in between is read in its new state under the old name, and once more the next time.
    """
    source = view.batch_source
    try:
        table = client.get_table(f"{settings.project_id}.{source.table}", retry=RETRY)
    except NotFound as error:
        raise _missing(view) from error
    if table.modified is None:
        # A server that does not tell: every reading is of a state of its own.
        return str(uuid4())
    columns = [*view.join_keys, *(f"{feature.name} {feature.dtype}" for feature in view.features)]
    return " ".join([str(table.etag), str(table.created), str(table.modified), *columns])


def _missing(view: FeatureView) -> MartMissingError:
    return MartMissingError(
        f"{view.batch_source.table} does not exist, so {view.name} cannot be materialized: run the dbt job first."
    )


def read_mart(client: bigquery.Client, view: FeatureView, settings: Settings, batch_rows: int) -> MartRows:
    """
    Reads all rows of the view's mart in one query: key, features and timestamp.

    One query, because what is written, what is removed and what is counted must be of one state of the mart; a dbt run may be
    replacing it. The whole table, because event_timestamp says as of when a row holds, not when it changed.
    """
    source = view.batch_source
    columns = [*view.join_keys, *(feature.name for feature in view.features), source.timestamp_field]
    names = ", ".join(f"`{column}`" for column in columns)
    config = bigquery.QueryJobConfig(
        maximum_bytes_billed=settings.max_bytes_billed,
        labels=settings.job_labels(view=view.name),
    )
    try:
        job = client.query(f"SELECT {names} FROM `{source.table}`", job_config=config, retry=RETRY, job_retry=None)
        rows = job.result(page_size=batch_rows, timeout=QUERY_TIMEOUT_SECONDS, retry=RETRY, job_retry=None)
    except NotFound as error:
        raise _missing(view) from error
    return MartRows(_batches(rows, settings), job.total_bytes_billed or 0)


def _batches(rows, settings: Settings) -> Iterator[pyarrow.RecordBatch]:
    # The Storage API is a different service at a different address; emulators answer over REST.
    if settings.bigquery_endpoint is not None:
        yield from rows.to_arrow_iterable()
        return
    from google.cloud.bigquery_storage import BigQueryReadClient

    # Two batches wait at most: by default the client reads ahead without bound.
    yield from rows.to_arrow_iterable(bqstorage_client=BigQueryReadClient(), max_queue_size=2, max_stream_count=1)
