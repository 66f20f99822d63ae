"""What is stored where in Redis, and how entities that left are told from those that stayed."""

import struct
from decimal import Decimal

import numpy
import pyarrow
import pytest
from feast.infra.online_stores.helpers import _redis_key_prefix

from materialization.online_view import _glob_literal, _lookup, _with_doubles, digests, row_digests


def test_entities_are_found_among_those_of_the_mart_whatever_the_order():
    keys = [f"entity-{number}".encode() for number in range(1000)]
    kept = numpy.unique(digests(keys[::2]))
    present, position = _lookup(digests(keys), kept)
    assert list(present) == [number % 2 == 0 for number in range(1000)]
    assert sorted(position[present]) == list(range(500))


def test_nothing_is_found_among_nothing():
    present, _ = _lookup(digests([b"a", b"b"]), numpy.empty(0, dtype=numpy.uint64))
    assert not present.any()


def test_a_key_is_taken_literally_by_scan():
    name = "a*b[c]?d\\e"
    prefix = _redis_key_prefix([name])
    assert prefix == struct.pack("<III", 1, 2, len(name)) + name.encode()
    assert _glob_literal(prefix).endswith(rb"a\*b\[c\]\?d\\e")


@pytest.mark.parametrize("text", ["0.1", "4310.07", "9007199.254740993", "123456789012345.678901234"])
def test_money_becomes_the_nearest_double(text: str):
    column = pyarrow.array([Decimal(text), None], pyarrow.decimal128(38, 9))
    batch = pyarrow.RecordBatch.from_arrays([column, pyarrow.array(["x", "y"])], names=["money", "name"])
    assert _with_doubles(batch).to_pydict() == {"money": [float(text), None], "name": ["x", "y"]}


def digest_of(**columns: list) -> list[bytes]:
    types = {"orders": pyarrow.int64(), "money": pyarrow.float64(), "country": pyarrow.string()}
    arrays = {name: pyarrow.array(values, types[name]) for name, values in columns.items()}
    return row_digests(pyarrow.RecordBatch.from_pydict(arrays), list(columns))


def test_equal_rows_have_equal_digests_whichever_batch_they_come_in():
    row = {"orders": [3], "money": [1.5], "country": ["Spain"]}
    twice = {name: [None, *values] for name, values in row.items()}
    assert digest_of(**row) == digest_of(**twice)[1:]
    assert digest_of(**twice) == digest_of(**twice)


@pytest.mark.parametrize(
    "other",
    [
        {"orders": [4], "money": [1.5], "country": ["Spain"]},
        {"orders": [3], "money": [1.5000000000000002], "country": ["Spain"]},
        {"orders": [3], "money": [1.5], "country": ["spain"]},
        {"orders": [3], "money": [1.5], "country": [None]},
        {"orders": [3], "money": [None], "country": ["Spain"]},
        {"orders": [3], "country": ["Spain"], "money": [1.5]},
    ],
)
def test_a_row_that_differs_in_anything_has_another_digest(other: dict):
    assert digest_of(**other) != digest_of(orders=[3], money=[1.5], country=["Spain"])


def test_a_null_is_neither_zero_nor_an_empty_text():
    assert digest_of(orders=[None]) != digest_of(orders=[0])
    assert digest_of(country=[None]) != digest_of(country=[""])
