"""Configuration: the environment is read in one place, all that is wrong with it is said at once."""

from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import PROJECT_DIR, Settings, load_settings


def test_the_defaults_keep_everything_in_the_projects_data_folder():
    """A clone runs on an empty machine with no server."""
    settings = load_settings()

    data = PROJECT_DIR / "data"
    assert (settings.store, settings.lake) == (str(data), str(data / "lake"))
    assert settings.catalog_url == f"sqlite:///{data}/catalog.db"
    assert (settings.warehouse, settings.dagster_home) == (data / "warehouse.duckdb", data / "dagster_home")


def test_the_local_places_follow_the_data_folder(tmp_path, monkeypatch):
    """One variable moves an installation."""
    monkeypatch.setenv("LORA_DATA_DIR", str(tmp_path))

    settings = load_settings()

    assert settings.store == str(tmp_path)
    assert settings.warehouse == tmp_path / "warehouse.duckdb"


def test_relative_places_become_absolute(tmp_path, monkeypatch):
    """The warehouse's views name files; they must not depend on where a query is asked."""
    monkeypatch.chdir(tmp_path)

    settings = load_settings(data_dir="here", lake="my/lake/", warehouse=Path("w.duckdb"))

    assert settings.lake == str(tmp_path / "my" / "lake")
    assert settings.warehouse == tmp_path / "w.duckdb"
    assert settings.data_dir == tmp_path / "here"


def test_one_variable_each_moves_store_catalog_and_lake(monkeypatch):
    """To S3, to PostgreSQL, to S3."""
    monkeypatch.setenv("LORA_STORE", "s3://uploads/prefix/")
    monkeypatch.setenv("LORA_LAKE", "s3://lake")
    monkeypatch.setenv("LORA_CATALOG_URL", "postgresql://lora@db/lora")

    settings = load_settings()

    assert (settings.store, settings.lake) == ("s3://uploads/prefix", "s3://lake")
    assert settings.catalog_url == "postgresql://lora@db/lora"


def test_everything_that_is_wrong_is_said_at_once(monkeypatch):
    """One look, one correction."""
    monkeypatch.setenv("LORA_BATCH_MAX_DATASETS", "0")
    monkeypatch.setenv("LORA_STORE", "ftp://somewhere")
    monkeypatch.setenv("LORA_DEFAULT_OWNER", "..")
    monkeypatch.setenv("LORA_ENGINE", "dask://ana:hush@scheduler:8786")

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert str(raised.value).splitlines() == [
        "settings that cannot be used:",
        "  LORA_STORE: Value error, expected a folder or s3://bucket/prefix (found 'ftp://somewhere')",
        "  LORA_DEFAULT_OWNER: Value error, expected 1 to 128 letters, digits or . _ @ - (found '..')",
        "  LORA_BATCH_MAX_DATASETS: Input should be greater than 0 (found '0')",
        "  LORA_ENGINE: Value error, expected processes, dask://host:port, such as dask://scheduler:8786, or "
        "ray://host:port, such as ray://head:10001 (found "
        "'dask://ana:***@scheduler:8786')",
    ]


def test_a_bucket_needs_a_name():
    """`s3://` alone is a typing error."""
    with pytest.raises(SettingsError) as raised:
        load_settings(lake="s3:///prefix")

    assert "LORA_LAKE: Value error, expected s3://bucket or s3://bucket/prefix" in str(raised.value)


@pytest.mark.parametrize(
    ("store", "events", "expected"),
    [
        ("s3://bucket", "https://sqs.eu-central-1.amazonaws.com/123456789012/lora", "expected sqs://<region>/<account>/"),
        ("data", "sqs://eu-central-1/123456789012/lora", "expected with LORA_STORE=s3://…: only a bucket tells"),
    ],
)  # fmt: skip
def test_a_queue_of_uploads_has_a_place_and_belongs_to_a_bucket(store, events, expected):
    with pytest.raises(SettingsError) as raised:
        load_settings(store=store, events=events)

    assert f"LORA_EVENTS: Value error, {expected}" in str(raised.value)


def test_an_engine_is_this_machine_or_the_address_of_a_scheduler():
    for engine in ("dask://scheduler", "ray://head:65536", "dask://scheduler:0", "dask://scheduler:8786/"):
        with pytest.raises(
            SettingsError, match="expected processes, dask://host:port, such as dask://scheduler:8786, "
        ):
            load_settings(engine=engine)
    for engine in ("dask://[::1]:8786", "ray://head-1:10001"):
        assert load_settings(engine=engine).engine == engine


@pytest.mark.parametrize("name", ["s3_endpoint_url", "sqs_endpoint_url", "jwks_url", "webhook_url", "service_url"])
def test_an_address_can_be_one(name):
    """A client that is made of it later fails with words that name no setting."""
    assert load_settings(**{name: "http://host:9000"})
    for address, expected in (("host:9000", "an address that begins with"), ("http://host:65536", "a port from 1 to ")):
        with pytest.raises(SettingsError, match=f"LORA_{name.upper()}: Value error, expected {expected}"):
            load_settings(**{name: address})
    with pytest.raises(SettingsError, match="LORA_SMTP_URL: Value error, expected a port from 1 to 65535"):
        load_settings(smtp_url="smtp://host:0")


def test_settings_cannot_be_changed_afterwards(settings):
    """What was printed is what is used."""
    with pytest.raises(ValueError, match="frozen"):
        settings.max_attempts = 5


def test_shown_settings_hide_the_password():
    """They end up in terminals and tickets."""
    shown = load_settings(
        catalog_url="postgresql://lora:hush@db:5432/lora?sslmode=require&password=hush&connect_timeout=5",
        jwt_secret="hush" * 8,
        service_secret="hush" * 8,
        webhook_secret="hush" * 8,
        webhook_url="https://hooks.example.com/hush?key=hush",
        operator_webhook_url="https://chat.example.com/hush",
        smtp_url="smtps://ops:hush@mail.example.com",
        sqs_endpoint_url="https://queue:hu@s/h@sqs.example.com",
    ).masked()

    assert shown["catalog_url"] == ("postgresql://lora:***@db:5432/lora?sslmode=require&password=***&connect_timeout=5")
    assert shown["webhook_url"] == "https://hooks.example.com/***"
    assert shown["operator_webhook_url"] == "https://chat.example.com/***"
    assert shown["jwt_secret"] == "**********"
    assert shown["sqs_endpoint_url"] == "https://queue:***@sqs.example.com"
    assert set(shown) == set(Settings.model_fields)
    assert "hush" not in str(shown)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"operator_email": "ops@example.com"}, "LORA_SMTP_URL: Value error, expected the mail server's address"),
        ({"operator_email": "ops"}, "LORA_OPERATOR_EMAIL: Value error, expected addresses such as"),
        ({"operator_email": "ö@example.com"}, "LORA_OPERATOR_EMAIL: Value error, expected addresses such as"),
        ({"smtp_url": "mail.example.com:25"}, "LORA_SMTP_URL: Value error, expected smtp://host:587"),
        ({"smtp_url": "smtps://bob:se#cret@host:465"}, "LORA_SMTP_URL: Value error, expected smtp://host:587[^#]*$"),
        ({"smtp_url": "smtp://host:abc"}, "LORA_SMTP_URL: Value error, expected smtp://host:587"),
    ],
)
def test_mail_needs_addresses_and_a_server(given, expected):
    with pytest.raises(SettingsError, match=expected):
        load_settings(**given)


def test_a_secret_that_is_too_short_is_refused_and_not_repeated(monkeypatch):
    monkeypatch.setenv("LORA_JWT_SECRET", "hush")

    with pytest.raises(SettingsError) as raised:
        load_settings()

    expected = "settings that cannot be used:\n  LORA_JWT_SECRET: Value error, expected 32 bytes or more, found 4"
    assert str(raised.value) == expected


def test_every_setting_is_described():
    """The page of settings is made from these."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
