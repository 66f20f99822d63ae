"""The expectations of each gate: those that follow from the contracts, and the curated ones of suites/."""

import json
from collections.abc import Collection
from typing import Any

from gates.settings import CONTRACTS, PROJECT, ConfigurationError, contract, identifiers

type Expectation = dict[str, Any]

# docs/interfaces.md#lake
_METADATA = ("_event_id", "_op", "_origin", "_event_time")
# A delete carries what was known before it, a truncate nothing, and fields that were not sent are null: the contract speaks of the other rows.
_COMPLETE = "_op IN ('c', 'u', 'r') AND _absent IS NULL"

# Of a column's values in a landing file, how many must be good. The gate keeps out files of the wrong kind, which have hardly any; a bad line in a good
# file is set aside by the pipeline, with its reason (dead letter BAD_LINE).
LANDING_MOSTLY = 0.5

_NOT_NULL = "expect_column_values_to_not_be_null"
_RANGE = "expect_column_values_to_be_between"

# How values are written in a file, by the contract's type. Wider than the wire encoding, since people and other programs write these files.
LANDING_PATTERNS = {
    "INT64": r"^\s*[+-]?\d{1,19}\s*$",
    "NUMERIC": r"^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$",
    "FLOAT64": r"^\s*(?:[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity)|NaN)\s*$",
    "BOOL": r"^\s*(?i:true|false|t|f|1|0)\s*$",
    "TIMESTAMP": r"^\s*\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?\s*(?:Z|UTC|[+-]\d\d(?::?\d\d)?)?\s*$",
    "DATE": r"^\s*\d{4}-\d\d-\d\d\s*$",
}


def contract_expectations(stream: str) -> list[Expectation]:
    """What every complete row of the stream satisfies."""
    contract(stream)
    return json.loads((CONTRACTS / "expectations" / f"{stream}.json").read_text())


def staging_expectations(stream: str) -> list[Expectation]:
    """
    Every row has its metadata and its position, and every complete row keeps to the contract.

    What must not be null depends on the row, so it is asked in one query of all fields; each expectation with a condition of its own would cost two.
    """
    declared = contract_expectations(stream)
    required = [it["kwargs"]["column"] for it in declared if it["type"] == _NOT_NULL]
    key_missing = " OR ".join(f"{field} IS NULL" for field in contract(stream)["primaryKey"])
    cases = [
        ("_event_id, _op, _origin or _event_time is null", " OR ".join(f"{it} IS NULL" for it in _METADATA)),
        ("the key is null, and it is no truncate", f"_op <> 't' AND ({key_missing})"),
        ("_lsn is null in a row of the stream", "_origin = 'stream' AND _lsn IS NULL"),
        (
            "the file, its generation or the line is null in a row of a batch",
            "_origin = 'batch' AND (_batch_uri IS NULL OR _batch_generation IS NULL OR _batch_line IS NULL)",
        ),
        *((f"{field} is null", f"{_COMPLETE} AND {field} IS NULL") for field in required),
    ]
    complete = _no_faults(dict(cases), {"meta": {"check": "rows_are_complete"}})
    return [*(it for it in declared if it["type"] != _NOT_NULL), *_curated("staging"), complete]


def shown_columns(stream: str) -> list[str]:
    """Columns of `staging.<stream>` that may be shown of a row at fault: nothing personal and no one's number; `_event_id` finds the row."""
    fields = [
        it["name"] for it in contract(stream)["fields"] if it["pii"] == "none" and it["name"] not in identifiers()
    ]
    return ["_event_id", "_op", "_origin", *fields]


def feature_expectations(view: str) -> list[Expectation]:
    """Raises ConfigurationError where suites/ has none: a view that nothing checks would go online unseen."""
    return _curated(view)


def landing_expectations(stream: str, columns: Collection[str], described: Collection[str] = ()) -> list[Expectation]:
    """
    What a file with these columns satisfies, its values still text.

    Files are what people drop: an optional column may be missing, and a line may be bad. Rows there must be, and the required columns. Fields whose
    form something else than the contract describes are not held to it.
    """
    # What the pipeline looks up is in no file; a column of that name means nothing here.
    fields = {field["name"]: field for field in contract(stream)["fields"] if "lookup" not in field}
    expectations: list[Expectation] = [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]
    for expectation in contract_expectations(stream):
        column = expectation["kwargs"]["column"]
        if expectation["type"] == "expect_column_to_exist":
            if column in fields and fields[column]["required"]:
                expectations.append(expectation)
        elif expectation["type"] != _RANGE and column in columns:
            expectations.append(_mostly(expectation))
    for name, field in fields.items():
        if name in columns and name not in described and field["type"] in LANDING_PATTERNS:
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


def _no_faults(faults: dict[str, str], expectation: Expectation) -> Expectation:
    """
    An expectation that no row has any of these faults, each given by the SQL condition that tells it; of several the first counts.

    The query that shows some of those rows goes with it: `{columns}` in it is for the caller to fill.
    """
    whens = " ".join(f"WHEN {condition} THEN '{fault}'" for fault, condition in faults.items())
    counts = (
        "SELECT fault, COUNT(*) AS faulty_rows "
        f"FROM (SELECT CASE {whens} END AS fault FROM {{batch}}) WHERE fault IS NOT NULL GROUP BY fault"
    )
    rows = f"SELECT fault, {{columns}} FROM (SELECT *, CASE {whens} END AS fault FROM {{batch}}) WHERE fault IS NOT NULL LIMIT 5"
    return expectation | {
        "type": "expect_no_faults",
        "kwargs": {"unexpected_rows_query": counts},
        "meta": expectation.get("meta", {}) | {"rows_query": rows},
    }


def _curated(name: str) -> list[Expectation]:
    file = PROJECT / "suites" / f"{name}.json"
    if not file.exists():
        raise ConfigurationError(f"{name} has no expectations; write great_expectations/suites/{name}.json.")
    listed = json.loads(file.read_text())["expectations"]
    return [_no_faults(it["kwargs"]["faults"], it) if "faults" in it["kwargs"] else it for it in listed]
