"""
Writes and reads features with Feast's own Python client, which asks the feature server instead of Redis.

    FEAST_SERVER_URL=http://127.0.0.1:6566 FEAST_REGISTRY=…/registry.db python read_features.py

Prints one JSON line: what was read.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from feast import FeatureStore

FEATURES = ["events_5m", "events_1h", "events_24h", "spend_5m", "spend_1h", "spend_24h"]


def main() -> int:
    store = FeatureStore(repo_path=str(Path(__file__).parent))
    row = {"customer_id": 106, "event_timestamp": datetime(2026, 1, 2, tzinfo=UTC)}
    values = {
        "events_5m": 1,
        "events_1h": 2,
        "events_24h": 2**53 + 1,
        "spend_5m": 0.5,
        "spend_1h": 1.25,
        "spend_24h": 2.0,
    }
    store.write_to_online_store("customer_activity", pd.DataFrame([row | values]))
    answer = store.get_online_features(
        features=[f"customer_activity:{name}" for name in FEATURES],
        entity_rows=[{"customer_id": 106}, {"customer_id": 107}],
    )
    print(json.dumps(answer.to_dict()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
