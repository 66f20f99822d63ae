"""
Runs quality gates and prints what came of them, as one JSON line.

    python validate.py --gate warehouse --streams orders,order_lines --views customer_features --depends '{"customer_features": ["orders"]}'
    python validate.py --gate landing --file FILE --name landing/orders/2026-11.csv --dataset orders

{assets: [{gate, name, passed}], held: {view: [stream]}, checks: [{gate, asset, expectation, success, critical, detail}], bytes_billed, seconds} |
{error: {code, message}}. Exits with 0 when everything could be checked, whether it passed or not. A view is not looked at but held where a
stream that it is made from failed; without --depends, or a word on the view in it, that is every stream.
"""

import argparse
import json
import os
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates.settings import ConfigurationError, GateError, Settings

if TYPE_CHECKING:
    from gates.checks import Check


class Report:
    """What is printed."""

    def __init__(self) -> None:
        self.assets: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.held: dict[str, list[str]] = {}
        self.bytes_billed = 0

    def add(self, gate: str, name: str, checks: "list[Check]") -> None:
        """Takes the checks of one stream, view or file."""
        self.assets.append({"gate": gate, "name": name, "passed": not any(check.blocks for check in checks)})
        self.checks.extend(check.as_json() for check in checks)

    def failed(self) -> list[str]:
        """What did not pass so far."""
        return [asset["name"] for asset in self.assets if not asset["passed"]]


def check_warehouse(
    streams: list[str], views: list[str], depends: dict[str, list[str]], keep: Path | None, report: Report
) -> None:
    """The staging gate, and the features gate behind it."""
    from gates.warehouse import WarehouseGates

    gates = WarehouseGates(Settings.read(os.environ), keep)
    for stream in streams:
        report.add("staging", stream, gates.staging(stream))
    broken = report.failed()
    for view in views:
        behind = [stream for stream in broken if stream in depends.get(view, broken)]
        if behind:
            report.held[view] = behind
        else:
            report.add("features", view, gates.features(view))
    report.bytes_billed = gates.bytes_billed


def check_landing(arguments: argparse.Namespace, report: Report) -> None:
    """The gate of one file."""
    from gates.landing import check_file

    if not (arguments.file and arguments.name and arguments.dataset):
        raise ConfigurationError("The landing gate needs --file, --name and --dataset.")
    report.add("landing", arguments.dataset, check_file(arguments.file, arguments.name, arguments.dataset))


def main() -> int:
    arguments = _arguments()
    # GX and its parts warn of their own future.
    warnings.simplefilter("ignore")
    started = time.monotonic()
    report = Report()
    try:
        if arguments.gate == "landing":
            check_landing(arguments, report)
        else:
            depends = json.loads(arguments.depends)
            check_warehouse(_listed(arguments.streams), _listed(arguments.views), depends, arguments.keep, report)
    # Whatever kept a gate from being run, the caller must be told that it was not.
    except Exception as error:  # noqa: BLE001
        print(json.dumps({"error": fault_of(error)}))
        return 1
    print(json.dumps(vars(report) | {"seconds": round(time.monotonic() - started, 3)}))
    return 0


def fault_of(error: Exception) -> dict[str, str]:
    """
    {code, message}, which events and people are told. Of an error that is none of ours only the class is: its text may quote what could not be read.

    The log has where it happened, and no text of it either.
    """
    if isinstance(error, GateError):
        return {"code": error.code, "message": str(error)}
    at: BaseException | None = error
    while at is not None:
        print(type(at).__name__, *traceback.format_tb(at.__traceback__), sep="\n", file=sys.stderr)
        at = at.__cause__ or at.__context__
    message = "It failed unexpectedly; the job's own log says where."
    return {"code": type(error).__name__, "message": message}


def _listed(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="validate.py", description="Runs quality gates.")
    parser.add_argument("--gate", choices=("warehouse", "landing"), required=True)
    parser.add_argument("--streams", default="", help="streams whose staging tables to check, separated by commas")
    parser.add_argument("--views", default="", help="feature views whose marts to check, separated by commas")
    parser.add_argument("--depends", default="{}", help="JSON: the streams that each view is made from")
    parser.add_argument("--keep", type=Path, help="where to keep what data_docs.py shows of the checks")
    parser.add_argument("--file", type=Path, help="a local copy of the landing file")
    parser.add_argument("--name", help="the file's name in the landing bucket")
    parser.add_argument("--dataset", help="the stream or the mapping the file is for")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
