"""Every BigQuery job says what it is for and how much it may cost at most."""

from types import SimpleNamespace
from typing import Any

from materialization.mart import read_mart
from materialization.settings import Settings


class _Client:
    """Keeps the configuration of the job that it is asked for."""

    config: Any

    def query(self, _sql: str, job_config: Any, **_options: Any) -> Any:
        self.config = job_config
        return SimpleNamespace(result=lambda **_: iter(()), total_bytes_billed=7)


def test_the_query_of_a_mart_is_capped_and_labelled() -> None:
    settings = Settings.read(
        {
            "PROJECT_ID": "tributary-test",
            "MAX_BYTES_BILLED": "1234",
            "REDIS_ADDRESS": "127.0.0.1:1",
            "FEAST_REGISTRY": "registry.db",
            "RUN_ID": "Run/1",
        }
    )
    source = SimpleNamespace(table="marts.customer_features", timestamp_field="event_timestamp")
    view = SimpleNamespace(name="Customer_Features", batch_source=source, join_keys=["customer_id"], features=[])
    client = _Client()
    rows = read_mart(client, view, settings, batch_rows=10)
    assert client.config.maximum_bytes_billed == 1234
    assert client.config.labels == {
        "app": "tributary",
        "stage": "materialize",
        "run_id": "run-1",
        "view": "customer_features",
    }
    assert rows.bytes_billed == 7
