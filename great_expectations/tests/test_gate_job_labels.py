"""Every BigQuery job says what it is for and how much it may cost at most, whoever of GX, SQLAlchemy and us asks for it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import sqlalchemy

from gates.settings import Settings
from gates.warehouse import _billed, _client


@pytest.fixture
def asked():
    """A BigQuery that keeps what it is asked for, and answers each query with one row."""
    requests: list[dict[str, Any]] = []

    class BigQuery(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = {
                "jobComplete": True,
                "jobReference": {"projectId": "tributary-test", "jobId": "job", "location": "US"},
                "schema": {"fields": [{"name": "n", "type": "INTEGER"}]},
                "rows": [{"f": [{"v": "1"}]}],
                "totalRows": "1",
            }
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), BigQuery)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", requests
    server.shutdown()
    server.server_close()


def test_queries_of_ours_and_of_sqlalchemy_are_capped_and_labelled(asked):
    endpoint, requests = asked
    settings = Settings.read(
        {
            "PROJECT_ID": "tributary-test",
            "BIGQUERY_ENDPOINT": endpoint,
            "MAX_BYTES_BILLED": "1234",
            "RUN_ID": "Run/1",
        }
    )
    client = _client(settings)
    list(client.query_and_wait("SELECT 1 AS n"))
    engine = sqlalchemy.create_engine(
        "bigquery://tributary-test?user_supplied_client=true", connect_args={"client": client}
    )
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1 AS n")).scalar() == 1
    assert len(requests) == 2
    for request in requests:
        # jobs.query has these at the top, jobs.insert in its configuration.
        job = request.get("configuration", {})
        told = request | job | job.get("query", {})
        assert told["maximumBytesBilled"] == "1234"
        assert told["labels"] == {"app": "tributary", "stage": "validate", "run_id": "run-1"}


@pytest.mark.parametrize(
    ("processed", "billed"),
    [(0, 0), (1, 10 * 2**20), (10 * 2**20, 10 * 2**20), (10 * 2**20 + 1, 11 * 2**20), (5 * 2**30, 5 * 2**30)],
)
def test_a_query_is_billed_in_whole_megabytes_ten_at_least(processed: int, billed: int):
    assert _billed(processed) == billed
