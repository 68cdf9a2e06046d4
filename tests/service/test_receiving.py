"""Bytes that come through the service: they go on where a connection broke, and appear whole or not at all."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from pipeline.errors import StoreError
from pipeline.flow.expiry import expire_uploads
from pipeline.service import receiving
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.store import make_store
from tests.service.serving import Serving, lines

CONTENT = lines(4_000)  # half a megabyte


@pytest.fixture
def ana(local):
    with local.client("ana") as client:
        yield client


def send_part_of_it(service: Serving, url: str, content: bytes, announced: int) -> None:
    """A connection that breaks after these bytes."""
    place = urlsplit(service.url)
    head = f"PUT {url} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: {announced}\r\n\r\n"
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(head.encode() + content)


def received(ana, dataset_id: str) -> int:
    [part] = ana.post(f"/api/datasets/{dataset_id}/upload").json()["data"]["parts"]
    return part["received_bytes"]


def wait_until(holds) -> None:
    while not holds():
        pass


def test_an_upload_goes_on_where_it_broke(local, ana):
    started = local.announce(ana, CONTENT)
    dataset_id, url = started["dataset"]["id"], started["upload"]["parts"][0]["url"]
    uploads = local.settings.data_dir / "uploads"

    send_part_of_it(local, url, CONTENT[:300_000], len(CONTENT))
    wait_until(lambda: received(ana, dataset_id) == 300_000)
    whole = list(uploads.rglob("*.jsonl"))
    early = ana.post(f"/api/datasets/{dataset_id}/confirm").status_code
    wrong = ana.put(url, content=CONTENT[5:], headers={"Upload-Offset": "5"})
    rest = ana.put(url, content=CONTENT[300_000:], headers={"Upload-Offset": "300000"})

    assert (whole, early) == ([], 409)
    assert (wrong.status_code, wrong.json()["error"]) == (
        409,
        "Upload-Offset: expected 300000, found 5: go on from there",
    )
    assert rest.json()["data"] == {"received_bytes": len(CONTENT)}
    assert [path.read_bytes() for path in uploads.rglob("*.jsonl")] == [CONTENT]
    assert list(uploads.rglob("*.part")) == []


def test_a_connection_that_comes_back_takes_over_from_the_one_that_hangs(local, ana):
    started = local.announce(ana, CONTENT)
    dataset_id, url = started["dataset"]["id"], started["upload"]["parts"][0]["url"]
    place = urlsplit(local.url)
    head = f"PUT {url} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
    with socket.create_connection((place.hostname, place.port)) as hanging:
        hanging.sendall(head.encode() + CONTENT[:1_000])
        wait_until(lambda: (local.settings.data_dir / "uploads/.incoming" / f"{dataset_id}.part").exists())

        again = ana.put(url, content=CONTENT)

    assert again.json()["data"] == {"received_bytes": len(CONTENT)}
    assert ana.post(f"/api/datasets/{dataset_id}/confirm").status_code == 200


def test_the_end_sent_twice_is_the_end(local, ana):
    """The answer may have got lost."""
    started = local.announce(ana, CONTENT)
    url = started["upload"]["parts"][0]["url"]
    ana.put(url, content=CONTENT)

    again = ana.put(url, content=b"", headers={"Upload-Offset": str(len(CONTENT))})

    assert again.json()["data"] == {"received_bytes": len(CONTENT)}


def test_a_confirmation_that_comes_while_bytes_come_in_breaks_nothing(local, ana, monkeypatch):
    """It finds all of them there, and puts them in place just before the connection that brought them would."""
    started = local.announce(ana, CONTENT)
    dataset_id, url = started["dataset"]["id"], started["upload"]["parts"][0]["url"]
    finish = receiving._finish
    confirmed = []

    def late(store, upload):
        with local.client("ana") as other:
            confirmed.append(other.post(f"/api/datasets/{dataset_id}/confirm").status_code)
        return finish(store, upload)

    monkeypatch.setattr(receiving, "_finish", late)
    sent = ana.put(url, content=CONTENT)

    assert (confirmed, sent.status_code, sent.json()["data"]) == ([200], 200, {"received_bytes": len(CONTENT)})


@pytest.mark.parametrize("moment", ["_open", "_finish"])
def test_what_is_swept_while_bytes_come_in_is_said(local, ana, monkeypatch, moment):
    """The upload goes on from its beginning."""
    started = local.announce(ana, CONTENT)
    dataset_id, url = started["dataset"]["id"], started["upload"]["parts"][0]["url"]
    original = getattr(receiving, moment)

    def swept(store, upload, *others):
        found = original(store, upload, *others) if moment == "_open" else None
        store.part_path(upload.dataset_id).unlink()
        return found if moment == "_open" else original(store, upload, *others)

    monkeypatch.setattr(receiving, moment, swept)
    sent = ana.put(url, content=CONTENT)
    monkeypatch.undo()

    assert (sent.status_code, sent.json()["error"]) == (409, "the upload ended while bytes came in: ask what arrived")
    assert received(ana, dataset_id) == 0
    assert ana.put(url, content=CONTENT).json()["data"] == {"received_bytes": len(CONTENT)}


def test_whatever_comes_together_no_answer_is_our_fault(local):
    """Sending, asking, confirming, deleting and restoring one upload, all at once."""
    content = lines(50)
    statuses = []

    def act(method, path, **options):
        with local.client("ana") as client:
            statuses.append((method, path.rpartition("/")[2][:8], client.request(method, path, **options).status_code))

    for _ in range(8):
        with local.client("ana") as client:
            started = local.announce(client, content)
        path, url = f"/api/datasets/{started['dataset']['id']}", started["upload"]["parts"][0]["url"]
        with ThreadPoolExecutor(8) as pool:
            for _ in range(2):
                pool.submit(act, "PUT", url, content=content)
                pool.submit(act, "POST", f"{path}/confirm")
                pool.submit(act, "POST", f"{path}/upload")
                pool.submit(act, "DELETE", path)
                pool.submit(act, "POST", f"{path}/restore")

    assert len(statuses) == 80
    assert [each for each in statuses if each[2] >= 500] == []


def test_a_store_that_is_not_mounted_takes_nothing_and_loses_nothing(local, ana):
    """What is put into the folder of a disk that is not there would be out of sight with it."""
    local.upload(ana, lines(1))
    whole, begun = local.announce(ana, CONTENT), local.announce(ana, CONTENT)
    confirm = f"/api/datasets/{whole['dataset']['id']}/confirm"
    ana.put(whole["upload"]["parts"][0]["url"], content=CONTENT)
    uploads = local.settings.data_dir / "uploads"
    uploads.rename(uploads.with_name("away"))

    answers = [
        ana.post("/api/datasets", json={"name": "Chat", "file_name": "chat.jsonl", "file_size": 100}),
        ana.put(begun["upload"]["parts"][0]["url"], content=CONTENT),
        ana.post(f"/api/datasets/{begun['dataset']['id']}/upload"),
        ana.post(confirm),
    ]
    with Catalog.open(local.settings.catalog_url) as catalog, pytest.raises(StoreError, match="found neither its mark"):
        expire_uploads(make_store(local.settings), catalog, local.settings, local.clock() + timedelta(hours=25))

    assert [answer.status_code for answer in answers] == [503] * 4
    assert not uploads.exists()
    uploads.with_name("away").rename(uploads)
    assert ana.post(confirm).status_code == 200
