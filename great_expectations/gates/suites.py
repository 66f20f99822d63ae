"""The expectations of each gate: those that follow from the contracts, and the curated ones of suites/."""

import json
from collections.abc import Collection
from typing import Any

from great_expectations.expectations.row_conditions import Column

from gates.settings import CONTRACTS, PROJECT, ConfigurationError, contract

# A delete carries what was known before it, a truncate nothing, and fields that were not sent are null: the contract speaks of the other rows.
COMPLETE_ROW = Column("_op").is_in(["c", "u", "r"]) & Column("_absent").is_null()

type Expectation = dict[str, Any]

# Of a column's values in a landing file, how many must be good. The gate keeps out files of the wrong kind, which have hardly any; a bad line in a good
# file is set aside by the pipeline, with its reason (dead letter BAD_LINE).
LANDING_MOSTLY = 0.5

_RANGE = "expect_column_values_to_be_between"

# How values are written in a file, by the contract's type. Wider than the wire encoding, since people and other programs write these files.
LANDING_PATTERNS = {
    "INT64": r"^\s*[+-]?\d{1,19}\s*$",
    "NUMERIC": r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$",
    "FLOAT64": r"^\s*([+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|Infinity)|NaN)\s*$",
    "BOOL": r"^\s*(?i:true|false|t|f|1|0)\s*$",
    "TIMESTAMP": r"^\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?)?\s*(Z|UTC|[+-]\d\d(:?\d\d)?)?\s*$",
    "DATE": r"^\s*\d{4}-\d\d-\d\d\s*$",
}


def contract_expectations(stream: str) -> list[Expectation]:
    """What every complete row of the stream satisfies."""
    contract(stream)
    return json.loads((CONTRACTS / "expectations" / f"{stream}.json").read_text())


def staging_expectations(stream: str) -> list[Expectation]:
    """Every row has its metadata, and every complete row keeps to the contract."""
    missing = " OR ".join(f"{field} IS NULL" for field in contract(stream)["primaryKey"])
    curated = json.dumps(_curated("staging")).replace("{{key_missing}}", missing)
    return [_of_complete_rows(expectation) for expectation in contract_expectations(stream)] + json.loads(curated)


def _of_complete_rows(expectation: Expectation) -> Expectation:
    if expectation["type"] == "expect_column_to_exist":
        return expectation
    return expectation | {"kwargs": expectation["kwargs"] | {"row_condition": COMPLETE_ROW}}


def feature_expectations(view: str) -> list[Expectation]:
    """Raises ConfigurationError where suites/ has none: a view that nothing checks would go online unseen."""
    return _curated(view)


def landing_expectations(stream: str, columns: Collection[str]) -> list[Expectation]:
    """
    What a file with these columns satisfies, its values still text.

    Files are what people drop: an optional column may be missing, and a line may be bad. Rows there must be, and the required columns.
    """
    fields = {field["name"]: field for field in contract(stream)["fields"]}
    expectations: list[Expectation] = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]
    for expectation in contract_expectations(stream):
        column = expectation["kwargs"]["column"]
        if expectation["type"] == "expect_column_to_exist":
            if fields[column]["required"]:
                expectations.append(expectation)
        elif expectation["type"] != _RANGE and column in columns:
            expectations.append(_mostly(expectation))
    for name, field in fields.items():
        if name in columns and field["type"] in LANDING_PATTERNS:
            kwargs = {"column": name, "regex": LANDING_PATTERNS[field["type"]]}
            expectations.append(_mostly({"type": "expect_column_values_to_match_regex", "kwargs": kwargs}))
    return expectations + _landing_keys(contract(stream)["primaryKey"], columns)


def landing_ranges(stream: str, columns: Collection[str]) -> list[Expectation]:
    """The contract's ranges, for columns that have been made numbers."""
    return [
        _mostly(expectation)
        for expectation in contract_expectations(stream)
        if expectation["type"] == _RANGE and expectation["kwargs"]["column"] in columns
    ]


def _mostly(expectation: Expectation) -> Expectation:
    return expectation | {"kwargs": expectation["kwargs"] | {"mostly": LANDING_MOSTLY}}


def _landing_keys(key: list[str], columns: Collection[str]) -> list[Expectation]:
    # Of two lines with one key the later wins, so a repeat is worth telling and does not hold the file back.
    if not set(key) <= set(columns):
        return []
    if len(key) == 1:
        return [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": key[0]}, "severity": "warning"}]
    return [{"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": key}, "severity": "warning"}]


def _curated(name: str) -> list[Expectation]:
    file = PROJECT / "suites" / f"{name}.json"
    if not file.exists():
        raise ConfigurationError(f"{name} has no expectations; write great_expectations/suites/{name}.json.")
    return json.loads(file.read_text())["expectations"]
