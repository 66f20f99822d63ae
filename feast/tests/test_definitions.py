"""The feature repository holds what features/ declares."""

import json
from datetime import timedelta

from feast import FeatureService, FeatureView, PushSource
from feast.types import Float64, Int64, String

import definitions

COMPILED = json.loads(definitions.COMPILED.read_text())
OBJECTS = definitions.build(COMPILED).values()
VIEWS = {it.name: it for it in OBJECTS if isinstance(it, FeatureView)}


def test_every_declared_feature_is_a_field_of_its_view():
    declared = {group["name"]: group["features"] for group in COMPILED["groups"]}
    declared |= {view["name"]: view["columns"] for view in COMPILED["views"]}
    types = {"INT64": Int64, "FLOAT64": Float64, "STRING": String}
    assert {name: [(field.name, field.dtype) for field in view.features] for name, view in VIEWS.items()} == {
        name: [(it["name"], types[it["type"]]) for it in features] for name, features in declared.items()
    }


def test_groups_are_pushed_and_views_are_loaded_from_their_marts():
    pushed = {name for name, view in VIEWS.items() if isinstance(view.stream_source, PushSource)}
    assert pushed == {group["name"] for group in COMPILED["groups"]}
    assert all(view.batch_source.table == f"marts.{name}" for name, view in VIEWS.items())
    assert all(view.ttl == timedelta(0) for view in VIEWS.values())


def test_services_have_the_views_they_declare():
    services = {
        it.name: [view.name for view in it.feature_view_projections] for it in OBJECTS if isinstance(it, FeatureService)
    }
    assert services == {service["name"]: service["views"] for service in COMPILED["services"]}


def test_applying_needs_neither_bigquery_nor_redis(tmp_path, monkeypatch):
    from materialization.registry import apply_if_changed, open_store
    from materialization.settings import Settings

    settings = Settings(
        "no-project", "US", "http://127.0.0.1:1", 1, "127.0.0.1:1", str(tmp_path / "new" / "registry.db")
    )
    monkeypatch.chdir(tmp_path)
    assert apply_if_changed(settings)
    assert not apply_if_changed(settings)
    assert {view.name for view in open_store(settings).list_feature_views()} == set(VIEWS)
    monkeypatch.setattr(definitions, "fingerprint", lambda: "other")
    assert apply_if_changed(settings)
