"""A whole run: definitions, then view after view."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from feast import FeatureStore
from feast.errors import FeatureViewNotFoundException
from google.api_core.exceptions import RetryError, ServerError
from google.cloud.bigquery import Client
from redis.exceptions import ConnectionError as RedisUnreachable
from redis.exceptions import TimeoutError as RedisTimeout

from materialization.mart import bigquery_client
from materialization.registry import apply_if_changed, open_store
from materialization.settings import Settings
from materialization.view import materialize

# Delays before a view is tried again because Redis or BigQuery did not answer, in seconds: either may be restarting.
RETRY_DELAYS_SECONDS = (1, 2, 4, 8, 15)
UNAVAILABLE = (RedisUnreachable, RedisTimeout, ServerError, RetryError, OSError)


class UnknownViewError(Exception):
    """A view is not in the registry."""

    code = "VIEW_UNKNOWN"


def run(views: Sequence[str], settings: Settings) -> dict[str, Any]:
    """Applies changed definitions, then materializes each view; a view that fails leaves the others alone and has {error}."""
    applied = apply_if_changed(settings)
    store = open_store(settings)
    client = bigquery_client(settings)
    results = {name: _one(store, client, name, settings) for name in views}
    return {
        "applied": applied,
        "bytes_billed": sum(result.get("bytes_billed", 0) for result in results.values()),
        "views": results,
    }


def _one(store: FeatureStore, client: Client, name: str, settings: Settings) -> dict[str, Any]:
    try:
        view = store.get_feature_view(name)
    except FeatureViewNotFoundException:
        return failure(
            UnknownViewError(f"{name} is not a feature view; features/generated/features.json declares which are.")
        )
    if view.stream_source is not None:
        return {"skipped": f"{name} is pushed: its rows come over the bus to {view.stream_source.name}."}
    for delay in (*RETRY_DELAYS_SECONDS, None):
        try:
            return materialize(store, client, view, settings)
        except UNAVAILABLE as error:
            if delay is None:
                return {"error": {"code": "UNAVAILABLE", "message": f"Redis or BigQuery did not answer: {error}"}}
            print(f"{name}: {error}; trying again in {delay} s", file=sys.stderr)
            time.sleep(delay)
        # One view's fault must not keep the others back.
        except Exception as error:  # noqa: BLE001
            return failure(error)
    raise RuntimeError("the last delay is None, so the loop returns")


def failure(error: Exception) -> dict[str, Any]:
    """{error: {code, message, counts?}}. Of an error that is none of ours only the class is told: its text may quote a row."""
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return {
            "error": {"code": type(error).__name__, "message": "It failed unexpectedly; the job's own log says why."}
        }
    counts = getattr(error, "counts", None)
    return {"error": {"code": code, "message": str(error)} | ({"counts": counts} if counts else {})}
