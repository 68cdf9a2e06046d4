"""What only S3 does: broken connections, refused keys, missing buckets, large objects."""

import io
import random
import socket

import pytest

from pipeline.errors import ObjectChanged, ObjectMissing, StoreError
from pipeline.settings import Settings
from pipeline.state.store import make_store
from pipeline.state.store.s3_client import make_s3_client
from pipeline.state.store.s3_store import S3Store
from tests.state.store.proxy import cut_answers, cutting_proxy

pytestmark = pytest.mark.needs_s3

KEY = "uploads/ana/train.jsonl"
DATA = random.Random(1).randbytes(3_000_000)


@pytest.fixture
def proxied_store(s3_gateway, s3_store):
    """The same store through a network that breaks, and that network."""
    with cutting_proxy(s3_gateway.port) as proxy:
        client = s3_gateway.client(proxy.endpoint_url)
        yield S3Store(client, s3_store.bucket, s3_store._root), proxy
        client.close()


@pytest.fixture
def aws_environment(s3_gateway, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)


def test_a_broken_connection_is_taken_up_where_it_broke(proxied_store, s3_store):
    s3_store.put(KEY, io.BytesIO(DATA), len(DATA))
    store, proxy = proxied_store
    proxy.cuts = [700_000, 1_000_000, 20_000, 1_500]

    with store.open(KEY, 100, 2_900_000) as reader:
        read = b"".join(iter(lambda: reader.read(100_000), b""))

    assert read == DATA[100:2_900_000]
    assert proxy.connection_count == 5


# In order: the status line twice, then within Content-Length, Content-Range (3), ETag, and later lines.
@pytest.mark.parametrize("cut", [5, 20, 50, 75, 95, 110, 210, 300, 395])
def test_an_answer_cut_within_its_head_is_not_taken_for_a_shorter_object(proxied_store, s3_store, monkeypatch, cut):
    monkeypatch.setattr("pipeline.state.store.s3_reader._FIRST_PAUSE_S", 0.001)
    s3_store.put(KEY, io.BytesIO(DATA), len(DATA))
    store, proxy = proxied_store
    proxy.cuts = [cut, 50_000, cut]

    with store.open(KEY, 1_000) as reader:
        assert reader.read() == DATA[1_000:]


def test_a_cut_is_noticed_whatever_the_order_of_the_lines(s3_gateway, monkeypatch):
    """Our gateway sends the length first; here it is last, and its end is missing."""
    monkeypatch.setattr("pipeline.state.store.s3_reader._FIRST_PAUSE_S", 0.001)
    head = b'HTTP/1.1 206 OK\r\nETag: "1"\r\nContent-Range: bytes 0-2999/3000\r\nContent-Length: 30'

    with cut_answers(head) as endpoint_url:
        client = s3_gateway.client(endpoint_url, max_attempts=1)
        with pytest.raises(StoreError) as failure, S3Store(client, "bucket").open(KEY):
            pass
        client.close()

    assert str(failure.value) == (
        f"the connection to s3://bucket/{KEY} broke 6 times at byte 0, last: asked for bytes 0-2999, "
        f"found bytes 0-2999/3000 of length 30; check the network to {endpoint_url}"
    )


def test_an_object_replaced_during_a_break_is_never_a_mixture(proxied_store, s3_store):
    s3_store.put(KEY, io.BytesIO(DATA), len(DATA))
    store, proxy = proxied_store
    proxy.cuts = [1_000_000]

    with store.open(KEY) as reader:
        assert reader.read(100_000) == DATA[:100_000]
        s3_store.put(KEY, io.BytesIO(DATA[::-1]), len(DATA))
        with pytest.raises(ObjectChanged) as change:
            reader.read()

    assert str(change.value) == (
        f"{store.uri(KEY)} changed since it was listed or opened: the new bytes are a new version, "
        "which the next look finds"
    )


def test_an_object_deleted_during_a_break_is_missing(proxied_store, s3_store):
    s3_store.put(KEY, io.BytesIO(DATA), len(DATA))
    store, proxy = proxied_store
    proxy.cuts = [1_000_000]

    with store.open(KEY) as reader:
        assert reader.read(100_000) == DATA[:100_000]
        s3_store.client.delete_object(Bucket=store.bucket, Key=s3_store.name(KEY))
        with pytest.raises(ObjectMissing):
            reader.read()


def test_a_connection_that_breaks_again_and_again_is_given_up(s3_gateway, s3_store, monkeypatch):
    monkeypatch.setattr("pipeline.state.store.s3_reader._FIRST_PAUSE_S", 0.001)
    s3_store.put(KEY, io.BytesIO(DATA), len(DATA))

    with cutting_proxy(s3_gateway.port) as proxy:
        client = s3_gateway.client(proxy.endpoint_url, max_attempts=1)
        store = S3Store(client, s3_store.bucket, s3_store._root)
        proxy.cuts = [100_000, *[100] * 6]  # within the head of each later answer
        with store.open(KEY) as reader, pytest.raises(StoreError) as failure:
            reader.read()
        client.close()

    message = str(failure.value)
    assert message.startswith(f"the connection to {store.uri(KEY)} broke 6 times at byte 99,")
    assert message.endswith(f"; check the network to {proxy.endpoint_url}")


def test_a_large_object_is_stored_in_parts_and_read_back(s3_store):
    data = DATA * 6

    stored = s3_store.put(KEY, io.BytesIO(data), len(data))

    assert stored.size_bytes == 18_000_000
    assert stored.observed_version.endswith("-3")
    with s3_store.open(KEY) as reader:
        assert reader.read() == data


def test_a_large_source_that_ends_early_leaves_nothing(s3_store):
    with pytest.raises(Exception, match="found only 12,000,000"):
        s3_store.put(KEY, io.BytesIO(DATA * 4), 12_000_001)

    assert list(s3_store.list("")) == []
    pending = s3_store.client.list_multipart_uploads(Bucket=s3_store.bucket).get("Uploads", [])
    assert [upload for upload in pending if upload["Key"] == s3_store.name(KEY)] == []


def test_names_that_no_method_would_take_are_left_out(s3_store):
    for name in ("uploads/", "uploads/ana/", "uploads//a", "uploads/../a", "uploads/a\\b", "uploads/ana/good.jsonl"):
        s3_store.client.put_object(Bucket=s3_store.bucket, Key=s3_store._root + name, Body=b"1")

    assert [obj.key for obj in s3_store.list("uploads/")] == ["uploads/ana/good.jsonl"]


def test_the_settings_lead_to_the_bucket(s3_gateway, s3_bucket, aws_environment):
    _, bucket = s3_bucket
    settings = Settings(store=f"s3://{bucket}/a #?/b/", s3_endpoint_url=s3_gateway.endpoint_url)

    store = make_store(settings)
    stored = store.put(KEY, io.BytesIO(b"1"), 1)

    assert list(store.list("uploads/")) == [stored]
    assert store.uri(KEY) == f"s3://{bucket}/a #?/b/{KEY}"
    assert store.bucket == bucket
    assert store.local_path(KEY) is None
    store._client.close()


def test_a_whole_bucket_is_a_store(s3_gateway):
    client = s3_gateway.client()
    store = make_store(Settings(store=f"s3://{s3_gateway.new_bucket()}"), lambda: client)

    stored = store.put(KEY, io.BytesIO(b"1"), 1)

    assert list(store.list("")) == [stored]
    client.close()


def _uses(store: S3Store):
    def open_it():
        with store.open(KEY):
            pass

    return {
        "list": lambda: list(store.list("uploads/")),
        "look at": lambda: store.stat(KEY),
        "read": open_it,
        "write": lambda: store.put(KEY, io.BytesIO(b"1"), 1),
    }


def test_a_wrong_secret_is_named_as_the_cause(s3_gateway, s3_store):
    client = s3_gateway.client(secret_key="wrong")
    store = S3Store(client, s3_store.bucket)

    for action, use in _uses(store).items():
        with pytest.raises(StoreError) as failure:
            use()
        uri = f"s3://{store.bucket}/uploads/" if action == "list" else store.uri(KEY)
        code = "403" if action == "look at" else "SignatureDoesNotMatch"
        assert type(failure.value) is StoreError
        assert str(failure.value) == (
            f"{s3_gateway.endpoint_url} refused to {action} {uri} ({code}): check AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and what the key may do in the bucket"
        )
    client.close()


def test_a_missing_bucket_is_not_taken_for_a_missing_object(s3_gateway, s3_bucket):
    client, _ = s3_bucket
    store = S3Store(client, "no-such-bucket")

    for use in _uses(store).values():
        with pytest.raises(StoreError) as failure:
            use()
        assert type(failure.value) is StoreError
        assert str(failure.value) == (
            f"the bucket no-such-bucket does not exist at {s3_gateway.endpoint_url}: create it, or check LORA_STORE"
        )


def test_an_endpoint_that_nobody_listens_at_is_named(aws_environment):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    store = make_store(Settings(store="s3://bucket", s3_endpoint_url=f"http://127.0.0.1:{port}"))

    with pytest.raises(StoreError) as failure:
        list(store.list("uploads/"))

    message = str(failure.value)
    assert message.startswith("could not list s3://bucket/uploads/: ")
    assert message.endswith(f"; check that http://127.0.0.1:{port} is up and LORA_S3_ENDPOINT_URL right")
    store._client.close()


def test_missing_credentials_are_named_with_the_variables_to_set(s3_gateway, aws_environment, monkeypatch):
    for name in s3_gateway.environment:
        monkeypatch.delenv(name)
    store = make_store(Settings(store="s3://bucket", s3_endpoint_url=s3_gateway.endpoint_url))

    with pytest.raises(StoreError) as failure:
        store.stat(KEY)

    assert str(failure.value) == (
        f"no credentials to look at s3://bucket/{KEY}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    )
    store._client.close()


def test_an_endpoint_that_is_no_url_is_refused_with_the_setting():
    with pytest.raises(StoreError) as failure:
        make_s3_client("not a url")

    assert str(failure.value) == (
        "no S3 client for the endpoint 'not a url': Invalid endpoint: not a url; "
        "check LORA_S3_ENDPOINT_URL and AWS_PROFILE"
    )


def test_descriptions_of_s3_are_read_once_a_process(monkeypatch):
    """Each sensor makes a client at each look; reading them anew was most of what an idle installation cost."""
    make_s3_client("http://127.0.0.1:9").close()
    monkeypatch.delattr("botocore.loaders.JSONFileLoader.load_file")

    make_s3_client("http://127.0.0.1:9").close()
