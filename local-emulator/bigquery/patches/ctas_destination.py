"""Shows the table that CREATE TABLE AS SELECT made as the job's destination, as BigQuery does: dbt-bigquery asks for it.

The job's result itself has no rows, so reading results must not follow that destination.
"""

from local_bigquery.api import jobs as api
from local_bigquery.jobs import runner
from local_bigquery.models import Job


def _created_table(job: Job):
    query = job.statistics and job.statistics.query
    if query and query.statementType == "CREATE_TABLE_AS_SELECT":
        return query.ddlTargetTable
    return None


def apply() -> None:
    upstream_get = runner.get

    def get(project_id: str, job_id: str) -> Job:
        job = upstream_get(project_id, job_id)
        if created := _created_table(job):
            job.configuration.query.destinationTable = created
        return job

    runner.get = get

    upstream_results = api.results

    def results(job: Job, max_results: int | None, start: int, int64_timestamps: bool):
        if _created_table(job):
            job.configuration.query.destinationTable = None
        return upstream_results(job, max_results, start, int64_timestamps)

    api.results = results
