"""What a store knows of the bytes that it has, and what is made of it: an encrypted object's ETag is no MD5."""

import hashlib
import threading
import uuid
import zlib
from base64 import b64encode
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.client import Client
from pipeline.client.stored_checksums import check_content
from pipeline.errors import RequestRefused
from pipeline.service.presigned_s3 import checksum_of
from tests.service.serving import lines, token

CONTENT = lines(20)
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).digest()
CRC32 = zlib.crc32(CONTENT).to_bytes(4, "big")
NO_MD5 = "0123456789abcdef" * 2  # as long as one, which is all that tells them apart by their looks


@pytest.mark.parametrize(
    ("said", "checksum"),
    [
        ({"ETag": f'"{MD5}"'}, f"md5:{MD5}"),
        ({"ETag": f'"{MD5}"', "ServerSideEncryption": "AES256"}, f"md5:{MD5}"),
        ({"ETag": f'"{MD5}-3"'}, f"md5-of-parts:{MD5}-3"),
        ({"ETag": f'"{NO_MD5}"', "ServerSideEncryption": "aws:kms"}, None),
        ({"ETag": f'"{NO_MD5}"', "ServerSideEncryption": "aws:kms:dsse"}, None),
        ({"ETag": f'"{NO_MD5}-3"', "ServerSideEncryption": "aws:kms"}, None),
        ({"ETag": f'"{NO_MD5}"', "SSECustomerAlgorithm": "AES256"}, None),
        ({"ETag": '"not-hex"'}, None),
        ({}, None),
        ({"ETag": f'"{NO_MD5}"', "ServerSideEncryption": "aws:kms", "ChecksumCRC64NVME": "x"}, None),
        (
            {"ETag": f'"{NO_MD5}"', "ServerSideEncryption": "aws:kms", "ChecksumSHA256": b64encode(SHA256).decode()},
            f"sha256:{SHA256.hex()}",
        ),
        (
            {"ETag": f'"{NO_MD5}"', "ServerSideEncryption": "aws:kms", "ChecksumCRC32": b64encode(CRC32).decode()},
            f"crc32:{CRC32.hex()}",
        ),
        ({"ETag": f'"{MD5}-2"', "ChecksumSHA256": "abc=-2", "ChecksumType": "COMPOSITE"}, f"md5-of-parts:{MD5}-2"),
    ],
)
def test_the_best_checksum_is_taken_and_none_is_made_up(said, checksum):
    assert checksum_of(said) == checksum


@pytest.mark.parametrize("checksum", [f"md5:{MD5}", f"sha256:{SHA256.hex()}", f"crc32:{CRC32.hex()}", "", "crc64:12"])
def test_a_file_is_compared_with_what_is_known(tmp_path, checksum):
    same, other = tmp_path / "same", tmp_path / "other"
    same.write_bytes(CONTENT)
    other.write_bytes(CONTENT[:-2] + b"x\n")

    check_content(same, checksum, [len(CONTENT)])

    if checksum.partition(":")[0] in ("md5", "sha256", "crc32"):
        with pytest.raises(RequestRefused, match="expected the checksum"):
            check_content(other, checksum, [len(CONTENT)])


class EncryptedBucket:
    """The few answers of S3 that one upload takes, as published for a bucket with keys of KMS."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        bucket = self

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                bucket.objects[self.path.partition("?")[0]] = (content, uuid.uuid4().hex)
                self._answer(200, bucket.objects[self.path.partition("?")[0]], b"")

            def do_HEAD(self):
                found = bucket.objects.get(self.path.partition("?")[0])
                self._answer(200 if found else 404, found, found[0] if found else b"")

            def do_GET(self):
                path, _, query = self.path.partition("?")
                if "uploads" in query:  # that are unfinished: none
                    root = "ListMultipartUploadsResult"
                    return self._answer(200, None, f"<{root}><IsTruncated>false</IsTruncated></{root}>".encode())
                if found := bucket.objects.get(path):  # the mark of the store, which is short
                    return self._answer(206, found, found[0], f"bytes 0-{len(found[0]) - 1}/{len(found[0])}")
                return self._answer(404, None, b"<Error><Code>NoSuchKey</Code></Error>")

            def _answer(self, status, found, body, content_range=None):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if content_range:
                    self.send_header("Content-Range", content_range)
                if found:
                    self.send_header("ETag", f'"{found[1]}"')
                    self.send_header("Last-Modified", formatdate(usegmt=True))
                    self.send_header("x-amz-server-side-encryption", "aws:kms")
                    self.send_header("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:x:1:key/2")
                    self.send_header("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")
                    self.send_header("x-amz-checksum-type", "FULL_OBJECT")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def bucket(monkeypatch) -> Iterator[EncryptedBucket]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    made = EncryptedBucket()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_an_upload_to_an_encrypted_bucket_is_not_called_damaged(serve, bucket, tmp_path):
    file = tmp_path / "chat.jsonl"
    file.write_bytes(CONTENT)
    service = serve(store="s3://bucket/prefix", s3_endpoint_url=bucket.url)

    with Client(service.url, token("ana")) as client:
        confirmed = client.upload(file)

    assert (confirmed.status, confirmed.checksum) == ("validating", None)
    assert confirmed.content_version.startswith("etag:")
    assert [content for path, (content, _) in bucket.objects.items() if not path.endswith("/.lora-installation")] == [
        CONTENT
    ]


def test_the_store_of_a_folder_knows_the_hash(local):
    with local.client("ana") as ana:
        dataset_id = local.upload(ana, CONTENT)
        again = ana.post(f"/api/datasets/{dataset_id}/confirm").json()["data"]

    assert again["checksum"] == f"sha256:{SHA256.hex()}"
