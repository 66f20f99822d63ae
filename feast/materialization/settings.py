"""What a run needs to know of its surroundings."""

import json
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
    redis_password: str | None = None
    redis_tls: bool = False
    redis_ca_file: str | None = None

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
            redis_password=env.get("REDIS_PASSWORD") or None,
            redis_tls=env.get("REDIS_TLS") == "true",
            redis_ca_file=env.get("REDIS_CA_FILE") or None,
        )

    def job_labels(self, **more: str) -> dict[str, str]:
        """Labels of a BigQuery job, by which costs are told apart: lower-case letters, digits, _ and -, at most 63."""
        labels = {"app": "tributary", "stage": "materialize", "run_id": self.run_id, **more}
        return {name: re.sub(r"[^a-z0-9_-]", "-", value.lower())[:63] for name, value in labels.items()}

    def redis_connection(self) -> str:
        """The online store as Feast takes it: host:port, and options of its Redis client."""
        parts = [self.redis_address]
        if self.redis_tls:
            parts.append("ssl=true")
            if self.redis_ca_file is not None:
                # Memorystore's authority signs for one instance alone and names its address in no way that a client looks at, so who it
                # signed for is who was meant. https://cloud.google.com/memorystore/docs/redis/in-transit-encryption#certificate_authority
                parts += [f"ssl_ca_certs={self.redis_ca_file}", "ssl_check_hostname=false"]
        if self.redis_password is not None:
            # In quotes, for Feast reads values as JSON: a password of digits would be a number.
            parts.append(f"password={json.dumps(self.redis_password)}")
        return ",".join(parts)

    def export(self) -> None:
        """Gives feature_store.yaml its values."""
        os.environ.update(
            PROJECT_ID=self.project_id,
            BIGQUERY_LOCATION=self.location,
            REDIS_ADDRESS=self.redis_connection(),
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
