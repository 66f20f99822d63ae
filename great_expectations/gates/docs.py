"""
Data docs: the library's own static site, of the last check of each asset.

What is kept of a check, and so all that a page can show, is its expectations, whether they held, and counts. No row and no value of one.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    expectationSuiteValidationResultSchema,
)
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

# Imported so that the library knows our expectations by their names in results.
from gates.checks import OBSERVED, ephemeral_context

SITE = "tributary"


def keep(folder: Path, gate: str, asset: str, result: ExpectationSuiteValidationResult) -> None:
    """Writes what may be shown of a check to `<folder>/<gate>/<asset>.json`, over the check before it."""
    target = folder / gate / f"{asset}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = result.to_json_dict()
    for it in kept["results"]:
        it["result"] = {name: value for name, value in it["result"].items() if name in OBSERVED}
        # Messages of exceptions may quote what could not be read.
        it["exception_info"] = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
        it["meta"] = {}
    kept["meta"] = {"great_expectations_version": kept["meta"].get("great_expectations_version")}
    target.write_text(json.dumps({"checked_at": datetime.now(UTC).isoformat(), "asset": asset, "result": kept}))


def build(results: Path, site: Path) -> int:
    """Makes the site of all that `keep` wrote below `results`, and returns how many assets it shows."""
    context = ephemeral_context()
    context.add_data_docs_site(
        SITE,
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
        },
    )
    files = sorted(results.glob("*/*.json"))
    for file in files:
        kept = json.loads(file.read_text())
        context.validation_results_store.set(
            _key(kept, file), expectationSuiteValidationResultSchema.load(kept["result"])
        )
    context.build_data_docs(site_names=[SITE])
    return len(files)


def _key(kept: dict[str, Any], file: Path) -> ValidationResultIdentifier:
    return ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(kept["asset"]),
        run_id=RunIdentifier(run_name=file.parent.name, run_time=datetime.fromisoformat(kept["checked_at"])),
        batch_identifier=kept["asset"],
    )
