"""Each gate's expectations follow from the contracts."""

import json

import pytest

from gates.settings import CONTRACTS, ConfigurationError, contracts
from gates.suites import (
    contract_expectations,
    feature_expectations,
    landing_expectations,
    staging_expectations,
)

STREAMS = sorted(contracts())
FEATURES = CONTRACTS.parent.parent / "features" / "generated" / "features.json"


@pytest.mark.parametrize("stream", STREAMS)
def test_staging_asks_for_every_required_field_and_the_key(stream: str):
    query = staging_expectations(stream)[-1]["kwargs"]["unexpected_rows_query"]
    required = [
        field["name"] for field in contracts()[stream]["fields"] if field["required"] and field["pii"] != "drop"
    ]
    assert [name for name in required if f"THEN '{name} is null'" not in query] == []
    assert [key for key in contracts()[stream]["primaryKey"] if f"{key} IS NULL" not in query] == []


@pytest.mark.parametrize("stream", STREAMS)
def test_a_landing_file_needs_the_required_columns_only(stream: str):
    needed = {
        it["kwargs"]["column"] for it in landing_expectations(stream, ()) if it["type"] == "expect_column_to_exist"
    }
    assert needed == {field["name"] for field in contracts()[stream]["fields"] if field["required"]}


@pytest.mark.parametrize("stream", STREAMS)
def test_nothing_is_expected_of_a_column_that_a_landing_file_lacks(stream: str):
    columns = {it["column"] for it in contract_kwargs(stream)}
    for missing in columns:
        others = columns - {missing}
        asked = [it for it in landing_expectations(stream, others) if it["type"] != "expect_column_to_exist"]
        assert all(it["kwargs"].get("column") != missing for it in asked)


def contract_kwargs(stream: str) -> list[dict[str, str]]:
    return [it["kwargs"] for it in contract_expectations(stream)]


def test_every_feature_view_has_a_suite():
    compiled = json.loads(FEATURES.read_text())
    for view in (*compiled["groups"], *compiled["views"]):
        assert feature_expectations(view["mart"])


def test_a_view_without_a_suite_and_a_stream_without_a_contract_are_told_apart():
    with pytest.raises(ConfigurationError, match="suites/unheard_of.json"):
        feature_expectations("unheard_of")
    with pytest.raises(ConfigurationError, match="not a stream"):
        staging_expectations("unheard_of")
