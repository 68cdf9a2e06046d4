"""Who has no room left is told before a byte is sent: by the API, the client, the command and the page."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.client import Client
from pipeline.errors import RequestRefused
from tests.service.serving import lines, token

CONTENT = lines(10)
QUOTA = 2 * len(CONTENT)


@pytest.fixture
def service(serve):
    return serve(quota_bytes=QUOTA)


def new(size_bytes: int) -> dict[str, object]:
    return {"name": "x", "file_name": "x.jsonl", "file_size": size_bytes}


def test_the_answer_says_what_is_left(service):
    with service.client("ana") as ana:
        before = ana.get("/api/quota").json()["data"]
        started = service.announce(ana, CONTENT)
        after = ana.get("/api/quota").json()["data"]

    assert before == {"used_bytes": 0, "limit_bytes": QUOTA, "left_bytes": QUOTA}
    assert started["quota"] == after == {"used_bytes": len(CONTENT), "limit_bytes": QUOTA, "left_bytes": len(CONTENT)}


def test_what_does_not_fit_is_refused_and_fits_once_there_is_room(service):
    with service.client("ana") as ana, service.client("bob") as bob:
        first = service.upload(ana, CONTENT)
        refused = ana.post("/api/datasets", json=new(len(CONTENT) + 1))
        of_bob = bob.post("/api/datasets", json=new(QUOTA)).status_code
        ana.delete(f"/api/datasets/{first}")
        fits = ana.post("/api/datasets", json=new(QUOTA)).status_code
        back = ana.post(f"/api/datasets/{first}/restore")

    assert (refused.status_code, refused.json()["details"]["code"]) == (413, "over-quota")
    assert (of_bob, fits, back.status_code) == (201, 201, 413)


def test_two_at_once_do_not_both_take_the_last_place(serve):
    """Nor at two processes."""
    services = [serve(quota_bytes=QUOTA), serve(quota_bytes=QUOTA)]

    def announce(number: int) -> int:
        with services[number % 2].client("ana") as ana:
            return ana.post("/api/datasets", json=new(len(CONTENT))).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(announce, range(8)))

    assert statuses == [201] * 2 + [413] * 6


def test_the_client_is_told_before_it_sends(service, tmp_path):
    file = tmp_path / "large.jsonl"
    file.write_bytes(lines(30))
    with Client(service.url, token("ana")) as client:
        told = []
        with pytest.raises(RequestRefused, match="which is what is left of your"):
            client.upload(file, tell=told.append)

        assert (told, client.quota().left_bytes) == ([], QUOTA)
    assert list((service.settings.data_dir / "uploads").rglob("*.*")) == []


def test_the_page_says_it(service):
    with service.client("ana") as ana:
        service.announce(ana, CONTENT)
        page = ana.get("/datasets/new").text

    assert f'data-left-bytes="{len(CONTENT)}"' in page
    assert "are left." in page


def test_without_a_quota_nothing_is_said(local):
    with local.client("ana") as ana:
        found, page = ana.get("/api/quota").json()["data"], ana.get("/datasets/new").text

    assert found == {"used_bytes": 0, "limit_bytes": None, "left_bytes": None}
    assert 'id="quota"' not in page
