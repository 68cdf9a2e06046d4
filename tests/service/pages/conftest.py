"""Installations with datasets of two people or with made conversations, and browsers that are signed in to them."""

import shutil
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.validation import Validator
from pipeline.service.app import create_app
from pipeline.service.pages.routes import no_such_page, pages
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from tests.installation import bad_file, valid_file
from tests.made import copied
from tests.service.pages.signed_in import PAGE
from tests.service.serving import SECRET, lines, token


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """An installation in which Ana has a ready and a rejected dataset and Bob has one; copied for each test."""
    folder = tmp_path_factory.mktemp("template") / "data"
    settings = load_settings(data_dir=folder, jwt_secret=SECRET)
    with TestClient(create_app(settings)) as client:
        for user, name, content in (
            ("ana", "good", valid_file(40)),
            ("ana", "bad", bad_file(30)),
            ("bob", "secret_of_bob", lines(40, "secret-words-of-bob")),
        ):
            _upload(client, user, name, content)
    store, lake = make_store(settings), make_lake(settings)
    validator = Validator(store, lake, Rules(has_near_duplicates=True), settings.max_upload_bytes, run_id="run-1")
    with Catalog.open(settings.catalog_url) as catalog:
        for dataset in catalog.unrequested(100, utc_now()):
            catalog.record_verdict(validator.validate(dataset).verdict(), utc_now())
    return folder


def _upload(client, user, name, content):
    headers = {"Authorization": f"Bearer {token(user)}"}
    new = {"name": name, "file_name": f"{name}.jsonl", "file_size": len(content)}
    started = client.post("/api/datasets", json=new, headers=headers).json()["data"]
    client.put(started["upload"]["parts"][0]["url"], content=content)
    assert client.post(f"/api/datasets/{started['dataset']['id']}/confirm", headers=headers).status_code == 200


@pytest.fixture
def open_as(template, tmp_path):
    """Signs a person in; `None` for nobody."""
    shutil.copytree(template, tmp_path / "data")
    settings = load_settings(data_dir=tmp_path / "data", jwt_secret=SECRET, requests_per_minute=100_000)
    with opened(settings) as signed_in:
        yield signed_in


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An installation in which conversations were made for ann, one for all tests of a module."""
    return copied(tmp_path_factory.mktemp("made") / "data")


@pytest.fixture(scope="module")
def made_as(made):
    """Signs a person in to it."""
    with opened(made.settings) as signed_in:
        yield signed_in


@pytest.fixture(scope="module")
def ann(made_as):
    """Her browser."""
    return made_as("ann")


@pytest.fixture(scope="module")
def made_catalog(made):
    """The catalog of that installation."""
    with made.catalog() as catalog:
        yield catalog


@contextmanager
def opened(settings):
    """Starts the service; what it lends signs people in."""
    app = create_app(settings, pages=[pages], no_such_page=no_such_page)
    with TestClient(app) as running:

        def signed_in(user, **claims):
            client = TestClient(app, follow_redirects=False)
            if user:
                answer = client.post("/login", data={"token": token(user, **claims)}, headers=PAGE)
                assert answer.status_code == 303
            return client

        yield signed_in
        assert running.get("/healthz").is_success


@pytest.fixture
def installation(open_as, tmp_path):
    """The settings of the installation that is open."""
    return load_settings(data_dir=tmp_path / "data", jwt_secret=SECRET)


@pytest.fixture
def catalog(installation):
    """Its catalog, for what runs and sensors would do to it."""
    with Catalog.open(installation.catalog_url) as opened:
        yield opened
