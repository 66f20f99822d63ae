"""Points google-cloud-bigquery clients that cannot be configured (Feast's offline store has one) at the local BigQuery.

Put this folder on PYTHONPATH. The client itself honours BIGQUERY_EMULATOR_HOST; what remains are credentials, which it looks for even
then, and the Storage API, which it would call at Google. Does nothing where BIGQUERY_EMULATOR_HOST is not set.

    BIGQUERY_EMULATOR_HOST   http://127.0.0.1:9050
    BIGQUERY_EMULATOR_GRPC   127.0.0.1:9060, the Storage API; optional, results come over REST without it
    GOOGLE_CLOUD_PROJECT     the project of clients that name none
"""

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import ModuleType

CLIENT_MODULE = "google.cloud.bigquery.client"


def _without_credentials() -> None:
    import google.auth
    from google.auth.credentials import AnonymousCredentials

    def default(*_args: object, **_options: object) -> tuple[AnonymousCredentials, str | None]:
        return AnonymousCredentials(), os.environ.get("GOOGLE_CLOUD_PROJECT")

    google.auth.default = default


def _local_storage_api(client_module: ModuleType) -> None:
    def ensure_bqstorage_client(self, bqstorage_client=None, client_options=None, client_info=None):
        address = os.environ.get("BIGQUERY_EMULATOR_GRPC")
        if not address:
            return None
        import grpc
        from google.cloud import bigquery_storage
        from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

        return bigquery_storage.BigQueryReadClient(
            transport=BigQueryReadGrpcTransport(channel=grpc.insecure_channel(address))
        )

    client_module.Client._ensure_bqstorage_client = ensure_bqstorage_client


class _AfterImport(importlib.abc.MetaPathFinder):
    """Changes the client as it is imported; importing it here would cost every Python process a second."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != CLIENT_MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _without_credentials()
            _local_storage_api(module)

        spec.loader.exec_module = exec_module
        return spec


if os.environ.get("BIGQUERY_EMULATOR_HOST"):
    sys.meta_path.insert(0, _AfterImport())
