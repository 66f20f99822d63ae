"""What the gates need to know of their surroundings."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

# Before the library is imported: it would report each run to its makers.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

PROJECT = Path(__file__).resolve().parent.parent
CONTRACTS = PROJECT.parent / "contracts" / "generated"
FEATURES = PROJECT.parent / "features" / "generated" / "features.json"


class GateError(Exception):
    """An error of our own: it has a stable code, and its message names no value of a row."""

    code: str


class ConfigurationError(GateError):
    """A variable or argument is wrong; the message says which and what it is for."""

    code = "CONFIG_INVALID"


@dataclass(frozen=True)
class Settings:
    """docs/interfaces.md#environment, the part that concerns BigQuery."""

    project_id: str
    location: str
    bigquery_endpoint: str | None
    max_bytes_billed: int
    run_id: str = "none"

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        """Raises ConfigurationError naming what is missing."""
        if not env.get("PROJECT_ID"):
            raise ConfigurationError(
                "PROJECT_ID is missing: the Google Cloud project that holds the warehouse, for example tributary-local."
            )
        return cls(
            project_id=env["PROJECT_ID"],
            location=env.get("BIGQUERY_LOCATION") or "US",
            bigquery_endpoint=env.get("BIGQUERY_ENDPOINT") or None,
            max_bytes_billed=int(env.get("MAX_BYTES_BILLED") or 10 * 2**30),
            run_id=env.get("RUN_ID") or "none",
        )

    def job_labels(self, **more: str) -> dict[str, str]:
        """Labels of a BigQuery job, by which costs are told apart: lower-case letters, digits, _ and -, at most 63."""
        labels = {"app": "tributary", "stage": "validate", "run_id": self.run_id, **more}
        return {name: re.sub(r"[^a-z0-9_-]", "-", value.lower())[:63] for name, value in labels.items()}


@cache
def contracts() -> dict[str, dict[str, Any]]:
    """The compiled contracts by stream. docs/interfaces.md#contracts"""
    return json.loads((CONTRACTS / "contracts.json").read_text())["streams"]


def contract(stream: str) -> dict[str, Any]:
    """Raises ConfigurationError where no contract declares the stream."""
    if stream not in contracts():
        raise ConfigurationError(f"{stream} is not a stream; contracts/ declares {', '.join(sorted(contracts()))}.")
    return contracts()[stream]


@cache
def identifiers() -> frozenset[str]:
    """Columns that name somebody or something: keys of streams and of entities. Who is told of a fault is told of no one's number."""
    keys = {key for stream in contracts().values() for key in stream["primaryKey"]}
    declared = json.loads(FEATURES.read_text())
    entities = {entity["joinKey"] for entity in declared["entities"]}
    sources = {source["entity_field"] for group in declared["groups"] for source in group["sources"]}
    return frozenset(keys | entities | sources)
