"""The data docs show what was expected and whether it held, and nothing of any row."""

from pathlib import Path

import pandas
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

from gates.checks import Samples, ephemeral_context, run_suite
from gates.docs import build, keep
from gates.suites import feature_expectations

ROWS = pandas.DataFrame({"email": ["planted@example.com", None], "quantity": [424242, 1]})
EXPECTATIONS = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "email"}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "email", "regex": "^tok_"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "quantity", "max_value": 9}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "not_there"}},
]


def checked(folder: Path, asset: str) -> None:
    source = ephemeral_context().data_sources.add_pandas("rows")
    definition = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    batch = definition.get_batch(batch_parameters={"dataframe": ROWS})

    def seen(result: ExpectationSuiteValidationResult) -> None:
        keep(folder, "staging", asset, result)

    shown = Samples(["email", "quantity"], lambda _query: [])
    run_suite(batch, "staging", asset, EXPECTATIONS, lambda: shown, seen)


def text_of(folder: Path) -> str:
    return "".join(it.read_text() for it in folder.rglob("*") if it.suffix in (".html", ".json"))


def test_the_site_has_an_index_and_a_page_of_each_asset_and_no_value_of_a_row(tmp_path: Path):
    results, site = tmp_path / "results", tmp_path / "site"
    checked(results, "staging.customers")
    checked(results, "staging.orders")
    assert build(results, site) == 2
    index = (site / "index.html").read_text()
    assert "staging.customers" in index
    assert "staging.orders" in index
    pages = [it.read_text() for it in (site / "validations").rglob("*.html")]
    assert len(pages) == 2
    assert all("quantity" in page and "Failed" in page for page in pages)
    assert "planted" not in text_of(tmp_path)
    assert "424242" not in text_of(tmp_path)


def test_a_later_check_takes_the_place_of_the_one_before(tmp_path: Path):
    results, site = tmp_path / "results", tmp_path / "site"
    for _ in range(2):
        checked(results, "staging.customers")
    assert build(results, site) == 1


def test_our_own_expectation_has_a_page_too(tmp_path: Path):
    results, site = tmp_path / "results", tmp_path / "site"
    source = ephemeral_context().data_sources.add_pandas("rows")
    definition = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    batch = definition.get_batch(batch_parameters={"dataframe": ROWS})
    own = [it for it in feature_expectations("customer_features") if it["type"] == "expect_no_faults"]
    run_suite(batch, "features", "marts.x", own, None, lambda result: keep(results, "features", "marts.x", result))
    build(results, site)
    assert "marts.x" in (site / "index.html").read_text()
    assert "net revenue is not gross revenue less returned value" in text_of(site / "validations")
