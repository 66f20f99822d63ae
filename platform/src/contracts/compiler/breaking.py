"""
What changed between pairs of contracts, and whom it breaks, as datacontract-cli judges it; its command prints tables only.

Arguments: before, after, before, after, …  Prints a JSON array with one array of changes a pair.
"""

import json
import sys
from typing import Any

from datacontract.data_contract import DataContract
from datacontract.model.breaking import BreakingChangeLevel, Perspective


def changes(before: str, after: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for perspective in Perspective:
        # Nothing is fetched: a review must not depend on what an address answers today.
        result = DataContract(data_contract_file=before, inline_references=False).breaking(
            DataContract(data_contract_file=after, inline_references=False), perspective=perspective
        )
        for entry in result.entries:
            change = found.setdefault(
                entry.path,
                {
                    "path": entry.path,
                    "change": entry.change_type.value,
                    "message": entry.message,
                    "old": entry.old_value,
                    "new": entry.new_value,
                    "breaks": [],
                },
            )
            if entry.level == BreakingChangeLevel.ERROR:
                change["breaks"].append(perspective.value)
    return list(found.values())


if __name__ == "__main__":
    files = sys.argv[1:]
    json.dump([changes(*pair) for pair in zip(files[::2], files[1::2], strict=True)], sys.stdout)
