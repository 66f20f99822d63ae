"""Makes one view online equal to its mart."""

import time
from collections.abc import Sequence
from typing import Any

import numpy
import pyarrow.compute
from feast import FeatureStore, FeatureView
from google.cloud.bigquery import Client

from materialization.lease import lease
from materialization.mart import mart_state, read_mart
from materialization.online_view import OnlineView
from materialization.settings import Settings


class CountDiffersError(Exception):
    """Online and offline differ after writing."""

    code = "MATERIALIZE_COUNT_DIFFERS"

    def __init__(self, message: str, offline: int, online: int) -> None:
        super().__init__(message)
        self.counts = {"offline": offline, "online": online}


def materialize(store: FeatureStore, client: Client, view: FeatureView, settings: Settings) -> dict[str, Any]:
    """
    Writes the rows of the view's mart that changed, removes online rows of entities that are not in it, and compares the counts.

    Which rows changed is told by what is online, not by time: a late or deleted row changes values without moving event_timestamp. A mart that is the
    table it was when it was last online whole is not read again; its count is compared all the same.

    Repeatable after a crash at any line: every step sets a state, none adds to one. Raises CountDiffersError.
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
    state = mart_state(client, view, settings)
    if (known := online.whole_since(state)) is not None:
        count = online.count()
        if count == known:
            return _result(rows=count, online=count)
    online.forget_state()
    mart = read_mart(client, view, settings, batch_rows)
    entities_of, changed, spans = [], 0, []
    for batch in mart.batches:
        if batch.num_rows:
            written = online.write(batch)
            entities_of.append(written.entities)
            changed += written.features
            spans.append(pyarrow.compute.min_max(batch.column(view.batch_source.timestamp_field)).as_py())
    rows = sum(len(digests) for digests in entities_of)
    entities = numpy.unique(numpy.concatenate(entities_of)) if entities_of else numpy.empty(0, dtype=numpy.uint64)
    if len(entities) != rows:
        raise CountDiffersError(
            f"{view.batch_source.table} has {rows} rows for {len(entities)} entities, and a mart has one row an entity: "
            "mend its model's unique key.",
            offline=rows,
            online=len(entities),
        )
    count, removed = online.prune(entities)
    if count != rows:
        raise CountDiffersError(
            f"{view.name} has {count} entities online and {rows} in {view.batch_source.table}: something else removes keys "
            "from Redis, such as an eviction policy. Set maxmemory-policy to noeviction and materialize again.",
            offline=rows,
            online=count,
        )
    online.remember_state(state, rows)
    return _result(
        rows=rows,
        written=changed,
        online=count,
        removed=removed,
        spans=spans,
        bytes_billed=mart.bytes_billed,
    )


def _result(
    *, rows: int, online: int, written: int = 0, removed: int = 0, spans: Sequence[dict] = (), bytes_billed: int = 0
) -> dict[str, Any]:
    return {
        "rows": rows,
        "written": written,
        "online": online,
        "removed": removed,
        "from": min(span["min"] for span in spans).isoformat() if spans else None,
        "to": max(span["max"] for span in spans).isoformat() if spans else None,
        "bytes_billed": bytes_billed,
    }
