"""Messages are removed by tens, what the queue keeps is counted, and each refusal names the right that is lacking."""

import pytest
from botocore.stub import ANY, Stubber

from pipeline.errors import QueueError
from pipeline.state.store.event_queue import EventQueue, Message, QueueState
from pipeline.state.store.s3_client import make_client
from tests.moto_server import moto_url, uploads_told

__all__ = ["moto_url", "uploads_told"]

MESSAGES = [Message(str(number), "", f"receipt {number}") for number in range(12)]


@pytest.fixture
def stubbed(monkeypatch):
    """A queue whose answers the test writes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = make_client("sqs", "", "eu-central-1")
    with Stubber(client) as stubber:
        yield EventQueue(client, "lora", "https://queue"), stubber


def test_what_the_queue_did_not_remove_is_counted(stubbed):
    queue, stubber = stubbed
    failed = {"Id": "3", "SenderFault": False, "Code": "InternalError"}
    first = [{"Id": str(n), "ReceiptHandle": f"receipt {n}"} for n in range(10)]
    second = [{"Id": str(n), "ReceiptHandle": f"receipt {10 + n}"} for n in range(2)]
    for entries, kept in ((first, [failed]), (second, [])):
        stubber.add_response(
            "delete_message_batch",
            {"Successful": [], "Failed": kept},
            {"QueueUrl": "https://queue", "Entries": entries},
        )

    assert queue.remove(MESSAGES) == 1
    stubber.assert_no_pending_responses()


RECEIVE = "receive messages from the queue (AccessDenied): allow sqs:ReceiveMessage"
REMOVE = "remove messages from the queue (AccessDenied): allow sqs:DeleteMessage"
LOOK = "look at the queue (AccessDenied): allow sqs:GetQueueAttributes"


@pytest.mark.parametrize(
    ("ask", "operation", "right"),
    [
        (lambda queue: queue.receive(), "receive_message", RECEIVE),
        (lambda queue: queue.remove(MESSAGES), "delete_message_batch", REMOVE),
        (lambda queue: queue.state(), "get_queue_attributes", LOOK),
        (lambda queue: queue.check_rights(), "receive_message", RECEIVE),
    ],
)
def test_a_right_that_is_lacking_is_named(stubbed, ask, operation, right):
    queue, stubber = stubbed
    stubber.add_client_error(operation, "AccessDenied", http_status_code=403)

    with pytest.raises(QueueError) as caught:
        ask(queue)

    where = "lora at https://sqs.eu-central-1.amazonaws.com"
    assert str(caught.value) == f"{where} refused to {right}, or check the AWS_* keys"


def test_rights_are_tried_with_requests_that_do_nothing(stubbed, uploads_told):
    """A queue that has them answers that there is nothing to be done."""
    queue, stubber = stubbed
    stubber.add_client_error("receive_message", "InvalidParameterValue", http_status_code=400)
    stubber.add_client_error("delete_message_batch", "AccessDenied", expected_params={"QueueUrl": ANY, "Entries": ANY})
    uploads_told.drop("uploads/ana/a.jsonl", b"x")
    before = uploads_told.queue.state()

    uploads_told.queue.check_rights()

    with pytest.raises(QueueError, match="allow sqs:DeleteMessage"):
        queue.check_rights()
    dead = f"arn:aws:sqs:us-east-1:123456789012:{uploads_told.name}-dead"
    assert before == uploads_told.queue.state() == QueueState(2, dead)


def test_a_queue_that_is_not_there_is_told_with_the_setting(uploads_told):
    uploads_told.sqs.delete_queue(QueueUrl=uploads_told.url)

    with pytest.raises(QueueError) as caught:
        uploads_told.queue.state()

    where = f"{uploads_told.name} at {uploads_told.endpoint_url}"
    assert str(caught.value) == f"the queue {where} does not exist: create it, or check LORA_EVENTS"


def test_a_queue_that_nobody_answers_for_is_told(uploads_told, monkeypatch):
    monkeypatch.setattr("botocore.retries.standard.time.sleep", lambda _: None)
    queue = EventQueue(make_client("sqs", "http://127.0.0.1:9", "us-east-1"), "lora", "http://127.0.0.1:9/1/lora")

    with pytest.raises(QueueError, match=r"could not look at the queue lora at http://127\.0\.0\.1:9: "):
        queue.state()
