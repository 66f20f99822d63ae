"""An expectation of ours, beside those of the library."""

from typing import Any, ClassVar

import great_expectations.expectations as gxe
from great_expectations.execution_engine import ExecutionEngine


class ExpectNoFaults(gxe.UnexpectedRowsExpectation):
    """
    Expects a query to find no faulty rows. The query returns a row for each kind of fault: (fault STRING, faulty_rows INT64).

    The library's own expectation of a query runs it twice, to show rows and to count them. This one runs it once, tells how many rows have which fault, and
    shows none.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine | None = None,
    ) -> dict[str, Any]:
        found = {row["fault"]: row["faulty_rows"] for row in metrics["unexpected_rows_query.table"]}
        return {"success": not found, "result": {"observed_value": found}}
