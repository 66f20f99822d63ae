"""Where local-bigquery 0.4.0 differs from BigQuery in a way that matters here, one module per difference.

Each module has `apply`, called before the first connection. Upstream has no extension points, so they replace module attributes;
the version is pinned in pyproject.toml, and `apply` refuses another one rather than patch what it was not written for.
"""

import importlib.metadata
import sys
from typing import TYPE_CHECKING

from patches import (
    ctas_destination,
    durable_jobs,
    engine_settings,
    fetched_objects,
    least_bill,
    merge_filters,
    no_geography,
    object_store,
    one_writer,
    parquet_loads,
    unreachable_store,
)

if TYPE_CHECKING:
    from launcher import Options

WRITTEN_FOR = "0.4.0"


def apply(options: "Options") -> None:
    """Applies every patch."""
    installed = importlib.metadata.version("local-bigquery")
    if installed != WRITTEN_FOR:
        sys.exit(f"local-bigquery {installed} is installed, the patches are for {WRITTEN_FOR}: run `uv sync --frozen`")
    no_geography.apply()
    engine_settings.apply(options.memory_limit, options.threads)
    object_store.apply(options.object_store)
    parquet_loads.apply()
    unreachable_store.apply()
    fetched_objects.apply(options.object_store, options.data_dir)
    one_writer.apply()
    ctas_destination.apply()
    least_bill.apply()
    merge_filters.apply()
    durable_jobs.apply()
