"""Of events only the names of objects are taken, however they are wrapped; what is no event is told with its reason."""

import json

import pytest

from pipeline.state.store.upload_events import Told, read_events


def record(key, name="ObjectCreated:Put", bucket="ours"):
    """An event as S3 sends it."""
    return {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "0A"}}}


def told(body):
    return read_events(body if isinstance(body, str) else json.dumps(body), "ours")


def test_a_key_is_decoded_as_s3_encodes_it():
    """A blank is a plus, a plus is encoded, slashes may be; bytes outside ASCII are UTF-8."""
    body = {"Records": [record("in/uploads/ana/a+b%2Bc.jsonl"), record("in%2Fuploads%2Fana%2F%C3%BCber.jsonl")]}

    assert told(body) == Told(("in/uploads/ana/a b+c.jsonl", "in/uploads/ana/über.jsonl"))


def test_what_removes_or_tags_names_nothing_to_look_at_and_two_events_of_one_object_one():
    names = ("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectTagging:Put")
    made = ("ObjectCreated:Put", "s3:ObjectCreated:CompleteMultipartUpload")

    assert told({"Records": [record("gone", name) for name in names]}) == Told()
    assert told({"Records": [record("made", name) for name in made]}) == Told(("made",))


def test_events_come_over_sns_and_eventbridge_as_well():
    over_sns = {"Type": "Notification", "TopicArn": "…", "Message": json.dumps({"Records": [record("a+b")]})}
    place = {"bucket": {"name": "ours"}, "object": {"key": "a+b", "size": 1}}
    over_eventbridge = {"source": "aws.s3", "detail-type": "Object Created", "detail": place}

    assert told(over_sns) == Told(("a b",))
    assert told(over_eventbridge) == Told(("a+b", "a b"))
    assert told(over_eventbridge | {"detail-type": "Object Deleted"}) == Told()


def test_what_s3_sends_to_try_a_queue_is_read_and_says_nothing():
    assert told({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "ours"}) == Told()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "expected an event of S3, found '' (Input data was truncated)"),
        ("\x1b[2J", "expected an event of S3, found '\\\\x1b[2J' (JSON is malformed: invalid character (byte 0))"),
        ("[]", "expected an event of S3, found '[]' (Expected `object`, got `array`)"),
        ({"order": 7}, "expected an event of S3, found '{\"order\": 7}' (it is none of S3)"),
        ({"source": "aws.s3"}, "expected an event of S3, found '{\"source\": \"aws.s3\"}' (Input data was truncated)"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_told(body, problem):
    assert told(body) == Told(problem=problem)


def test_beside_a_record_that_cannot_be_read_the_others_are_taken():
    body = {"Records": [{"eventName": "ObjectCreated:Put"}, record("a", bucket="theirs"), record("b")]}

    found = told(body)

    assert found.names == ("b",)
    assert found.problem.endswith("…' (Object missing required field `s3`)")
    assert told({"Records": [record("a", bucket="theirs")]}).problem.endswith(
        "(it is of the bucket theirs, expected ours)"
    )
    assert told("[" * 100_000).names == ()
