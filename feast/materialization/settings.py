"""What a run needs to know of its surroundings."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

REPO = Path(__file__).resolve().parent.parent


class ConfigurationError(Exception):
    """A variable is missing; the message says which and what it is for."""

    code = "CONFIG_INVALID"


# docs/interfaces.md#environment
_REQUIRED = {
    "PROJECT_ID": "the Google Cloud project that holds the warehouse, for example tributary-local",
    "REDIS_ADDRESS": "the Redis of the online store, for example 127.0.0.1:6379",
    "FEAST_REGISTRY": "Feast's registry: a file, or a gs:// URI",
}


@dataclass(frozen=True)
class Settings:
    """docs/interfaces.md#environment, the part that concerns Feast."""

    project_id: str
    location: str
    bigquery_endpoint: str | None
    max_bytes_billed: int
    redis_address: str
    registry: str
    run_id: str = "none"

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        """Raises ConfigurationError naming everything that is missing."""
        missing = [f"{name} is missing: {purpose}." for name, purpose in _REQUIRED.items() if not env.get(name)]
        if missing:
            raise ConfigurationError(" ".join(missing))
        return cls(
            project_id=env["PROJECT_ID"],
            location=env.get("BIGQUERY_LOCATION") or "US",
            bigquery_endpoint=env.get("BIGQUERY_ENDPOINT") or None,
            max_bytes_billed=int(env.get("MAX_BYTES_BILLED") or 10 * 2**30),
            redis_address=env["REDIS_ADDRESS"],
            registry=_absolute(env["FEAST_REGISTRY"]),
            run_id=env.get("RUN_ID") or "none",
        )

    def job_labels(self, **more: str) -> dict[str, str]:
        """Labels of a BigQuery job, by which costs are told apart: lower-case letters, digits, _ and -, at most 63."""
        labels = {"app": "tributary", "stage": "materialize", "run_id": self.run_id, **more}
        return {name: re.sub(r"[^a-z0-9_-]", "-", value.lower())[:63] for name, value in labels.items()}

    def export(self) -> None:
        """Gives feature_store.yaml its values."""
        os.environ.update(
            PROJECT_ID=self.project_id,
            BIGQUERY_LOCATION=self.location,
            REDIS_ADDRESS=self.redis_address,
            FEAST_REGISTRY=self.registry,
        )


def _absolute(registry: str) -> str:
    # Feast would take a relative path as relative to its repository.
    return registry if "://" in registry else str(Path(registry).resolve())


def start_optimized() -> None:
    """
    Starts this process anew under `python -O` unless it runs so already.

    Feast wraps its classes in typeguard, which reads and recompiles their source at every import; -O turns that off. Importing Feast takes
    1.3 s instead of 4 s. The byte code may be cached even where the environment says otherwise: without it -O compiles everything again.
    """
    if sys.flags.optimize:
        return
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    os.execve(sys.executable, [sys.executable, "-O", *sys.argv], env)
