"""
The feature repository: entities, sources, views and services as features/generated/features.json declares them.

Nothing is declared here. What a feature is, and which there are, is written once, in features/ (TypeScript), and compiled for each tool.
"""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import feast
from feast import BigQuerySource, Entity, FeatureService, FeatureView, Field, Project, PushSource, ValueType
from feast.types import Bool, Float64, Int64, PrimitiveFeastType, String, UnixTimestamp

COMPILED = Path(__file__).resolve().parent.parent / "features" / "generated" / "features.json"

# Online values are what models take: money becomes a double there, exact to the penny up to 2^53 pennies.
FIELD_TYPES: dict[str, PrimitiveFeastType] = {
    "INT64": Int64,
    "FLOAT64": Float64,
    "NUMERIC": Float64,
    "STRING": String,
    "BOOL": Bool,
    "TIMESTAMP": UnixTimestamp,
}
KEY_TYPES = {"INT64": ValueType.INT64, "STRING": ValueType.STRING}

FINGERPRINT_TAG = "definitions_sha256"
TIMESTAMP_FIELD = "event_timestamp"


def fingerprint() -> str:
    """Changes when applying the definitions again would change the registry."""
    digest = hashlib.sha256(feast.__version__.encode())
    for source in (COMPILED, Path(__file__).resolve()):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _entity(declared: dict[str, Any]) -> Entity:
    return Entity(
        name=declared["name"],
        join_keys=[declared["joinKey"]],
        value_type=KEY_TYPES[declared["type"]],
        description=declared.get("description", ""),
    )


def _source(declared: dict[str, Any]) -> BigQuerySource | PushSource:
    table = BigQuerySource(name=f"{declared['name']}_mart", table=declared["table"], timestamp_field=TIMESTAMP_FIELD)
    push_source = declared.get("pushSource")
    return PushSource(name=push_source, batch_source=table) if push_source else table


def _view(declared: dict[str, Any], entities: dict[str, Entity]) -> FeatureView:
    entity = entities[declared["entity"]]
    # The join key is declared too: Feast would ask BigQuery for its type, and the tables may not exist yet.
    key = Field(name=entity.join_key, dtype=Int64 if entity.value_type == ValueType.INT64 else String)
    features = [
        Field(name=feature["name"], dtype=FIELD_TYPES[feature["type"]], description=feature.get("description", ""))
        for feature in declared["features"]
    ]
    return FeatureView(
        name=declared["name"],
        entities=[entity],
        schema=[key, *features],
        source=_source(declared),
        # A value holds until a later one: training joins take the newest row before the label, however old.
        ttl=timedelta(0),
        online=True,
        description=declared.get("description", ""),
    )


def build(compiled: dict[str, Any]) -> dict[str, Project | Entity | FeatureView | FeatureService]:
    """Feast's objects by a name that is unique among them."""
    entities = {entity["name"]: _entity(entity) for entity in compiled["entities"]}
    views = {view["name"]: _view(view, entities) for view in compiled["views"]}
    services = {
        service["name"]: FeatureService(name=service["name"], features=[views[name] for name in service["views"]])
        for service in compiled["services"]
    }
    project = Project(
        name="tributary", description="Features of customers and products", tags={FINGERPRINT_TAG: fingerprint()}
    )
    return {"project": project} | {
        f"{type(found).__name__}_{name}": found for kind in (entities, views, services) for name, found in kind.items()
    }


# Feast looks at the module's own attributes, not into collections.
globals().update(build(json.loads(COMPILED.read_text())))
