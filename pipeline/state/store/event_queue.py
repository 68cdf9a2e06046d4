"""The SQS queue into which a bucket tells what was put into it: messages are received, and removed once they are done.

What they say is in `upload_events.py`. A message that is not removed comes again, and in the end the queue's redrive
policy takes it out of the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from botocore.exceptions import ClientError, NoCredentialsError, PartialCredentialsError

from pipeline.errors import QueueError
from pipeline.settings import Settings
from pipeline.state.store.s3_client import S3_ERRORS, error_code, make_client
from pipeline.state.store.upload_events import attributes_of

_A_REQUEST = 10  # messages, the most that SQS takes and gives
# Longer than a sensor's tick may take: a message must not come again, and be counted once more, before it is removed.
HIDDEN_S = 120
# SQS asks all its servers only where somebody waits; else a queue of a few messages often seems empty.
WAIT_S = 1
_REFUSED = ("AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "UnrecognizedClient")


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and the handle by which it is removed."""

    id: str
    body: str
    receipt: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue as its service tells of it."""

    waiting: int
    """Messages, about."""
    redriven_to: str
    """The queue for those that nobody can do with; empty where there is none."""


class EventQueue:
    """A queue; `client` is a boto3 SQS client, which has no types."""

    def __init__(self, client: Any, name: str, url: str) -> None:
        self._client = client
        self._url = url
        self.name = name

    def receive(self) -> list[Message]:
        """Return up to ten messages, which nobody else gets for `HIDDEN_S`.

        Raises:
            QueueError: the queue cannot be reached, or refuses.
        """
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=_A_REQUEST, VisibilityTimeout=HIDDEN_S, WaitTimeSeconds=WAIT_S
            )
        except S3_ERRORS as error:
            self._raise(error, "receive messages from", "sqs:ReceiveMessage")
        return [Message(each["MessageId"], each["Body"], each["ReceiptHandle"]) for each in answer.get("Messages", [])]

    def remove(self, messages: Sequence[Message]) -> int:
        """Remove messages; return how many of them the queue did not remove: they come again.

        Raises:
            QueueError: the queue cannot be reached, or refuses.
        """
        failed = 0
        for start in range(0, len(messages), _A_REQUEST):
            some = messages[start : start + _A_REQUEST]
            entries = [{"Id": str(number), "ReceiptHandle": each.receipt} for number, each in enumerate(some)]
            failed += len(self._removed(entries).get("Failed", []))
        return failed

    def state(self) -> QueueState:
        """How the queue is.

        Raises:
            QueueError: the queue cannot be reached, is not there, or refuses.
        """
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages", "RedrivePolicy"]
            )
        except S3_ERRORS as error:
            self._raise(error, "look at", "sqs:GetQueueAttributes")
        found = answer.get("Attributes", {})
        redrive = attributes_of(found.get("RedrivePolicy"))
        return QueueState(int(found.get("ApproximateNumberOfMessages", 0)), str(redrive.get("deadLetterTargetArn", "")))

    def check_rights(self) -> None:
        """See whether messages may be received and removed, by requests that do nothing: rights are looked at first.

        Raises:
            QueueError: they may not.
        """
        try:
            self._client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=0)  # refused as too few
        except ClientError as error:
            if _is_refusal(error):
                self._raise(error, "receive messages from", "sqs:ReceiveMessage")
        except S3_ERRORS as error:
            self._raise(error, "receive messages from", "sqs:ReceiveMessage")
        self._removed([{"Id": "0", "ReceiptHandle": "none"}])  # one entry that fails, for it is no handle

    def _removed(self, entries: list[dict[str, str]]) -> Any:
        try:
            return self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
        except S3_ERRORS as error:
            self._raise(error, "remove messages from", "sqs:DeleteMessage")

    def _raise(self, error: Exception, action: str, right: str) -> NoReturn:
        where = f"{self.name} at {self._client.meta.endpoint_url}"
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            told = f"no credentials to {action} the queue {where}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        elif "NonExistentQueue" in error_code(error) or "QueueDoesNotExist" in error_code(error):
            told = f"the queue {where} does not exist: create it, or check LORA_EVENTS"
        elif isinstance(error, ClientError) and _is_refusal(error):
            told = (
                f"{where} refused to {action} the queue ({error_code(error)}): allow {right}, or check the AWS_* keys"
            )
        else:
            reason = " ".join(str(error).split()).rstrip(".")
            told = f"could not {action} the queue {where}: {reason}; check that it is up, and LORA_EVENTS"
        raise QueueError(told) from error


def _is_refusal(error: ClientError) -> bool:
    return any(code in error_code(error) for code in _REFUSED)


def make_event_queue(settings: Settings) -> EventQueue | None:
    """The queue of an installation; None where uploads are found by listing alone. Nothing is asked of it yet."""
    return _queue(settings.events, settings.sqs_endpoint_url) if settings.events else None


@cache
def _queue(location: str, endpoint_url: str) -> EventQueue:
    """Kept for the process: a client takes 20 ms of CPU, and a sensor looks every few seconds."""
    region, account, name = location.removeprefix("sqs://").split("/")
    client = make_client("sqs", endpoint_url, region)
    return EventQueue(client, name, f"{client.meta.endpoint_url.rstrip('/')}/{account}/{name}")
