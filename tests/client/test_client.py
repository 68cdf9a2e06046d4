"""The client against a real service: uploads whole, resumed, compared; refusals as errors."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.client import Client
from pipeline.contract.marked_line import MarkedLine
from pipeline.contract.row_values import RowQuery
from pipeline.errors import DatasetNotFound, JobNotFound, RequestRefused, ServiceError, UsageError
from pipeline.service.new_job import NewJob
from pipeline.training.setup import Setup
from tests.installation import bad_file
from tests.service.conftest import local, on_s3, serve
from tests.service.serving import Serving, lines, token

__all__ = ["local", "on_s3", "serve"]
STORES = ["local", pytest.param("on_s3", marks=pytest.mark.needs_s3)]


@pytest.fixture(params=STORES)
def service(request: pytest.FixtureRequest) -> Serving:
    return request.getfixturevalue(request.param)


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "chat.jsonl"
    path.write_bytes(lines(4_000))
    return path


def client(service: Serving, url: str = "") -> Client:
    return Client(url or service.url, token("ana"))


def test_a_file_is_uploaded_validated_and_read_back(service, file):
    told = []
    with client(service) as ana:
        dataset = ana.upload(file, name="Support chat", format="openai", tell=told.append)
        expected = ana.dataset(dataset.id).format
        service.validate()
        verdict = ana.wait(dataset.id)
        page = ana.datasets(search="SUPPORT")

    assert (dataset.status, verdict.status, verdict.conversation_count) == ("validating", "ready", 4_000)
    assert expected == "openai"
    assert sum(told) == file.stat().st_size
    assert [each.id for each in page.items] == [dataset.id]


def test_every_finding_is_read(local, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(bad_file(1_200))
    with client(local) as ana:
        dataset = ana.upload(path)
        local.validate()

        found = [each.line for each in ana.findings(dataset.id, "malformed-json")]

        assert found == list(range(3, 1_203))
        page = ana.findings_with_lines(dataset.id, "malformed-json", page=2, limit=1)
        assert (page.items[0].line, page.lines) == (4, [MarkedLine("{", "n", "ot json", 2)])
        assert ana.notifications(unread_only=True)[0].kind == "dataset_error"


def test_rows_are_looked_at(service, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(bad_file(3))
    with client(service) as ana:
        dataset = ana.upload(path)
        service.validate()

        found = ana.rows(dataset.id, RowQuery(text="words 1-", turns_max=2), limit=1)
        rejected = ana.rejected_rows(dataset.id, "malformed-json", limit=1)

        assert ([each.row for each in found.items], found.total) == ([2], 1)
        assert (rejected.total, rejected.items[0].text) == (3, MarkedLine("{", "n", "ot json", 2))


def test_files_of_a_dataset_are_taken_home(local, tmp_path):
    path, place = tmp_path / "good.jsonl", tmp_path / "taken"
    path.write_bytes(lines(20))
    with client(local) as ana:
        dataset = ana.upload(path)
        local.validate()

        assert ana.mend_preview(dataset.id).lines_out == 1
        ana.download_original(dataset.id, place)
        assert place.read_bytes() == path.read_bytes()
        ana.download_converted(dataset.id, "sharegpt", place)
        assert (
            place.read_text("utf-8").count('"from": "human"') + place.read_text("utf-8").count('"from":"human"') == 20
        )
        ana.download_mended(dataset.id, place)
        assert place.read_bytes() == path.read_bytes().splitlines(keepends=True)[0]
        with pytest.raises(DatasetNotFound):
            ana.download_original("none", place)
        path.write_bytes(lines(21, "other"))
        newer = ana.upload(path, replaces=dataset.id)
        local.validate()
        assert (newer.replaces, ana.dataset(dataset.id).deleted_at is None) == (dataset.id, False)
        assert ana.compare(newer.id, dataset.id).changed == 20


@pytest.mark.needs_s3
def test_a_large_file_goes_in_parts_and_its_checksum_is_compared(on_s3, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.service.presigned_s3.SINGLE_BYTES", 8 << 20)
    path = tmp_path / "large.jsonl"
    path.write_bytes(random.Random(1).randbytes(17 << 20))

    with client(on_s3) as ana:
        dataset = ana.upload(path)

    assert dataset.content_version.endswith("-2")


@contextmanager
def breaking_proxy(target: str, break_after: list[int]) -> Iterator[str]:
    """Passes connections on to the service; each of the first ones ends after so many bytes of the client's."""
    place = urlsplit(target)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, left: int | None) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                if left is not None:
                    chunk, left = chunk[:left], left - len(chunk)
                sink.sendall(chunk)
                if left is not None and left <= 0:
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        while True:
            try:
                coming, _ = listener.accept()
            except OSError:
                return
            going = socket.create_connection((place.hostname, place.port))
            left = break_after.pop(0) if break_after else None
            sockets.extend((coming, going))
            for way in ((coming, going, left), (going, coming, None)):
                pumps.append(threading.Thread(target=pump, args=way))
                pumps[-1].start()

    sockets: list[socket.socket] = []
    pumps: list[threading.Thread] = []
    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        for each in pumps:
            each.join()
        for each in (listener, *sockets):
            each.close()


def test_a_connection_that_breaks_again_and_again_ends_with_all_bytes_there(local, file):
    breaks = [200_000, 150_000, 50_000]
    with breaking_proxy(local.url, breaks) as url, client(local, url) as ana:
        dataset = ana.upload(file)

    assert (dataset.status, breaks) == ("validating", [])
    stored = local.settings.data_dir / "uploads" / "ana" / dataset.id / "chat.jsonl"
    assert stored.read_bytes() == file.read_bytes()


def test_an_upload_is_taken_up_by_another_process(local, file):
    content = file.read_bytes()
    with local.client("ana") as raw, client(local) as ana:
        started = local.announce(raw, content)
        dataset_id = started["dataset"]["id"]
        part = local.settings.data_dir / "uploads/.incoming" / f"{dataset_id}.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(content[:100_000])
        told = []

        dataset = ana.upload(file, mapping="auto", resume_id=dataset_id, tell=told.append)

        assert (dataset.id, told[0], sum(told)) == (dataset_id, 100_000, len(content))
    assert dataset.mapping == "auto"


def test_another_file_does_not_go_on_with_an_upload(local, file, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"x")
    with local.client("ana") as raw, client(local) as ana:
        dataset_id = local.announce(raw, file.read_bytes())["dataset"]["id"]

        with pytest.raises(UsageError, match="bytes that were announced, found 1"):
            ana.upload(other, resume_id=dataset_id)


def test_a_file_that_changes_on_the_way_is_noticed(service, file):
    def change(size_bytes: int) -> None:
        if size_bytes:  # from the first block on
            file.write_bytes(file.read_bytes().replace(b"hello", b"HELLO"))

    with client(service) as ana, pytest.raises(RequestRefused, match=r"expected the checksum \w+ in the store, found"):
        ana.upload(file, tell=change)


def test_refusals_are_the_services_own_sentences(local, tmp_path):
    with client(local) as ana:
        with pytest.raises(DatasetNotFound, match="expected the id of a dataset of ana, found 'nothing'"):
            ana.dataset("nothing")
        with pytest.raises(UsageError, match="expected a file, found nothing"):
            ana.upload(tmp_path / "none.jsonl")
    with Client(local.url, "wrong") as nobody, pytest.raises(RequestRefused, match="the token is not valid"):
        nobody.datasets()


def test_a_service_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr("pipeline.client.connection._FIRST_PAUSE_S", 0)

    with Client("http://127.0.0.1:9", "x") as ana, pytest.raises(ServiceError, match="cannot reach"):
        ana.datasets()


def test_a_training_job_is_estimated_compared_made_found_taken_and_given_up(local, file, tmp_path):
    setup = Setup("Qwen3-8B", gpu="RTX-4090", method="qlora", overrides={"epochs": "2"})
    with client(local) as ana:
        dataset = ana.upload(file, name="Support chat")
        local.validate()

        estimate = ana.estimate_job(dataset.id, setup)
        compared = ana.compare_jobs(dataset.id, [setup], gpus=["RTX-4090", "H100-SXM"])
        job = ana.create_job(dataset.id, setup)
        found = ana.jobs(search="support CHAT", status="configured", sort="cost")
        places = ana.download_job(job.id, tmp_path / "job")
        sizes = {each.name: each.size_bytes for each in ana.job_files(job.id)}
        gone = ana.cancel_job(job.id)

        assert (ana.job(job.id), ana.jobs(status="configured").total) == (gone, 0)
        assert "RTX-4090" in {gpu.name for gpu in ana.catalogue().gpus}
        assert (ana.read_all_notifications(), ana.notifications(unread_only=True)) == (1, [])
        with pytest.raises(JobNotFound, match="expected the id of a training job of ana, found 'none'"):
            ana.job("none")
        with pytest.raises(RequestRefused, match="what would fit: "):
            ana.create_job(dataset.id, Setup("Llama-3.1-70B", gpu="RTX-4090"))
    assert estimate.cost_usd == found.items[0].cost_usd
    assert [each.estimate for each in compared.items if each.setup.gpu == "RTX-4090"] == [estimate]
    assert ([each.id for each in found.items], found.counts["configured"], gone.status) == ([job.id], 1, "cancelled")
    assert {place.relative_to(tmp_path / "job").as_posix(): place.stat().st_size for place in places} == sizes


def test_what_a_client_asks_for_is_what_the_service_takes():
    assert {field.name for field in fields(Setup)} == set(NewJob.model_fields)


def test_a_file_with_a_very_long_name_is_uploaded(local, tmp_path):
    file = tmp_path / f"{'x' * 240}.jsonl"
    file.write_bytes(lines(1))

    with client(local) as ana:
        assert ana.upload(file).name == "x" * 200


@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        (b"", {}, "expected conversations, found an empty file"),
        (b"{}", {"name": "x" * 201}, "cannot be uploaded like this: name: String should have at most 200 characters"),
        (b"{}", {"licence": "none"}, "cannot be uploaded like this: licence: Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_announced_is_refused_in_a_sentence(local, tmp_path, content, given, said):
    file = tmp_path / "chat.jsonl"
    file.write_bytes(content)

    with client(local) as ana, pytest.raises(UsageError) as caught:
        ana.upload(file, **given)

    assert said in str(caught.value)
