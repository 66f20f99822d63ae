"""The gates of the warehouse: rows of staging, and feature tables."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY
from google.cloud.bigquery.table import RowIterator
from great_expectations.core.batch import Batch
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.datasource.fluent import BigQueryDatasource
from great_expectations.datasource.fluent.interfaces import TestConnectionError

from gates.checks import Check, SampleRow, Samples, ephemeral_context, run_suite
from gates.docs import keep
from gates.settings import ConfigurationError, GateError, Settings, identifiers
from gates.suites import Expectation, feature_expectations, shown_columns, staging_expectations

_MEGABYTE = 2**20

# Delays before an asset is validated again when BigQuery did not answer, in seconds; it may be restarting.
RETRY_DELAYS_SECONDS = (1, 2, 4, 8)
# How long one request tries to reach BigQuery.
RETRY = DEFAULT_RETRY.with_timeout(5)


class WarehouseUnavailableError(GateError):
    """BigQuery did not answer; whether the data is good is not known."""

    code = "UNAVAILABLE"


class WarehouseGates:
    """
    Checks tables by SQL that BigQuery runs; no row leaves it but a few samples of failures.

    What may be shown of checks is kept in `keep`, for the data docs.
    """

    def __init__(self, settings: Settings, keep: Path | None = None) -> None:
        self._keep = keep
        self._client = _client(settings)
        context = ephemeral_context()
        self._source: BigQueryDatasource = context.data_sources.add_bigquery(
            "warehouse",
            connection_string=f"bigquery://{settings.project_id}?user_supplied_client=true",
            kwargs={"connect_args": {"client": self._client}},
            # Temporary tables would be written, stored and billed.
            create_temp_table=False,
        )

    @property
    def bytes_billed(self) -> int:
        """Bytes that BigQuery read for all checks so far."""
        return self._client.bytes_billed

    def staging(self, stream: str) -> list[Check]:
        """Checks `staging.<stream>`."""
        return self._check("staging", f"staging.{stream}", staging_expectations(stream), shown_columns(stream))

    def features(self, view: str) -> list[Check]:
        """Checks `marts.<view>`."""
        try:
            expectations = feature_expectations(view)
        except ConfigurationError as error:
            # What nothing checks stays offline, and does not keep the others there.
            return [_failed("features", f"marts.{view}", "suite_exists", str(error))]
        return self._check("features", f"marts.{view}", expectations, None)

    def _check(self, gate: str, table: str, expectations: list[Expectation], shown: list[str] | None) -> list[Check]:
        for delay in (*RETRY_DELAYS_SECONDS, None):
            try:
                batch = self._batch(table)
                checks = run_suite(
                    batch,
                    gate,
                    table,
                    expectations,
                    partial(self._samples, batch, table, shown),
                    self._seen(gate, table),
                )
            except TestConnectionError:
                # Thrown as well where the table is missing; then there is nothing to wait for.
                if self._answers():
                    return [_failed(gate, table, "table_exists", f"There is no table {table}.")]
            else:
                # GX takes a lost connection for an expectation that is not met.
                if not any("error" in check.detail for check in checks) or self._answers():
                    return checks
            if delay is not None:
                time.sleep(delay)
        raise WarehouseUnavailableError(f"BigQuery did not answer while {table} was to be checked.")

    def _batch(self, table: str) -> Batch:
        # A table asset, since GX runs the whole query of a query asset only to learn its columns; and one of its own name each time.
        dataset, name = table.split(".")
        asset = self._source.add_table_asset(f"{table}-{time.monotonic_ns()}", table_name=name, schema_name=dataset)
        return asset.add_batch_definition_whole_table("all").get_batch()

    def _seen(self, gate: str, table: str) -> Callable[[ExpectationSuiteValidationResult], None]:
        folder = self._keep
        return (lambda _result: None) if folder is None else (lambda result: keep(folder, gate, table, result))

    def _samples(self, batch: Batch, table: str, shown: list[str] | None) -> Samples:
        """Of a feature table all is shown but whose row it is."""
        present = [column for column in batch.columns() if column not in identifiers()]
        columns = [column for column in present if shown is None or column in shown]

        def query(text: str) -> list[SampleRow]:
            names = ", ".join(f"`{column}`" for column in columns)
            try:
                rows = self._client.query_and_wait(text.replace("{columns}", names).replace("{batch}", table))
                return [dict(row.items()) for row in rows]
            except (GoogleAPICallError, RetryError, OSError):
                # Rows are shown to help; what failed is known without them.
                return []

        return Samples(columns, query)

    def _answers(self) -> bool:
        try:
            list(self._client.query_and_wait("SELECT 1"))
        except (GoogleAPICallError, RetryError, OSError):
            return False
        return True


def _failed(gate: str, table: str, expectation: str, reason: str) -> Check:
    return Check(gate, table, expectation, success=False, critical=True, detail={"error": reason})


def _billed(processed: int) -> int:
    """
    Bytes billed for a query of one table: whole megabytes, 10 at least. BigQuery tells them only to those who ask for each job;
    `ops.costs` has its own figures. https://cloud.google.com/bigquery/pricing#on_demand_pricing
    """
    return max(10, -(-processed // _MEGABYTE)) * _MEGABYTE if processed else 0


class _Client(bigquery.Client):
    """BigQuery's client, which by itself tries for ten minutes to reach a server that is away, and for as long to repeat a failed job."""

    bytes_billed = 0

    def query_and_wait(self, query: str, **options: Any) -> RowIterator:
        """As its parent; a failed job is not repeated, since the whole asset is."""
        rows = super().query_and_wait(query, **(options | {"retry": RETRY, "job_retry": None}))
        self.bytes_billed += _billed(rows.total_bytes_processed or 0)
        return rows

    def _call_api(self, retry: Retry | None, *arguments: Any, **options: Any) -> Any:
        # Every request passes here. SQLAlchemy and GX make many of their own, and none of them can be told how long to try.
        return super()._call_api(RETRY if retry else None, *arguments, **options)


def _client(settings: Settings) -> _Client:
    emulator = {
        "credentials": AnonymousCredentials(),
        "client_options": {"api_endpoint": settings.bigquery_endpoint},
    }
    return _Client(
        project=settings.project_id,
        location=settings.location,
        default_query_job_config=bigquery.QueryJobConfig(
            maximum_bytes_billed=settings.max_bytes_billed, labels=settings.job_labels()
        ),
        **(emulator if settings.bigquery_endpoint else {}),
    )
