"""
Serves features over HTTP: Feast's own server, after bringing its registry to the definitions.

    PORT=6566 REDIS_ADDRESS=127.0.0.1:6379 FEAST_REGISTRY=… PROJECT_ID=… python serve.py

`GET /health` answers 200 once it serves. Needs neither BigQuery nor the marts.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2] / "feast"
sys.path.insert(0, str(REPO))

from materialization.settings import ConfigurationError, Settings, start_optimized

# How soon definitions that another process applied are served, in seconds. Refreshing reads one small file.
REGISTRY_REFRESH_SECONDS = 5

# Requests at work that may finish after a stop is asked for, in seconds.
DRAIN_SECONDS = 5


class JsonLines(logging.Formatter):
    """
    One JSON object a line, as Cloud Logging reads it. An exception is its type and message: Feast logs the traceback of every refused request
    three times, and the next to come is a client that repeats a mistake a thousand times a second.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage().partition("\nTraceback")[0].partition("Traceback")[0].strip()
        error = record.exc_info[1] if record.exc_info else None
        line = {
            "severity": record.levelname,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "component": "feast-server",
            "logger": record.name,
            "message": message or "request failed",
        }
        return json.dumps(line | ({"error": f"{type(error).__name__}: {error}"} if error else {}))


def _log_as_json() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # Says what uvicorn says a moment later, with the same exception.
    logging.getLogger("fastapi").setLevel(logging.CRITICAL)
    # Tells of every refresh, every few seconds.
    logging.getLogger("feast.infra.registry").setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _serve(settings: Settings) -> None:
    import uvicorn
    from feast import feature_server
    from feast.permissions.server import utils as auth

    from materialization.registry import apply_if_changed, open_store

    applied = apply_if_changed(settings)
    _log_as_json()
    logging.getLogger(__name__).info("definitions %s", "applied" if applied else "are as registered")
    store = open_store(settings)
    # `feast serve` starts a gunicorn master that restarts its worker each thousand requests, which stalls the ones at work for a second, and puts a
    # socket into the home folder. One process of the same application serves the same; who watches it restarts it.
    # One process also because pushes of one entity must not overtake each other: the store compares timestamps before it writes, not while.
    auth_type = auth.str_to_auth_manager_type(store.config.auth_config.type)
    auth.init_security_manager(auth_type=auth_type, fs=store)
    auth.init_auth_manager(auth_type=auth_type, server_type=auth.ServerType.REST, auth_config=store.config.auth_config)
    uvicorn.run(
        feature_server.get_app(store, REGISTRY_REFRESH_SECONDS),
        host=os.environ.get("HOST") or "127.0.0.1",
        port=int(os.environ.get("PORT") or 6566),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def main() -> None:
    try:
        _serve(Settings.read(os.environ))
    except ConfigurationError as error:
        sys.exit(f"{error.code}: {error}")


if __name__ == "__main__":
    start_optimized()
    main()
