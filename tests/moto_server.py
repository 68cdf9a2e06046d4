"""A bucket that tells a queue of its uploads, by moto's server in this process: the fixture `uploads_told`.

Rights moto does not know: refusals are tried with botocore's stubs.
"""

import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from pipeline.settings import Settings, load_settings
from pipeline.state.store.event_queue import EventQueue, make_event_queue
from pipeline.state.store.s3_client import make_client
from pipeline.state.store.s3_store import S3Store

REGION, ACCOUNT = "us-east-1", "123456789012"
PREFIX = "in"


@dataclass
class UploadsTold:
    """A bucket of its own, and the queue into which it tells of uploads; what nobody can read goes to `dead`."""

    endpoint_url: str
    name: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:12]}")
    most_receives: int = 2

    def __post_init__(self) -> None:
        self.s3.create_bucket(Bucket=self.name)
        self.make_queues()

    @cached_property
    def s3(self) -> Any:
        return make_client("s3", self.endpoint_url, REGION)

    @cached_property
    def sqs(self) -> Any:
        return make_client("sqs", self.endpoint_url, REGION)

    @property
    def url(self) -> str:
        return f"{self.endpoint_url}/{ACCOUNT}/{self.name}"

    @property
    def places(self) -> dict[str, str]:
        """The settings of an installation over them."""
        return {
            "store": f"s3://{self.name}/{PREFIX}",
            "s3_endpoint_url": self.endpoint_url,
            "events": f"sqs://{REGION}/{ACCOUNT}/{self.name}",
            "sqs_endpoint_url": self.endpoint_url,
        }

    def settings(self, **others: object) -> Settings:
        return load_settings(**self.places, **others)

    @property
    def queue(self) -> EventQueue:
        queue = make_event_queue(self.settings())
        assert queue is not None
        return queue

    @property
    def store(self) -> S3Store:
        return S3Store(self.s3, self.name, PREFIX)

    def make_queues(self) -> None:
        """Make both queues, and have the bucket tell of what is put into it and removed."""
        self.sqs.create_queue(QueueName=f"{self.name}-dead")
        redrive = {"deadLetterTargetArn": self._arn(f"{self.name}-dead"), "maxReceiveCount": self.most_receives}
        self.sqs.create_queue(QueueName=self.name, Attributes={"RedrivePolicy": json.dumps(redrive)})
        told = {"QueueArn": self._arn(self.name), "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration={"QueueConfigurations": [told]}
        )

    def drop(self, key: str, content: bytes) -> None:
        """Put an object into the store, as a person would."""
        self.s3.put_object(Bucket=self.name, Key=f"{PREFIX}/{key}", Body=content)

    def send(self, body: object) -> None:
        """Put a message into the queue."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.url, MessageBody=text)

    def waiting(self, queue: str = "") -> int:
        """Messages in a queue, those that are hidden among them."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url + queue, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def _arn(self, queue: str) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def uploads_told(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> UploadsTold:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("pipeline.state.store.event_queue.WAIT_S", 0)
    return UploadsTold(moto_url)
