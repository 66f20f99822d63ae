"""
A feature repository for the benchmark of the feature server: three views of 20 features of mixed types for 2,000 users, put online by Feast itself.

    python repository.py <folder> <redis host:port>
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from feast.protos.feast.types import Value_pb2 as v
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.types import Array, Bool, Float64, Int64, String, UnixTimestamp

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType

USERS = 2_000
VIEWS = ("a", "b", "c")


def schema(prefix: str) -> list[Field]:
    """Six integers, six floats, three texts, two booleans, a time and two lists."""
    return [
        *(Field(name=f"{prefix}_i{i}", dtype=Int64) for i in range(6)),
        *(Field(name=f"{prefix}_d{i}", dtype=Float64) for i in range(6)),
        *(Field(name=f"{prefix}_s{i}", dtype=String) for i in range(3)),
        *(Field(name=f"{prefix}_b{i}", dtype=Bool) for i in range(2)),
        Field(name=f"{prefix}_t0", dtype=UnixTimestamp),
        Field(name=f"{prefix}_ad", dtype=Array(Float64)),
        Field(name=f"{prefix}_ai", dtype=Array(Int64)),
    ]


def value(rng: random.Random, field: Field) -> v.Value:
    """A value of a field, as wide as such values are in practice."""
    match field.name.split("_")[1][:2]:
        case kind if kind[0] == "i":
            return v.Value(int64_val=rng.randint(-1000, 10_000_000))
        case kind if kind[0] == "d":
            return v.Value(double_val=rng.uniform(-100, 100))
        case kind if kind[0] == "s":
            return v.Value(string_val=rng.choice(["gold", "silver", "Zürich", "a longer text with some words in it"]))
        case kind if kind[0] == "b":
            return v.Value(bool_val=rng.random() < 0.5)
        case kind if kind[0] == "t":
            return v.Value(unix_timestamp_val=rng.randint(1_600_000_000, 1_800_000_000))
        case "ad":
            return v.Value(double_list_val=v.DoubleList(val=[rng.random() for _ in range(4)]))
    return v.Value(int64_list_val=v.Int64List(val=[rng.randint(0, 1000) for _ in range(4)]))


def main(folder: Path, redis: str) -> None:
    rng = random.Random(7)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feature_store.yaml").write_text(
        f"project: bench\nprovider: local\nregistry:\n  path: {folder}/registry.db\n  cache_ttl_seconds: 3600\n"
        f"offline_store:\n  type: dask\nonline_store:\n  type: redis\n  connection_string: {redis}\n"
        "entity_key_serialization_version: 3\n"
    )
    store = FeatureStore(repo_path=str(folder))
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.INT64)
    views = [
        FeatureView(
            name=f"user_{prefix}",
            entities=[user],
            schema=[Field(name="user_id", dtype=Int64), *schema(prefix)],
            ttl=timedelta(days=7),
            source=FileSource(name=f"source_{prefix}", path=f"{prefix}.parquet", timestamp_field="event_timestamp"),
        )
        for prefix in VIEWS
    ]
    names = [[field.name for field in schema(prefix)] for prefix in VIEWS]
    services = [
        FeatureService(name="f10", features=[views[0][names[0][0:5] + names[0][6:11]]]),
        FeatureService(name="f20", features=[views[0]]),
        FeatureService(name="f50", features=[views[0], views[1], views[2][names[2][:10]]]),
    ]
    store.apply([user, *views, *services])
    provider = store._get_provider()
    now = datetime.now(UTC)
    for view, prefix in zip(views, VIEWS):
        rows: list[Any] = []
        for user_id in range(USERS):
            key = EntityKey(join_keys=["user_id"], entity_values=[v.Value(int64_val=user_id)])
            rows.append((key, {field.name: value(rng, field) for field in schema(prefix)}, now, None))
        provider.online_write_batch(store.config, view, rows, None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
