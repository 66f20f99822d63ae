"""Fetches the Parquet objects of a load job once, side by side, and lets DuckDB read the copies.

Upstream opens each object four times, one object after the other and with several requests each time: to see the columns, to count, to load and to measure.
A job of thousands of small objects, which BigQuery reads in seconds, took minutes.
"""

import contextlib
import contextvars
import datetime
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import duckdb
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import load
from local_bigquery.models import JobConfigurationLoad, JobStatistics3
from pyarrow import fs

if TYPE_CHECKING:
    from launcher import ObjectStore

# Requests at a time; the store is on this machine.
_FETCHES = 16
# A job that is larger is read from the store as it goes: copies would fill the disk, and its requests are few for what they bring.
_MOST_BYTES = 512 * 1024**2
_SCHEME = "gs://"

_copies: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("copies", default=None)


def apply(store: "ObjectStore", data_dir: pathlib.Path) -> None:
    """Before durable_jobs, which takes `load.run` as it finds it."""
    files = _files(store)
    folder = data_dir / "fetched"
    # What a kill left behind.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    upstream_run = load.run

    def run(cursor: duckdb.DuckDBPyConnection, config: JobConfigurationLoad, upload: str | None) -> JobStatistics3:
        uris = config.sourceUris or []
        of_the_lake = all(uri.startswith(_SCHEME) and "*" not in uri for uri in uris)
        if upload or config.sourceFormat != "PARQUET" or not of_the_lake:
            return upstream_run(cursor, config, upload)
        with _fetched(files, uris, folder) as copies:
            token = _copies.set(copies)
            try:
                return upstream_run(cursor, config, upload)
            finally:
                _copies.reset(token)

    load.run = run

    upstream_paths = load.paths

    def paths(cursor: duckdb.DuckDBPyConnection, uri: str) -> list[str]:
        copy = (_copies.get() or {}).get(uri)
        return [copy] if copy else upstream_paths(cursor, uri)

    load.paths = paths
    load._reading = _naming_objects(load._reading)


def _files(store: "ObjectStore") -> fs.FileSystem:
    # Neither repeats anything: whoever asked for the job repeats it, under a new id.
    if store.credentials is None:
        return fs.GcsFileSystem(
            anonymous=True,
            endpoint_override=store.host,
            scheme="https" if store.secure else "http",
            retry_time_limit=datetime.timedelta(seconds=1),
        )
    access_key, secret_key = store.credentials
    return fs.S3FileSystem(
        access_key=access_key,
        secret_key=secret_key,
        endpoint_override=store.host,
        scheme="https" if store.secure else "http",
        region="us-east-1",
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1),
        connect_timeout=5,
    )


@contextlib.contextmanager
def _fetched(files: fs.FileSystem, uris: list[str], folder: pathlib.Path) -> Iterator[dict[str, str]]:
    """Copies by URI; none where the job is too large to copy."""
    with tempfile.TemporaryDirectory(dir=folder) as own, ThreadPoolExecutor(_FETCHES) as pool:

        def fetch(number: int) -> int:
            copy = pathlib.Path(own) / f"{number}.parquet"
            size, content = _content(files, uris[number])
            copy.write_bytes(content)
            return size

        total = 0
        for start in range(0, len(uris), _FETCHES * 4):
            total += sum(pool.map(fetch, range(start, min(start + _FETCHES * 4, len(uris)))))
            if total > _MOST_BYTES:
                break
        copied = total <= _MOST_BYTES
        yield {uri: str(pathlib.Path(own) / f"{n}.parquet") for n, uri in enumerate(uris)} if copied else {}


def _content(files: fs.FileSystem, uri: str) -> tuple[int, bytes]:
    """Size and content; no content where the object alone is too large to copy."""
    try:
        with files.open_input_file(uri.removeprefix(_SCHEME)) as source:
            size = source.size()
            return size, b"" if size > _MOST_BYTES else source.read()
    except FileNotFoundError:
        raise BigQueryError("notFound", f"Not found: URI {uri}") from None
    except OSError as error:
        message = str(error).split("\n")[0]
        raise BigQueryError("backendError", f"The object store does not answer: {message}") from error


def _naming_objects(upstream):
    @contextlib.contextmanager
    def reading(locations: dict[str, str | None]) -> Iterator[None]:
        try:
            with upstream(locations):
                yield
        except BigQueryError as error:
            message = error.message
            for local, uri in locations.items():
                if uri and local in message:
                    message = message.replace(local, uri)
            raise BigQueryError(error.reason, message) from error

    return reading
