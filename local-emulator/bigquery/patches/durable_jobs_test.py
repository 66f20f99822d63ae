"""What the local BigQuery promises of jobs, tested on the server itself, killed the hard way."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

LAUNCHER = pathlib.Path(__file__).parents[1] / "launcher.py"
PROJECT = "tributary-test"
READY_WITHIN_SECONDS = 60
DONE_WITHIN_SECONDS = 30


class Server:
    """One launcher process and its data directory, which outlives the process."""

    def __init__(self, data: pathlib.Path) -> None:
        self.data = data
        self._log = data.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._base = f"http://127.0.0.1:{port}/bigquery/v2/projects/{PROJECT}"
        minio = ["--minio-endpoint", "http://127.0.0.1:1"]
        command = [
            sys.executable,
            str(LAUNCHER),
            "--port",
            str(port),
            "--data",
            str(self.data),
            "--project",
            PROJECT,
            *minio,
        ]
        credentials = {"MINIO_ACCESS_KEY": "key", "MINIO_SECRET_KEY": "secret"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, env=os.environ | credentials, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                self.call("GET", "/datasets")
                return
            except urllib.error.URLError:
                assert self._process.poll() is None and time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.05)

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def call(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def load(self, job_id: str, uris: list[str]) -> int:
        table = {"projectId": PROJECT, "datasetId": "staging", "tableId": "orders"}
        load = {
            "sourceUris": uris,
            "sourceFormat": "PARQUET",
            "writeDisposition": "WRITE_APPEND",
            "destinationTable": table,
        }
        reference = {"projectId": PROJECT, "jobId": job_id, "location": "US"}
        return self.call("POST", "/jobs", {"jobReference": reference, "configuration": {"load": load}})[0]

    def done(self, job_id: str) -> dict:
        deadline = time.monotonic() + DONE_WITHIN_SECONDS
        while time.monotonic() < deadline:
            _, job = self.call("GET", f"/jobs/{job_id}")
            if job["status"]["state"] == "DONE":
                return job
            time.sleep(0.02)
        raise AssertionError(f"job {job_id} was not done within {DONE_WITHIN_SECONDS} s")

    def query(self, sql: str) -> list[list[str]]:
        status, answer = self.call("POST", "/queries", {"query": sql, "useLegacySql": False})
        assert status == 200, answer
        return [[cell["v"] for cell in row["f"]] for row in answer.get("rows", [])]

    def forget_end_of(self, job_id: str) -> None:
        """Puts a finished job back to RUNNING in the stopped server's books, as if it had been killed before it noted the end."""
        with duckdb.connect(str(self.data / "emulator.duckdb")) as books:
            books.execute(
                'UPDATE jobs SET state = \'RUNNING\', resource = json_merge_patch(resource, \'{"status": {"state": "RUNNING"}}\') WHERE job_id = ?',
                [job_id],
            )


@pytest.fixture
def server(tmp_path: pathlib.Path) -> Iterator[Server]:
    server = Server(tmp_path / "data")
    server.start()
    status, _ = server.call("POST", "/datasets", {"datasetReference": {"projectId": PROJECT, "datasetId": "staging"}})
    assert status == 200
    schema = {"fields": [{"name": "order_id", "type": "STRING"}, {"name": "country", "type": "STRING"}]}
    table = {"tableReference": {"projectId": PROJECT, "datasetId": "staging", "tableId": "orders"}, "schema": schema}
    assert server.call("POST", "/datasets/staging/tables", table)[0] == 200
    yield server
    server.kill()


@pytest.fixture
def parquet(tmp_path: pathlib.Path) -> list[str]:
    """Two objects below a dt= folder; the second lacks a column."""
    folder = tmp_path / "processed" / "orders" / "dt=2026-11-21"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"order_id": ["A", "B"], "country": ["Spain", "Italy"]}), folder / "part-1.parquet")
    pq.write_table(pa.table({"order_id": ["C"]}), folder / "part-2.parquet")
    return [f"file://{folder}/part-{n}.parquet" for n in (1, 2)]


ROWS = "SELECT order_id, country FROM staging.orders ORDER BY order_id"
LOADED = [["A", "Spain"], ["B", "Italy"], ["C", None]]


def test_a_job_id_is_refused_for_ever_and_its_rows_stay_once(server: Server, parquet: list[str]) -> None:
    assert server.load("load-1", parquet) == 200
    assert server.done("load-1")["statistics"]["load"]["outputRows"] == "3"
    assert server.load("load-1", parquet) == 409
    server.kill()
    server.start()
    assert server.load("load-1", parquet) == 409
    assert server.query(ROWS) == LOADED


def test_of_many_requests_with_one_job_id_one_loads(server: Server, parquet: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: server.load("load-1", parquet), range(8)))
    assert sorted(statuses) == [200] + [409] * 7
    server.done("load-1")
    assert server.query(ROWS) == LOADED


def test_a_load_killed_after_its_rows_were_in_is_not_loaded_again(server: Server, parquet: list[str]) -> None:
    server.load("load-1", parquet)
    server.done("load-1")
    server.kill()
    server.forget_end_of("load-1")
    server.start()
    job = server.done("load-1")
    assert "errorResult" not in job["status"]
    assert job["statistics"]["load"]["outputRows"] == "3"
    assert server.query(ROWS) == LOADED


def test_a_load_killed_before_its_rows_were_in_is_finished_by_the_next_start(
    server: Server, parquet: list[str]
) -> None:
    # The load of an object that is not there fails and leaves no rows, as one killed half-way does.
    server.load("load-1", [f"{uri}.later" for uri in parquet])
    assert "errorResult" in server.done("load-1")["status"]
    server.kill()
    for uri in parquet:
        path = pathlib.Path(uri.removeprefix("file://"))
        path.rename(f"{path}.later")
    server.forget_end_of("load-1")
    server.start()
    assert "errorResult" not in server.done("load-1")["status"]
    assert server.load("load-1", parquet) == 409
    assert server.query(ROWS) == LOADED


def test_a_query_killed_half_way_has_failed_and_may_be_tried_again(server: Server) -> None:
    query = {"query": "SELECT 1", "useLegacySql": False}
    reference = {"projectId": PROJECT, "jobId": "query-1", "location": "US"}
    server.call("POST", "/jobs", {"jobReference": reference, "configuration": {"query": query}})
    server.done("query-1")
    server.kill()
    server.forget_end_of("query-1")
    server.start()
    assert server.done("query-1")["status"]["errorResult"]["reason"] == "backendError"
    assert server.call("GET", "/queries/query-1")[0] == 503


def test_loads_and_queries_at_the_same_time_do_not_disturb_each_other(server: Server, parquet: list[str]) -> None:
    def build(_: int) -> int:
        table = "CREATE OR REPLACE TABLE staging.counted AS SELECT COUNT(*) AS n FROM staging.orders"
        return server.call("POST", "/queries", {"query": table, "useLegacySql": False})[0]

    with ThreadPoolExecutor(6) as pool:
        loads = pool.map(lambda n: server.load(f"load-{n}", parquet), range(12))
        queries = pool.map(lambda _: server.query(ROWS), range(12))
        builds = pool.map(build, range(12))
        assert list(loads) == [200] * 12
        # Each load is in or out as a whole.
        assert {len(rows) % len(LOADED) for rows in queries} == {0}
        assert list(builds) == [200] * 12
    assert all("errorResult" not in server.done(f"load-{n}")["status"] for n in range(12))
    assert len(server.query(ROWS)) == 12 * len(LOADED)
