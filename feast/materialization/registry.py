"""Brings Feast's registry to what definitions.py says."""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from feast import FeatureStore
from feast.errors import ProjectObjectNotFoundException
from feast.repo_config import RepoConfig, load_repo_config
from feast.repo_operations import apply_total

from materialization.settings import REPO, Settings


def open_store(settings: Settings) -> FeatureStore:
    """The feature store, as feature_store.yaml and the environment configure it."""
    return FeatureStore(config=_config(settings))


def apply_if_changed(settings: Settings) -> bool:
    """
    Applies the definitions unless the registry holds exactly these; true when it applied.

    Sources are not looked at: the server starts before the marts exist. Two processes may apply at the same time: both write the same, and a
    local registry is replaced whole, so no reader sees half of one.
    """
    import definitions

    if _registered_fingerprint(settings) == definitions.fingerprint():
        return False
    config = _config(settings)
    # Feast reports on standard output, which belongs to the caller's result.
    with contextlib.redirect_stdout(sys.stderr), _replacing(config):
        apply_total(config, REPO, skip_source_validation=True)
    return True


def _config(settings: Settings) -> RepoConfig:
    settings.export()
    return load_repo_config(REPO, REPO / "feature_store.yaml")


def _registered_fingerprint(settings: Settings) -> str | None:
    import definitions

    try:
        store = open_store(settings)
        return store.get_project(store.project).tags.get(definitions.FINGERPRINT_TAG)
    except (FileNotFoundError, ProjectObjectNotFoundException):
        return None


@contextlib.contextmanager
def _replacing(config: RepoConfig):
    """Lets Feast write a local registry beside the real one, then puts it in its place in one step. Object stores do that by themselves."""
    if "://" in config.registry.path:
        yield
        return
    target = Path(config.registry.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".registry-") as folder:
        draft = Path(folder) / target.name
        if target.exists():
            shutil.copyfile(target, draft)
        config.registry.path = str(draft)
        yield
        os.replace(draft, target)
