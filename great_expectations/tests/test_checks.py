"""What is told of a check is JSON, whatever the library returns, and quotes nothing that it could not read."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import numpy
import pandas

from gates.checks import ephemeral_context, json_safe, run_suite


def test_what_the_library_returns_becomes_json():
    value = {
        "a": numpy.bool_(True),
        "b": numpy.float64("nan"),
        "c": [Decimal("1.50"), numpy.int64(3)],
        4: datetime(2026, 11, 1, tzinfo=UTC),
    }
    assert json.loads(json.dumps(json_safe(value))) == {
        "a": True,
        "b": "nan",
        "c": ["1.50", 3],
        "4": "2026-11-01 00:00:00+00:00",
    }


def test_of_what_could_not_be_evaluated_only_the_class_is_told():
    source = ephemeral_context().data_sources.add_pandas("rows")
    definition = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    batch = definition.get_batch(batch_parameters={"dataframe": pandas.DataFrame({"quantity": ["planted", "2"]})})
    mean = {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "quantity", "max_value": 9}}
    [check] = run_suite(batch, "staging", "staging.orders", [mean], None)
    assert check.blocks
    assert check.detail == {"error": "TypeError"}
