"""How Feast is told where the online store is, and who asks."""

from feast.infra.online_stores.redis import RedisOnlineStore
from feast.repo_config import load_repo_config

from materialization.settings import REPO, Settings

LOCAL = {"PROJECT_ID": "tributary-test", "REDIS_ADDRESS": "10.0.0.3:6378", "FEAST_REGISTRY": "registry.db"}


def _parsed(env: dict[str, str]) -> tuple[list[dict[str, str]], dict[str, object]]:
    return RedisOnlineStore._parse_connection_string(Settings.read(env).redis_connection())


def test_a_store_on_this_machine_is_asked_without_password_and_encryption() -> None:
    assert _parsed(LOCAL) == ([{"host": "10.0.0.3", "port": "6378"}], {})


def test_a_store_in_the_cloud_is_asked_with_its_password_and_is_who_its_own_authority_says() -> None:
    nodes, options = _parsed(
        LOCAL | {"REDIS_PASSWORD": "0123", "REDIS_TLS": "true", "REDIS_CA_FILE": "/secrets/redis-ca/redis-ca.pem"}
    )
    assert nodes == [{"host": "10.0.0.3", "port": "6378"}]
    assert options == {
        "ssl": True,
        "ssl_ca_certs": "/secrets/redis-ca/redis-ca.pem",
        "ssl_check_hostname": False,
        "password": "0123",
    }


def test_without_an_authority_of_its_own_the_certificate_has_to_name_the_address() -> None:
    assert _parsed(LOCAL | {"REDIS_TLS": "true"})[1] == {"ssl": True}


def test_the_feature_store_of_the_repository_takes_it_whole(monkeypatch) -> None:
    settings = Settings.read(LOCAL | {"REDIS_PASSWORD": "a-b-c", "REDIS_TLS": "true", "REDIS_CA_FILE": "/ca.pem"})
    for name in ("PROJECT_ID", "BIGQUERY_LOCATION", "REDIS_ADDRESS", "FEAST_REGISTRY"):
        monkeypatch.setenv(name, "overwritten")
    settings.export()
    config = load_repo_config(REPO, REPO / "feature_store.yaml")
    assert config.online_store.connection_string == settings.redis_connection()
