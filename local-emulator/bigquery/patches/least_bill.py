"""Bills each query the least that BigQuery does, so that whatever keeps account of costs has something to count.

On demand BigQuery bills at least 10 MB for each table that a query reads. How much more depends on columns and partitions that this engine does not know;
upstream reports 0. https://cloud.google.com/bigquery/pricing#on_demand_pricing
"""

from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import runner
from local_bigquery.models import Job, JobStatistics

LEAST_BYTES_PER_TABLE = 10 * 2**20

# Definitions read nothing.
_FREE = {"CREATE_VIEW", "CREATE_TABLE", "CREATE_SCHEMA", "DROP_TABLE", "DROP_VIEW", "ALTER_TABLE"}


def least_bytes(statement: str | None, tables: int) -> int:
    """What a query that succeeded is billed for, at least."""
    return 0 if statement in _FREE else tables * LEAST_BYTES_PER_TABLE


def apply() -> None:
    upstream = runner._done

    def done(job: Job, statistics: JobStatistics, error: BigQueryError | None = None) -> Job:
        if statistics.query and not error:
            read = statistics.query.referencedTables or []
            billed = str(least_bytes(statistics.query.statementType, len(read)))
            query = statistics.query.replace(totalBytesBilled=billed, totalBytesProcessed=billed)
            statistics = statistics.replace(query=query)
        return upstream(job, statistics, error)

    runner._done = done
