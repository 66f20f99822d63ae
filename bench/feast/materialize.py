"""
Feast's own materialization of customer_features, as the peer of feast/materialize.py: the same registry, mart, Redis and batch size, and nothing of ours between them.

Prints one JSON line: {rows, written, online, seconds, cpu_seconds, peak_rss_mb}.
"""

import contextlib
import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "feast"))

from materialization.settings import Settings, start_optimized

VIEW = "customer_features"
# The mart's rows are of 2011; Feast asks for a span.
FROM, TO = datetime(2011, 1, 1, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC)


def main() -> None:
    from feast.infra.offline_stores import bigquery as offline
    from google.cloud import bigquery
    from materialization.mart import bigquery_client
    from materialization.online_view import OnlineView
    from materialization.registry import apply_if_changed, open_store

    settings = Settings.read(os.environ)
    # Feast makes a client that knows Google's own address only; and the Storage API is not at the emulator's.
    offline._get_bigquery_client = lambda *_, **__: bigquery_client(settings)
    bigquery.Client._ensure_bqstorage_client = lambda *_, **__: None
    with contextlib.redirect_stdout(sys.stderr):
        apply_if_changed(settings)
        store = open_store(settings)
        online = OnlineView(store, store.get_feature_view(VIEW))
        online.redis.flushall()
        started = time.monotonic()
        open_store(settings).materialize(FROM, TO, feature_views=[VIEW])
        seconds = time.monotonic() - started
        rows = online.count()
    used = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "rows": rows,
        "written": rows,
        "online": rows,
        "seconds": round(seconds, 3),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_rss_mb": round(used.ru_maxrss / 1024, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    start_optimized()
    main()
