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
from feast.types import Float64, Int64, PrimitiveFeastType, String

COMPILED = Path(__file__).resolve().parent.parent / "features" / "generated" / "features.json"

FIELD_TYPES: dict[str, PrimitiveFeastType] = {"INT64": Int64, "FLOAT64": Float64, "STRING": String}
KEY_TYPES = {"INT64": ValueType.INT64, "STRING": ValueType.STRING}

MARTS = "marts"
TIMESTAMP_FIELD = "event_timestamp"
FINGERPRINT_TAG = "definitions_sha256"


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
        description=declared["description"],
    )


def _table(declared: dict[str, Any]) -> BigQuerySource:
    # In the project of whoever reads it, so that one registry serves every environment's definitions alike.
    table = f"{MARTS}.{declared['mart']}"
    return BigQuerySource(name=f"{declared['name']}_mart", table=table, timestamp_field=TIMESTAMP_FIELD)


def _view(
    declared: dict[str, Any], columns: list[dict[str, Any]], entity: Entity, source: BigQuerySource | PushSource
) -> FeatureView:
    # The join key is declared too: Feast would ask BigQuery for its type, and the tables may not exist yet.
    key = Field(name=entity.join_key, dtype=FIELD_TYPES[declared["entity"]["type"]])
    return FeatureView(
        name=declared["name"],
        entities=[entity],
        schema=[
            key,
            *(Field(name=it["name"], dtype=FIELD_TYPES[it["type"]], description=it["description"]) for it in columns),
        ],
        source=source,
        # A value holds until a later one: training joins take the newest row before the label, however old.
        ttl=timedelta(0),
        online=True,
        description=declared["description"],
    )


def build(compiled: dict[str, Any]) -> dict[str, Project | Entity | FeatureView | FeatureService]:
    """Feast's objects, each under a name of its own."""
    entities = {it["name"]: _entity(it) for it in compiled["entities"]}
    # A group is computed by the pipeline and pushed; its mart holds the same for training.
    pushed = [
        _view(
            it,
            it["features"],
            entities[it["entity"]["name"]],
            PushSource(name=it["push_source"], batch_source=_table(it)),
        )
        for it in compiled["groups"]
    ]
    loaded = [_view(it, it["columns"], entities[it["entity"]["name"]], _table(it)) for it in compiled["views"]]
    views = {view.name: view for view in (*pushed, *loaded)}
    services = [
        FeatureService(name=it["name"], features=[views[name] for name in it["views"]], description=it["description"])
        for it in compiled["services"]
    ]
    project = Project(
        name="tributary",
        description="Features of a shop's customers and products",
        tags={FINGERPRINT_TAG: fingerprint()},
    )
    objects = [project, *entities.values(), *views.values(), *services]
    return {f"{type(it).__name__}_{it.name}": it for it in objects}


# Feast looks at the module's own attributes, not into collections.
globals().update(build(json.loads(COMPILED.read_text())))
