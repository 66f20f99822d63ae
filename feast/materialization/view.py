"""Makes one view online equal to its mart."""

import time
from typing import Any

import numpy
import pyarrow.compute
from feast import FeatureStore, FeatureView
from google.cloud.bigquery import Client

from materialization.lease import lease
from materialization.mart import read_mart
from materialization.online_view import OnlineView
from materialization.settings import Settings


class OnlineMismatchError(Exception):
    """Online and offline differ after writing."""

    code = "ONLINE_MISMATCH"


def materialize(store: FeatureStore, client: Client, view: FeatureView, settings: Settings) -> dict[str, Any]:
    """
    Writes all rows of the view's mart, removes online rows of entities that are not in it, and compares the counts.

    Repeatable after a crash at any line: every step sets a state, none adds to one. Raises OnlineMismatchError.
    """
    started = time.monotonic()
    online = OnlineView(store, view)
    with lease(online.redis, view.name):
        result = _make_equal(
            online, client, view, settings, store.config.materialization_config.online_write_batch_size
        )
    return result | {"seconds": round(time.monotonic() - started, 3)}


def _make_equal(
    online: OnlineView, client: Client, view: FeatureView, settings: Settings, batch_rows: int
) -> dict[str, Any]:
    mart = read_mart(client, view, settings, batch_rows)
    written, spans = [], []
    for batch in mart.batches:
        if batch.num_rows:
            written.append(online.write(batch))
            spans.append(pyarrow.compute.min_max(batch.column(view.batch_source.timestamp_field)).as_py())
    rows = sum(len(digests) for digests in written)
    entities = numpy.unique(numpy.concatenate(written)) if written else numpy.empty(0, dtype=numpy.uint64)
    if len(entities) != rows:
        raise OnlineMismatchError(
            f"{view.batch_source.table} has {rows} rows for {len(entities)} entities, and a mart has one row an entity: "
            "mend its model's unique key."
        )
    count, removed = online.prune(entities)
    if count != rows:
        raise OnlineMismatchError(
            f"{view.name} has {count} entities online and {rows} in {view.batch_source.table}: something else removes keys "
            "from Redis, such as an eviction policy. Set maxmemory-policy to noeviction and materialize again."
        )
    return {
        "rows": rows,
        "online": count,
        "removed": removed,
        "from": min(span["min"] for span in spans).isoformat() if spans else None,
        "to": max(span["max"] for span in spans).isoformat() if spans else None,
        "bytes_billed": mart.bytes_billed,
    }
