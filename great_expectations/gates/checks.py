"""Runs a suite over a batch and says what came of it, in JSON and without anybody's data."""

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import great_expectations as gx
from great_expectations.core.batch import Batch
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

# Imported so that the library knows it by its name in suites.
from gates.expectations import ExpectNoFaults  # noqa: F401
from gates.suites import Expectation

# Rows told of a failure.
SAMPLES = 5

# A longer text says no more about a fault, and events have a size.
SAMPLE_CHARACTERS = 120

type SampleRow = dict[str, Any]

# The part of GX's results that says something without showing rows.
OBSERVED = ("observed_value", "element_count", "missing_count", "unexpected_count", "unexpected_percent")

# The class behind the frames of a traceback: of the exception that the others were raised from. No text of an exception is before it.
FIRST_CLASS = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t]+.*\n)*([A-Za-z_][\w.]*)")


@dataclass(frozen=True)
class Check:
    """One expectation, met or not."""

    gate: str
    asset: str
    expectation: str
    success: bool
    # A check that is not critical is told, and does not hold anything back.
    critical: bool
    detail: dict[str, Any]

    @property
    def blocks(self) -> bool:
        """Whether what was checked must not pass."""
        return self.critical and not self.success

    def as_json(self) -> dict[str, Any]:
        """As the job's wrapper reads it."""
        return asdict(self)


def ephemeral_context() -> gx.data_context.EphemeralDataContext:
    """A GX context that writes no files and draws no progress bars."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


@dataclass(frozen=True)
class Samples:
    """What may be shown of rows that fail."""

    # Columns that hold nothing personal and name nobody.
    columns: Collection[str]
    # Rows that an expectation's own query finds at fault; `{columns}` in it are those above.
    query: Callable[[str], list[SampleRow]]


def run_suite(
    batch: Batch,
    gate: str,
    asset: str,
    expectations: Iterable[Expectation],
    samples: Callable[[], Samples] | None,
    seen: Callable[[ExpectationSuiteValidationResult], None] = lambda _result: None,
) -> list[Check]:
    """
    Validates the batch; one check an expectation.

    Without `samples` no row is shown. All is first decided in a few aggregate queries; counts and rows cost a query each and are asked for where
    something failed. `seen` is given the library's own results as a whole.
    """
    listed = list(expectations)
    whole = _validate(batch, asset, listed, {"result_format": "BOOLEAN_ONLY"})
    failed = any(not it.success for it in whole.results)
    shown = samples() if samples is not None and failed else None
    explained = {_key(it): it for it in _explain(batch, asset, whole.results, shown)}
    whole.results = [explained.get(_key(it), it) for it in whole.results]
    seen(whole)
    return [_check(gate, asset, it, shown) for it in whole.results]


def _validate(
    batch: Batch, asset: str, expectations: list[Expectation], result_format: dict[str, Any]
) -> ExpectationSuiteValidationResult:
    suite = gx.ExpectationSuite(name=asset, expectations=expectations)
    return batch.validate(suite, result_format=result_format)


def _explain(batch: Batch, asset: str, results: list[Any], samples: Samples | None) -> Iterator[Any]:
    """The failed ones again, with counts, and with rows where they may be shown."""
    failed = [it.expectation_config for it in results if not it.success and exception_of(it) is None]
    if not failed:
        return
    again = [_expectation(config) for config in failed]
    if samples is None:
        yield from _validate(batch, asset, again, {"result_format": "BASIC", "partial_unexpected_count": 0}).results
        return
    rows = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": SAMPLES,
        "unexpected_index_column_names": sorted(samples.columns),
        "return_unexpected_index_query": False,
    }
    yield from _validate(batch, asset, again, rows).results


def _expectation(config: Any) -> Expectation:
    kwargs = {name: value for name, value in config.kwargs.items() if name != "batch_id"}
    return {"type": config.type, "kwargs": kwargs, "meta": config.meta, "severity": config.severity}


def _key(result: Any) -> str:
    config = _expectation(result.expectation_config)
    return repr((config["type"], sorted(config["kwargs"].items(), key=lambda it: it[0])))


def _check(gate: str, asset: str, result: Any, samples: Samples | None) -> Check:
    config = result.expectation_config
    detail = {name: json_safe(result.result[name]) for name in OBSERVED if name in result.result}
    if samples is not None and not result.success and (rows := _sample_rows(result, samples)):
        detail["samples"] = rows
    if config.meta and config.meta.get("notes"):
        detail["notes"] = config.meta["notes"]
    if error := exception_of(result):
        detail["error"] = error
    return Check(
        gate=gate,
        asset=asset,
        expectation=_name(config),
        success=bool(result.success),
        critical=str(config.severity).rpartition(".")[2].lower() == "critical",
        detail=detail,
    )


def _sample_rows(result: Any, samples: Samples) -> list[SampleRow]:
    """A few of the rows at fault, with the columns that may be shown. GX adds the column that it looked at, whichever that is."""
    meta = result.expectation_config.meta or {}
    if "rows_query" in meta:
        found = samples.query(meta["rows_query"])
        shown = {*samples.columns, "fault"}
    else:
        found = result.result.get("partial_unexpected_index_list") or []
        shown = set(samples.columns)
    return [{name: _short(json_safe(value)) for name, value in row.items() if name in shown} for row in found[:SAMPLES]]


def _short(value: Any) -> Any:
    return f"{value[:SAMPLE_CHARACTERS]}…" if isinstance(value, str) and len(value) > SAMPLE_CHARACTERS else value


def exception_of(result: Any) -> str | None:
    """The class of what kept GX from evaluating the expectation; None where it was evaluated. Its text may quote what could not be read."""
    info = result.exception_info or {}
    # One exception, or one for each metric that could not be computed.
    found = [info] if "raised_exception" in info else list(info.values())
    raised = [str(it.get("exception_traceback")) for it in found if it.get("raised_exception")]
    if not raised:
        return None
    named = FIRST_CLASS.match(raised[0])
    return named[1].rpartition(".")[2] if named else "Exception"


def _name(config: Any) -> str:
    """`expect_column_values_to_not_be_null(customer_id)`, or the name a curated query gives itself."""
    if config.meta and config.meta.get("check"):
        return config.meta["check"]
    columns = config.kwargs.get("column") or ", ".join(config.kwargs.get("column_list", []))
    return f"{config.type}({columns})" if columns else config.type


def json_safe(value: Any) -> Any:
    """The value as JSON has it: GX returns numpy's numbers and booleans, decimals and times."""
    if isinstance(value, dict):
        return {str(name): json_safe(member) for name, member in value.items()}
    if isinstance(value, list | tuple | set):
        return [json_safe(member) for member in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if isinstance(value, str | int | bool) or value is None else str(value)
