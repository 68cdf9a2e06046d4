"""Addresses for uploads, on both stores: whatever is not exactly what was signed is refused, and nothing is stored."""

import time
from datetime import timedelta

import httpx2
import jwt
import pytest

from pipeline.clock import utc_now
from pipeline.service.presigned_s3 import layout
from pipeline.service.signing import Signer, secret_path
from pipeline.state.store import make_store
from tests.service.serving import Serving, lines

CONTENT = lines(2)
STORES = ["local", pytest.param("on_s3", marks=pytest.mark.needs_s3)]


@pytest.fixture(params=STORES)
def service(request: pytest.FixtureRequest) -> Serving:
    return request.getfixturevalue(request.param)


def stored(service: Serving) -> list[tuple[str, int]]:
    return [(each.key, each.size_bytes) for each in make_store(service.settings).list("uploads/")]


def put(service: Serving, url: str, content: bytes, headers: dict[str, str]) -> int:
    with httpx2.Client(base_url=service.url) as sender:
        return sender.put(url, content=content, headers=headers).status_code


@pytest.fixture
def started(service):
    with service.client("ana") as ana:
        yield service.announce(ana, CONTENT)


@pytest.fixture
def part(started):
    return started["upload"]["parts"][0]


def test_the_bytes_that_were_announced_arrive(service, started, part):
    status = put(service, part["url"], CONTENT, part["headers"])

    key = f"uploads/ana/{started['dataset']['id']}/chat.jsonl"
    assert (status, stored(service)) == (200, [(key, len(CONTENT))])


@pytest.mark.parametrize("content", [CONTENT + b"x", CONTENT[:-1], b""], ids=["oversize", "short", "empty"])
def test_other_lengths_are_refused(service, part, content):
    status = put(service, part["url"], content, part["headers"])

    assert (status in (400, 403, 413), stored(service)) == (True, [])


def test_a_tampered_address_is_refused(service, part):
    """Every character counts: a few of them, all along what is signed, are changed one at a time."""
    signed = part["url"].rpartition("?" if "?" in part["url"] else "/")[2]
    values = [
        n for n, c in enumerate(signed) if c.isalnum() and signed[:n].rpartition("&")[2].count("=") == ("&" in signed)
    ]
    statuses = set()
    for place in values[:-1][:: len(values) // 25]:
        other = "A" if signed[place] != "A" else "B"
        url = part["url"].removesuffix(signed) + signed[:place] + other + signed[place + 1 :]
        statuses.add(put(service, url, CONTENT, part["headers"]))

    assert statuses <= {400, 403, 404}
    assert stored(service) == []


def test_an_address_leads_to_no_other_users_object(service, part):
    """Another user's name in the place of the one that was signed."""
    if service.settings.store.startswith("s3://"):
        url = part["url"].replace("/uploads/ana/", "/uploads/bob/")
    else:
        claims = jwt.decode(part["url"].rpartition("/")[2], options={"verify_signature": False})
        forged = jwt.encode({**claims, "sub": "bob", "key": "uploads/bob/x/chat.jsonl"}, "x" * 32, "HS256")
        url = f"/api/uploads/{forged}"

    status = put(service, url, CONTENT, part["headers"])

    assert (status, stored(service)) == (403, [])


def test_an_expired_address_is_refused(local):
    with local.client("ana") as ana:
        ticket = local.announce(ana, CONTENT)["upload"]["parts"][0]["url"].rpartition("/")[2]
    claims = jwt.decode(ticket, options={"verify_signature": False})
    signer = Signer(secret_path(local.settings.data_dir).read_text())
    kept = {name: claims[name] for name in ("sub", "id", "key", "size")}

    statuses = [
        put(local, f"/api/uploads/{signer.sign('upload', kept, utc_now() + timedelta(seconds=ahead))}", CONTENT, {})
        for ahead in (-1, 60)
    ]

    assert statuses == [403, 200]


@pytest.mark.needs_s3
def test_an_expired_address_of_s3_is_refused(on_s3):
    on_s3.clock.ahead = timedelta(seconds=1 - on_s3.settings.upload_expiry_s)
    with on_s3.client("ana") as ana:
        part = on_s3.announce(ana, CONTENT)["upload"]["parts"][0]
    assert "X-Amz-Expires=1&" in part["url"]
    time.sleep(2)

    status = put(on_s3, part["url"], CONTENT, part["headers"])

    assert (status, stored(on_s3)) == (403, [])


def test_what_arrived_is_not_replaced(service, started, part):
    """Neither before the confirmation nor after."""
    first = put(service, part["url"], CONTENT, part["headers"])
    other = CONTENT.replace(b"hello", b"HELLO")

    before = put(service, part["url"], other, part["headers"])
    with service.client("ana") as ana:
        confirmed = ana.post(f"/api/datasets/{started['dataset']['id']}/confirm").status_code
    after = put(service, part["url"], other, part["headers"])

    assert (first, confirmed) == (200, 200)
    assert {before, after} <= {409, 412}
    [(key, _)] = stored(service)
    with make_store(service.settings).open(key) as reader:
        assert reader.read() == CONTENT


def test_nobody_else_gets_addresses_for_an_upload(service, started):
    with service.client("bob") as bob, service.client("root", admin=True) as admin:
        path = f"/api/datasets/{started['dataset']['id']}/upload"
        assert [bob.post(path).status_code, admin.post(path).status_code] == [404, 404]


def test_no_address_is_kept(service, started, part):
    """Neither in the catalog nor in any file of the installation."""
    secret = part["url"][-40:].encode()

    kept = [path for path in service.settings.data_dir.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert kept == []


def test_a_deleted_upload_takes_nothing_any_more(local):
    with local.client("ana") as ana:
        started = local.announce(ana, CONTENT)
        ana.delete(f"/api/datasets/{started['dataset']['id']}")

    assert put(local, started["upload"]["parts"][0]["url"], CONTENT, {}) == 409
    assert stored(local) == []


def test_nothing_is_left_behind_when_no_address_can_be_made(serve):
    """S3 without credentials cannot sign."""
    service = serve(store="s3://bucket", s3_endpoint_url="http://127.0.0.1:9")

    with service.client("ana") as ana:
        answer = ana.post("/api/datasets", json={"name": "x", "file_name": "x.jsonl", "file_size": 5})

        assert (answer.status_code, answer.json()["details"]["code"]) == (503, "store-error")
        assert ana.get("/api/datasets").json()["data"]["total"] == 0


@pytest.mark.needs_s3
def test_a_large_file_goes_to_s3_in_parts_and_comes_together(on_s3, monkeypatch):
    monkeypatch.setattr("pipeline.service.presigned_s3.SINGLE_BYTES", 8 << 20)
    content = bytes(range(256)) * (70 << 10)  # 17.5 MiB
    with on_s3.client("ana") as ana:
        started = on_s3.announce(ana, content)
        dataset_id = started["dataset"]["id"]
        first, second = started["upload"]["parts"]
        sent = put(on_s3, first["url"], content[: first["size_bytes"]], first["headers"])
        early = ana.post(f"/api/datasets/{dataset_id}/confirm").status_code
        resumed = ana.post(f"/api/datasets/{dataset_id}/upload").json()["data"]["parts"]
        oversize = put(on_s3, resumed[1]["url"], content[second["start"] :] + b"x", second["headers"])
        rest = put(on_s3, resumed[1]["url"], content[second["start"] :], second["headers"])
        confirmed = ana.post(f"/api/datasets/{dataset_id}/confirm")

    assert (sent, early, oversize, rest, confirmed.status_code) == (200, 409, 403, 200, 200)
    assert [part["received_bytes"] for part in resumed] == [first["size_bytes"], 0]
    assert stored(on_s3) == [(f"uploads/ana/{dataset_id}/chat.jsonl", len(content))]


@pytest.mark.parametrize("size_bytes", [1, 16 << 20, (16 << 20) + 1, 500_000_000, 5 << 40])
def test_parts_cover_a_file_without_gaps_and_are_not_too_many(size_bytes):
    parts = list(layout(size_bytes))

    assert [start for _, start, _ in parts] == [sum(size for _, _, size in parts[:n]) for n in range(len(parts))]
    assert sum(size for _, _, size in parts) == size_bytes
    assert [number for number, _, _ in parts] == list(range(1, len(parts) + 1))
    assert len(parts) <= 1_000
