"""What is told of a check is JSON, whatever the library returns."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import numpy

from gates.checks import json_safe


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
