"""Makes jobs survive a kill of the process, because a load's job id is what makes it happen once.

BigQuery finishes a job whatever happens to its servers, and refuses its id for ever. Upstream keeps jobs in a table, but a job at work
when the process dies stays RUNNING for ever, and nobody can tell whether its rows are in. So:

1. `submit` holds a lock from looking the id up to storing the job: of two requests with one id, one gets 409.
2. A load commits its rows and its outcome together: the outcome is the commit message of the DuckLake snapshot that adds the rows.
3. `recover`, at the next start, looks at each job that has no end. A load whose snapshot is there is done, with that outcome; a load
   without one left no trace and is run again; so is a query that may run twice. Anything else, DML above all, is reported failed with
   `backendError`, which clients take as "try again".
"""

import contextlib
import contextvars
import json
import threading
from collections.abc import Callable

import duckdb
from local_bigquery import errors
from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import load, runner, store
from local_bigquery.models import Job, JobConfiguration, JobConfigurationLoad, JobStatistics, JobStatistics3
from local_bigquery.sql.translate import parse
from sqlglot import exp

_SNAPSHOT_AUTHOR = "load job"
_INTERRUPTED = "The server stopped while this job ran. Start it again under a new job id."

_submitting = threading.Lock()
_job_id: contextvars.ContextVar[str] = contextvars.ContextVar("job_id")


def apply() -> None:
    """Replaces submitting and loading; `recover` is for the caller, once the database is open."""
    errors.STATUSES["backendError"] = (503, "UNAVAILABLE")
    _serialize_submits()
    _name_jobs_to_handlers()
    runner.HANDLERS["load"] = _atomically(load.run)


def _serialize_submits() -> None:
    upstream = runner.submit

    def submit(project_id: str, job_id: str, configuration: JobConfiguration, upload: str | None = None) -> Job:
        with _submitting:
            return upstream(project_id, job_id, configuration, upload)

    runner.submit = submit


def _name_jobs_to_handlers() -> None:
    upstream = runner._handle

    def handle(job: Job, job_type: str, running: runner.Running, upload: str | None) -> JobStatistics:
        _job_id.set(job.jobReference.jobId)
        return upstream(job, job_type, running, upload)

    runner._handle = handle


Load = Callable[[duckdb.DuckDBPyConnection, JobConfigurationLoad, str | None], JobStatistics3]


def _atomically(run: Load) -> Load:
    def load_atomically(
        cursor: duckdb.DuckDBPyConnection, config: JobConfigurationLoad, upload: str | None
    ) -> JobStatistics3:
        target = tables.reference(config.destinationTable)
        # Until the commit, or another writer of the table could get in between and be refused.
        with database.writing(*target):
            cursor.execute("BEGIN")
            try:
                outcome = run(cursor, config, upload)
                cursor.execute(
                    f"CALL {database.quote(target[0])}.set_commit_message(?, ?, extra_info => ?)",
                    [_SNAPSHOT_AUTHOR, _job_id.get(), json.dumps(outcome.dump())],
                )
                cursor.execute("COMMIT")
            except BaseException:
                # A failed commit has ended the transaction itself.
                with contextlib.suppress(duckdb.TransactionException):
                    cursor.execute("ROLLBACK")
                raise
        return outcome

    return load_atomically


def recover() -> None:
    """Ends every job the last process left at work. Returns at once; what runs again does so in the background, under its own id."""
    for project_id, job_id in database.fetch("SELECT project_id, job_id FROM emulator.jobs WHERE state <> 'DONE'"):
        _finish(store.load(project_id, job_id))


def _finish(job: Job) -> None:
    load_config = job.configuration.load
    if load_config is not None and load_config.sourceUris:
        outcome = _committed(load_config.destinationTable.projectId, job.jobReference.jobId)
        if outcome is not None:
            store.save(runner._done(job, JobStatistics(load=outcome)))
            return
    elif not _may_run_twice(job.configuration):
        failure = BigQueryError("backendError", _INTERRUPTED)
        job_type = job.configuration.jobType.lower()
        store.save(runner._done(job, JobStatistics.model_validate({job_type: {}}), failure))
        return
    else:
        _forget_result(job)
    store.delete(job.jobReference.projectId, job.jobReference.jobId)
    runner.submit(job.jobReference.projectId, job.jobReference.jobId, job.configuration)


def _forget_result(job: Job) -> None:
    """Drops the hidden table of a query's rows: a query refuses to write where rows are."""
    hidden = tables.name(job.jobReference.projectId, tables.RESULTS, job.jobReference.jobId)
    database.execute(f"DROP TABLE IF EXISTS {hidden}")
    job.configuration.query.destinationTable = None


def _may_run_twice(configuration: JobConfiguration) -> bool:
    """Whether the job is one query that leaves the same behind however often it runs: a SELECT, or CREATE OR REPLACE."""
    if configuration.query is None:
        return False
    destination = configuration.query.destinationTable
    if destination is not None and destination.datasetId != tables.RESULTS:
        return False
    try:
        statements = parse(configuration.query.query or "")
    except BigQueryError:
        return False
    if len(statements) != 1:
        return False
    statement = statements[0]
    return isinstance(statement, exp.Query) or (
        isinstance(statement, exp.Create) and bool(statement.args.get("replace"))
    )


def _committed(project_id: str, job_id: str) -> JobStatistics3 | None:
    rows = database.fetch(
        f"SELECT commit_extra_info FROM {database.quote(project_id)}.snapshots() WHERE author = ? AND commit_message = ?",
        [_SNAPSHOT_AUTHOR, job_id],
    )
    return JobStatistics3.model_validate_json(rows[0][0]) if rows else None
