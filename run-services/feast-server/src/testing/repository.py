"""
Makes a feature repository at random, and fills its online store with Feast's own code: what the equality test compares the server on.

    python repository.py <folder> <redis host:port> <seed>

In the folder afterwards: feature_store.yaml, registry.db, parquet files to materialize from, and repository.json, which says what there is to ask for.
Every value is drawn from the seed, so a failure can be made again.
"""

import json
import random
import string
import struct
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, PushSource, ValueType
from feast.protos.feast.types import Value_pb2 as v
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.types import (
    Array,
    Bool,
    Bytes,
    Decimal,
    Float32,
    Float64,
    Int32,
    Int64,
    Json,
    Map,
    Set,
    String,
    TimeUuid,
    UnixTimestamp,
    Uuid,
    ZonedTimestamp,
)

PROJECT = "oracle_é"

SCALARS: dict[str, tuple[Any, str]] = {
    "INT64": (Int64, "int64_val"),
    "INT32": (Int32, "int32_val"),
    "FLOAT64": (Float64, "double_val"),
    "FLOAT32": (Float32, "float_val"),
    "STRING": (String, "string_val"),
    "BYTES": (Bytes, "bytes_val"),
    "BOOL": (Bool, "bool_val"),
    "UNIX_TIMESTAMP": (UnixTimestamp, "unix_timestamp_val"),
    "JSON": (Json, "json_val"),
    "UUID": (Uuid, "uuid_val"),
    "TIME_UUID": (TimeUuid, "time_uuid_val"),
    "DECIMAL": (Decimal, "decimal_val"),
}
LISTS: dict[str, tuple[Any, str, str]] = {
    name: (dtype, field.replace("_val", "_list_val"), field) for name, (dtype, field) in SCALARS.items()
}
SETS = {
    name: (dtype, field.replace("_val", "_set_val"), field)
    for name, (dtype, field) in SCALARS.items()
    if name not in ("JSON", "UNIX_TIMESTAMP")
}

FLOATS = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e-5,
    1e-4,
    123456789.125,
    1e15,
    1e16,
    1e17,
    1.7976931348623157e308,
    5e-324,
    1e22,
    1e21,
]
STRINGS = ["", "a", "über", "日本語", "🙂", 'q"uote\\', "line\nfeed\ttab\x00\x1f\x7f", "\u2028</script>", "x" * 300]
INTS = [0, 1, -1, 7, 127, 128, -128, 2**31 - 1, -(2**31), 2**53 - 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]


def scalar(rng: random.Random, field: str) -> Any:
    """A value as the protobuf field takes it; boundaries more often than not."""
    match field:
        case "int64_val" | "unix_timestamp_val":
            return rng.choice([*INTS, rng.randint(-(2**63), 2**63 - 1), rng.randint(0, 2_000_000_000)])
        case "int32_val":
            return rng.choice([0, 1, -1, 2**31 - 1, -(2**31), rng.randint(-(2**31), 2**31 - 1)])
        case "double_val":
            special = [float("nan"), float("inf"), float("-inf")]
            drawn = struct.unpack("<d", rng.randbytes(8))[0]
            return rng.choice([*FLOATS, *special, rng.random(), rng.uniform(-1e6, 1e6), round(rng.random(), 2), drawn])
        case "float_val":
            return rng.choice([0.1, 1.0, -0.0, float("nan"), float("inf"), rng.random(), 3.4028234663852886e38, 1e-45])
        case "bool_val":
            return rng.random() < 0.5
        case "bytes_val":
            return rng.randbytes(rng.choice([0, 1, 2, 3, 40]))
        case "json_val":
            return json.dumps({"a": [1, None, rng.choice(STRINGS)]})
        case "uuid_val" | "time_uuid_val":
            return str(uuid.UUID(bytes=rng.randbytes(16)))
        case "decimal_val":
            return str(rng.randint(-(10**12), 10**12) / 100)
    return rng.choice([*STRINGS, "".join(rng.choices(string.printable, k=rng.randint(1, 12)))])


def value(rng: random.Random, kind: str) -> v.Value:
    """A value of a feature type, now and then none at all."""
    if rng.random() < 0.06:
        return rng.choice([v.Value(), v.Value(null_val=v.NULL)])
    shape, _, name = kind.partition(":")
    if shape == "scalar":
        field = SCALARS[name][1]
        return v.Value(**{field: scalar(rng, field)})
    if shape in ("list", "set"):
        _, field, item = (LISTS if shape == "list" else SETS)[name]
        result = v.Value()
        target = getattr(result, field)
        target.SetInParent()
        target.val.extend(scalar(rng, item) for _ in range(rng.choice([0, 1, 2, 5])))
        return result
    if shape == "zoned":
        zones = ["", "UTC", "UTC-07:00", "+05:30"]
        return v.Value(
            zoned_timestamp_val=v.ZonedTimestamp(unix_timestamp=rng.randint(0, 4_000_000_000), zone=rng.choice(zones))
        )
    if shape == "nested":
        rows = [value(rng, f"list:{rng.choice(['INT64', 'FLOAT64', 'STRING'])}") for _ in range(rng.randint(0, 3))]
        return v.Value(list_val=v.RepeatedValue(val=rows))
    items = [any_map(rng, 0) for _ in range(rng.randint(0, 3))]
    return v.Value(map_val=any_map(rng, 0)) if shape == "map" else v.Value(map_list_val=v.MapList(val=items))


def any_map(rng: random.Random, depth: int) -> v.Map:
    """A map of scalars and lists, and of maps within it."""
    result = v.Map()
    for key in rng.sample(["a", "b", "ключ", "with space", ""], rng.randint(0, 4)):
        if depth < 2 and rng.random() < 0.3:
            result.val[key].map_val.CopyFrom(any_map(rng, depth + 1))
        else:
            result.val[key].CopyFrom(value(rng, rng.choice([f"scalar:{rng.choice(list(SCALARS))}", "list:INT64"])))
    return result


def feast_type(kind: str) -> Any:
    """The type of a schema's field."""
    shape, _, name = kind.partition(":")
    match shape:
        case "scalar":
            return SCALARS[name][0]
        case "list":
            return Array(LISTS[name][0])
        case "set":
            return Set(SETS[name][0])
        case "map":
            return Map
        case "zoned":
            return ZonedTimestamp
        case "nested":
            return Array(Array(Int64))
    return Array(Map)


KINDS = [
    *(f"scalar:{name}" for name in SCALARS),
    *(f"list:{name}" for name in LISTS),
    *(f"set:{name}" for name in SETS),
    "map:",
    "maplist:",
    "zoned:",
    "nested:",
]
#: What a push's JSON can carry without a loss that Feast itself makes.
PUSHABLE = [
    "scalar:INT64",
    "scalar:INT32",
    "scalar:FLOAT64",
    "scalar:FLOAT32",
    "scalar:STRING",
    "scalar:BOOL",
    "list:INT64",
    "list:FLOAT64",
    "list:STRING",
]

ENTITIES = {
    "user": ("user_id", ValueType.INT64, Int64),
    "item": ("item_id", ValueType.STRING, String),
    "shard": ("shard", ValueType.INT32, Int32),
    "moment": ("at", ValueType.UNIX_TIMESTAMP, UnixTimestamp),
    "blob": ("blob", ValueType.BYTES, Bytes),
}
KEYS: dict[str, list[Any]] = {
    "user_id": [1, 2, 3, 0, -7, 2**53 + 1, 2**63 - 1, -(2**63)],
    "item_id": ["a", "", "über", "🙂 x", "12", 'q"'],
    "shard": [0, 1, -1, 2**31 - 1],
    "at": [0, 1_700_000_000, 4_102_444_800],
    "blob": [b"", b"\x00\xff", b"abc"],
}
KEY_FIELDS = {
    "user_id": "int64_val",
    "item_id": "string_val",
    "shard": "int32_val",
    "at": "unix_timestamp_val",
    "blob": "bytes_val",
}


def build(folder: Path, rng: random.Random) -> dict[str, Any]:
    """Entities, views and services, and what describes them."""
    entities = {
        name: Entity(name=name, join_keys=[key], value_type=value_type)
        for name, (key, value_type, _) in ENTITIES.items()
    }
    key_fields = {name: Field(name=key, dtype=dtype) for name, (key, _, dtype) in ENTITIES.items()}
    choices = [["user"], ["item"], ["shard"], ["moment"], ["user", "item"], ["item", "user", "shard"], ["blob"], []]
    views: dict[str, FeatureView] = {}
    described: dict[str, Any] = {}
    pushes: dict[str, str] = {}

    def add(
        name: str, of: list[str], features: dict[str, str], push: bool = False, mapping: dict[str, str] | None = None
    ) -> None:
        source: Any = FileSource(
            name=f"{name}_source",
            path=str(folder / f"{name}.parquet"),
            timestamp_field="event_timestamp",
            field_mapping=mapping or {},
        )
        if push:
            pushes[f"{name}_push"] = name
            source = PushSource(name=f"{name}_push", batch_source=source)
        views[name] = FeatureView(
            name=name,
            entities=[entities[it] for it in of],
            schema=[*(key_fields[it] for it in of), *(Field(name=f, dtype=feast_type(k)) for f, k in features.items())],
            ttl=timedelta(seconds=rng.choice([0, 60, 86_400])),
            source=source,
        )
        described[name] = {
            "keys": [ENTITIES[it][0] for it in of],
            "features": features,
            "push": f"{name}_push" if push else None,
        }

    for index in range(10):
        kinds = rng.sample(KINDS, rng.randint(1, 12))
        # Every third view shares its features' names with others, so that names collide.
        prefix = "f" if index % 3 == 0 else f"v{index}_f"
        of = choices[index % len(choices)] if index < len(choices) else rng.choice(choices)
        add(f"view_{index}", of, {f"{prefix}{i}": kind for i, kind in enumerate(kinds)})
    add("вид", ["user"], {"признак": "scalar:FLOAT64", "user_id_copy": "scalar:INT64"})
    add("pushed", ["user"], {f"p{i}": kind for i, kind in enumerate(PUSHABLE)}, push=True)
    add("pushed_pair", ["user", "item"], {f"pp{i}": kind for i, kind in enumerate(rng.sample(PUSHABLE, 4))}, push=True)
    add("loaded", ["user"], {"l_int": "scalar:INT64", "l_float": "scalar:FLOAT64", "l_text": "scalar:STRING"})

    names = list(views)
    services = [FeatureService(name=f"one_{name}", features=[views[name]]) for name in names]
    services.append(FeatureService(name="pair", features=[views["вид"], views["loaded"]]))
    services.append(
        FeatureService(
            name="renamed",
            features=[views["вид"].with_name("alias").with_join_key_map({"user_id": "other_user"}), views["loaded"]],
        )
    )
    services.append(FeatureService(name="part", features=[views["loaded"][["l_float"]], views["вид"][["признак"]]]))
    return {
        "objects": [*entities.values(), *views.values(), *services],
        "views": views,
        "described": described,
        "services": [it.name for it in services],
    }


def fill(store: FeatureStore, built: dict[str, Any], rng: random.Random) -> None:
    """Rows for about three keys in four of each view, with times down to the nanosecond."""
    provider = store._get_provider()
    for name in built["views"]:
        described = built["described"][name]
        keys: list[dict[str, Any]] = [{}]
        for key in described["keys"]:
            keys = [{**row, key: it} for row in keys for it in KEYS[key]]
        rng.shuffle(keys)
        rows = []
        for row in keys[: max(1, min(40, len(keys) * 3 // 4))]:
            entity_key = (
                EntityKey(join_keys=list(row), entity_values=[v.Value(**{KEY_FIELDS[k]: it}) for k, it in row.items()])
                if row
                else EntityKey(join_keys=["__dummy_id"], entity_values=[v.Value(string_val="")])
            )
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
                microseconds=rng.choice([0, 1, 500_000, rng.randint(0, 10**13)])
            )
            features = {feature: value(rng, kind) for feature, kind in described["features"].items()}
            rows.append((entity_key, features, at, None))
        provider.online_write_batch(store.config, store.get_feature_view(name), rows, None)


def main(folder: Path, redis: str, seed: int) -> None:
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feature_store.yaml").write_text(
        f"project: {PROJECT}\nprovider: local\nregistry:\n  path: {folder}/registry.db\n  cache_ttl_seconds: 1\n"
        f"offline_store:\n  type: dask\nonline_store:\n  type: redis\n  connection_string: {redis}\n"
        "entity_key_serialization_version: 3\n",
        encoding="utf-8",
    )
    store = FeatureStore(repo_path=str(folder))
    built = build(folder, rng)
    columns = {
        "user_id": [1, 2, 5],
        "l_int": [10, None, -3],
        "l_float": [0.5, float("nan"), 1e-7],
        "l_text": ["x", None, "é"],
    }
    frame = pd.DataFrame({**columns, "event_timestamp": pd.Timestamp("2026-06-01T10:00:00.123456", tz="UTC")})
    frame["l_int"] = frame["l_int"].astype("Int64")
    frame.to_parquet(folder / "loaded.parquet")
    store.apply(built["objects"])
    fill(store, built, rng)
    (folder / "repository.json").write_text(
        json.dumps(
            {
                "project": PROJECT,
                "views": built["described"],
                "services": built["services"],
                # Bytes cannot be in a request's JSON; what a caller can do about them is refused.
                "keys": {k: [it for it in items if not isinstance(it, bytes)] or ["YWJj"] for k, items in KEYS.items()},
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
