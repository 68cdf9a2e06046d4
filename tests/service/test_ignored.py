"""What becomes no dataset: its owner sees it in the API, on the page and in the client, and is told of it."""

import os

import pytest

from pipeline.client import Client
from pipeline.clock import utc_now
from pipeline.flow.intake import look
from pipeline.flow.scan import Cursor
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.store import make_store
from tests.service.serving import Serving, token


@pytest.fixture
def service(local: Serving) -> Serving:
    """One file each of Ana and Bob that the sensor saw, and one of nobody."""
    for name in (b"ana/spring/chat.jsonl", b"ana/caf\xe9.jsonl", b"bob/spring/secret.jsonl", b"stray.jsonl"):
        path = os.fsencode(local.settings.store) + b"/uploads/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"{}")
    with Catalog.open(local.settings.catalog_url) as catalog:
        look(make_store(local.settings), catalog, local.settings, Cursor(), utc_now())
    return local


def test_one_sees_ones_own_with_the_reason_and_the_remedy(service):
    with service.client("ana") as ana, service.client("root", admin=True) as root:
        mine = ana.get("/api/ignored").json()["data"]
        everybodys = root.get("/api/ignored").json()["data"]
        second = ana.get("/api/ignored", params={"page": 2, "limit": 1}).json()["data"]

    keys = ["uploads/ana/caf\\xe9.jsonl", "uploads/ana/spring/chat.jsonl"]
    assert ([each["key"] for each in mine["items"]], mine["total"]) == (keys, 2)
    kept = ("reason", "why", "what_to_do", "size_bytes")
    assert {name: mine["items"][1][name] for name in kept} == {
        "reason": "subfolder",
        "why": "it lies in a folder of its owner's",
        "what_to_do": "put it right under uploads/ana/",
        "size_bytes": 2,
    }
    assert everybodys["total"] == 4
    assert ([each["key"] for each in second["items"]], second["total"]) == (keys[1:], 2)


def test_the_page_and_the_bell_say_so_to_nobody_else(service):
    with service.client("ana") as ana, service.client("bob") as bob:
        pages = [client.get("/datasets").text for client in (ana, bob)]
        told = [each["title"] for each in ana.get("/api/notifications").json()["data"]["items"]]

    assert ["2 files in your folder" in pages[0], "secret.jsonl" in pages[0]] == [True, False]
    assert ["1 file in your folder" in pages[1], "chat.jsonl" in pages[1]] == [True, False]
    assert 'href="/datasets#ignored"' in pages[0]
    assert sorted(told) == ["caf\\xe9.jsonl is ignored", "chat.jsonl is ignored"]


def test_the_client_lists_them_all(service):
    with Client(service.url, token("ana")) as ana:
        assert [each.reason for each in ana.ignored()] == ["not-utf-8", "subfolder"]
        assert [each.dataset_id for each in ana.notifications()] == [None, None]
