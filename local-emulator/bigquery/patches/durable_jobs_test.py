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

    def restart(self, forgetting_the_end_of: str | None = None) -> None:
        """Kills the server and starts it again. A job's end is forgotten as if the kill had come before it was noted."""
        self.kill()
        if forgetting_the_end_of:
            running = '{"status": {"state": "RUNNING"}}'
            with duckdb.connect(str(self.data / "emulator.duckdb")) as books:
                books.execute(
                    "UPDATE jobs SET state = 'RUNNING', resource = json_merge_patch(resource, ?) WHERE job_id = ?",
                    [running, forgetting_the_end_of],
                )
        self.start()

    def call(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def load(self, job_id: str, table_id: str, uris: list[str]) -> int:
        table = {"projectId": PROJECT, "datasetId": "staging", "tableId": table_id}
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("bigquery") / "data")
    server.start()
    status, _ = server.call("POST", "/datasets", {"datasetReference": {"projectId": PROJECT, "datasetId": "staging"}})
    assert status == 200
    yield server
    server.kill()


@pytest.fixture
def table(server: Server, request: pytest.FixtureRequest) -> str:
    """A table for one test, named after it."""
    name = request.node.name
    schema = {"fields": [{"name": "order_id", "type": "STRING"}, {"name": "country", "type": "STRING"}]}
    reference = {"projectId": PROJECT, "datasetId": "staging", "tableId": name}
    assert server.call("POST", "/datasets/staging/tables", {"tableReference": reference, "schema": schema})[0] == 200
    return name


@pytest.fixture
def parquet(tmp_path: pathlib.Path) -> list[str]:
    """Two objects below a dt= folder; the second lacks a column."""
    folder = tmp_path / "processed" / "orders" / "dt=2026-11-21"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"order_id": ["A", "B"], "country": ["Spain", "Italy"]}), folder / "part-1.parquet")
    pq.write_table(pa.table({"order_id": ["C"]}), folder / "part-2.parquet")
    return [f"file://{folder}/part-{n}.parquet" for n in (1, 2)]


LOADED = [["A", "Spain"], ["B", "Italy"], ["C", None]]


def rows(server: Server, table: str) -> list[list[str]]:
    return server.query(f"SELECT order_id, country FROM staging.{table} ORDER BY order_id")


def test_a_job_id_is_refused_for_ever_and_its_rows_stay_once(server: Server, table: str, parquet: list[str]) -> None:
    assert server.load("load-1", table, parquet) == 200
    assert server.done("load-1")["statistics"]["load"]["outputRows"] == "3"
    assert server.load("load-1", table, parquet) == 409
    server.restart()
    assert server.load("load-1", table, parquet) == 409
    assert rows(server, table) == LOADED


def test_of_many_requests_with_one_job_id_one_loads(server: Server, table: str, parquet: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: server.load("load-2", table, parquet), range(8)))
    assert sorted(statuses) == [200] + [409] * 7
    server.done("load-2")
    assert rows(server, table) == LOADED


def test_a_load_killed_after_its_rows_were_in_is_not_loaded_again(
    server: Server, table: str, parquet: list[str]
) -> None:
    server.load("load-3", table, parquet)
    server.done("load-3")
    server.restart(forgetting_the_end_of="load-3")
    job = server.done("load-3")
    assert "errorResult" not in job["status"]
    assert job["statistics"]["load"]["outputRows"] == "3"
    assert rows(server, table) == LOADED


def test_a_load_killed_before_its_rows_were_in_is_finished_by_the_next_start(
    server: Server, table: str, parquet: list[str]
) -> None:
    # The load of objects that are not there fails and leaves no rows, as one killed half-way does.
    late = [f"{uri}.late" for uri in parquet]
    server.load("load-4", table, late)
    assert "errorResult" in server.done("load-4")["status"]
    for uri in parquet:
        path = pathlib.Path(uri.removeprefix("file://"))
        path.rename(f"{path}.late")
    server.restart(forgetting_the_end_of="load-4")
    assert "errorResult" not in server.done("load-4")["status"]
    assert server.load("load-4", table, late) == 409
    assert rows(server, table) == LOADED


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE OR REPLACE TABLE staging.rebuilt AS SELECT 1 AS n", None),
        ("SELECT 1", None),
        ("INSERT INTO staging.rebuilt (n) VALUES (2)", "backendError"),
    ],
)
def test_a_query_killed_half_way_runs_again_unless_it_could_count_twice(
    server: Server, sql: str, reason: str | None
) -> None:
    job_id = f"query-{sql.split()[0]}"
    reference = {"projectId": PROJECT, "jobId": job_id, "location": "US"}
    query = {"query": sql, "useLegacySql": False}
    server.call("POST", "/jobs", {"jobReference": reference, "configuration": {"query": query}})
    assert "errorResult" not in server.done(job_id)["status"]
    server.restart(forgetting_the_end_of=job_id)
    assert server.done(job_id)["status"].get("errorResult", {}).get("reason") == reason
    assert server.call("GET", f"/queries/{job_id}")[0] == (503 if reason else 200)


def test_writers_and_readers_of_one_table_do_not_disturb_each_other(
    server: Server, table: str, parquet: list[str]
) -> None:
    def query(sql: str) -> int:
        return server.call("POST", "/queries", {"query": sql, "useLegacySql": False})[0]

    rebuild = f"CREATE OR REPLACE TABLE staging.counted AS SELECT COUNT(*) AS n FROM staging.{table}"
    delete = f"DELETE FROM staging.{table} WHERE order_id = 'A'"
    with ThreadPoolExecutor(8) as pool:
        loads = pool.map(lambda n: server.load(f"load-5-{n}", table, parquet), range(8))
        reads = pool.map(lambda _: rows(server, table), range(8))
        rebuilds = pool.map(lambda _: query(rebuild), range(8))
        deletes = pool.map(lambda _: query(delete), range(8))
        assert [list(loads), list(rebuilds), list(deletes)] == [[200] * 8] * 3
        for found in reads:
            # A load is in as a whole or not at all: it brings as many of B as of C.
            assert [row[0] for row in found].count("B") == [row[0] for row in found].count("C")
    assert all("errorResult" not in server.done(f"load-5-{n}")["status"] for n in range(8))
    assert [row[0] for row in rows(server, table)].count("B") == 8


def test_without_credentials_of_the_lake_the_launcher_says_which_are_missing() -> None:
    command = [
        sys.executable,
        str(LAUNCHER),
        "--port",
        "1",
        "--data",
        "unused",
        "--minio-endpoint",
        "http://127.0.0.1:1",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MINIO_")}
    result = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1
    assert "MINIO_ACCESS_KEY and MINIO_SECRET_KEY must be set" in result.stderr
