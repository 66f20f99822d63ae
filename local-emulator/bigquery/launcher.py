"""Serves the BigQuery REST and Storage APIs on 127.0.0.1 over DuckDB: local-bigquery 0.4.0 plus what this project needs of BigQuery.

    MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=… python launcher.py --port 9050 --data DIR --minio-endpoint http://127.0.0.1:9000
    python launcher.py --port 9050 --data DIR --gcs-endpoint http://127.0.0.1:4443

Ready when `GET /bigquery/v2/projects/<project>/datasets` answers 200. Everything is kept below DIR and survives a kill: tables are
DuckLake snapshots, jobs are rows of DIR/emulator.duckdb, and load jobs cut short are finished at the next start (patches/durable_jobs.py).
"""

import argparse
import ipaddress
import os
import pathlib
import sys
import urllib.parse
from dataclasses import dataclass

# DuckDB looks for extensions on the internet; these come from PyPI wheels and make the emulator work offline.
DUCKDB_EXTENSIONS = ("icu", "ducklake", "httpfs")

# More than the laptop has left over for one of a dozen components would not make its small queries faster.
MAX_DEFAULT_THREADS = 4


@dataclass(frozen=True)
class ObjectStore:
    """Where gs:// objects really are: a server that holds buckets of the same names."""

    host: str
    secure: bool
    # Of MinIO; a stand-in of Cloud Storage asks for none.
    credentials: tuple[str, str] | None


@dataclass(frozen=True)
class Options:
    """What the command line and the environment asked for, checked."""

    port: int
    grpc_port: int | None
    data_dir: pathlib.Path
    project: str
    object_store: ObjectStore
    memory_limit: str
    threads: int


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="launcher.py", description="BigQuery on this machine, for Tributary.")
    parser.add_argument("--port", type=int, required=True, help="REST port on 127.0.0.1")
    parser.add_argument("--grpc-port", type=int, help="Storage API port on 127.0.0.1; not served when absent")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="directory that keeps all tables and jobs")
    store = parser.add_mutually_exclusive_group(required=True)
    store.add_argument("--minio-endpoint", help="MinIO that gs:// URIs are read from, e.g. http://127.0.0.1:9000")
    store.add_argument(
        "--gcs-endpoint", help="stand-in of Cloud Storage that gs:// URIs are read from, e.g. http://127.0.0.1:4443"
    )
    parser.add_argument(
        "--project", default=os.environ.get("PROJECT_ID", "tributary-local"), help="project that exists from the start"
    )
    parser.add_argument(
        "--memory-limit", default="1GB", help="DuckDB's limit; beyond it queries spill to the data directory"
    )
    parser.add_argument(
        "--threads", type=int, default=min(os.cpu_count() or 2, MAX_DEFAULT_THREADS), help="DuckDB's worker threads"
    )
    return parser.parse_args(argv)


def _object_store(args: argparse.Namespace) -> ObjectStore:
    endpoint = args.gcs_endpoint or args.minio_endpoint
    parts = urllib.parse.urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        sys.exit(f"The object store's endpoint is {endpoint!r}; it must be a URL such as http://127.0.0.1:9000")
    if args.gcs_endpoint:
        return ObjectStore(parts.netloc, parts.scheme == "https", None)
    missing = [name for name in ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY") if not os.environ.get(name)]
    if missing:
        sys.exit(
            f"{' and '.join(missing)} must be set: the credentials of the MinIO that holds the lake, e.g. minioadmin"
        )
    return ObjectStore(
        parts.netloc, parts.scheme == "https", (os.environ["MINIO_ACCESS_KEY"], os.environ["MINIO_SECRET_KEY"])
    )


def _options(argv: list[str]) -> Options:
    args = _arguments(argv)
    return Options(
        port=args.port,
        grpc_port=args.grpc_port,
        # DuckLake records the directory in its catalogue, so it must not depend on where we were started.
        data_dir=args.data.resolve(),
        project=args.project,
        object_store=_object_store(args),
        memory_limit=args.memory_limit,
        threads=args.threads,
    )


def serve(options: Options) -> None:
    """Serves until SIGTERM or SIGINT. The first connection is made before the port opens, so a port that answers is a warehouse that works."""
    import duckdb_extensions

    for extension in DUCKDB_EXTENSIONS:
        duckdb_extensions.import_extension(extension)

    from local_bigquery.settings import settings

    settings.bigquery_host = LOOPBACK
    settings.data_dir = options.data_dir
    settings.default_project_id = options.project
    # Upstream creates this dataset at every start; a name of its own keeps it apart from ours.
    settings.default_dataset_id = "local_bigquery"

    import patches

    patches.apply(options)

    import uvicorn
    from local_bigquery.engine import database
    from local_bigquery.grpc import server

    database.connection()
    patches.durable_jobs.recover()
    storage_api = server.start(LOOPBACK, options.grpc_port)[0] if options.grpc_port else None
    try:
        uvicorn.run("local_bigquery:app", host=LOOPBACK, port=options.port, log_level="warning", access_log=False)
    finally:
        if storage_api:
            storage_api.stop(None)
        database.connection().close()


LOOPBACK = str(ipaddress.IPv4Address("127.0.0.1"))

if __name__ == "__main__":
    serve(_options(sys.argv[1:]))
