"""Uploads that a bucket's queue tells of are registered once, whatever order and number of events, and none is lost."""

import json

import pytest

from pipeline.clock import utc_now
from pipeline.errors import CatalogError, QueueError, StoreError
from pipeline.flow.event_intake import take_events
from pipeline.state.catalog.catalog import Catalog
from tests.installation import valid_file
from tests.moto_server import PREFIX, moto_url, uploads_told

__all__ = ["moto_url", "uploads_told"]


@pytest.fixture
def world(uploads_told, tmp_path):
    return World(uploads_told, tmp_path)


class World:
    """A bucket with its queue, and a catalog."""

    def __init__(self, told, folder):
        self.told, self.settings = told, told.settings(data_dir=folder / "data", tick_max_uploads=50)
        self.catalog = Catalog.open(self.settings.catalog_url)
        self.catalog.remember_mark("store", "known")  # else the mark is put into the store, which tells of it, too
        self.queue, self.store = told.queue, told.store
        self.take()  # what S3 sends to try the queue

    def come_again(self, message):
        """What SQS does with a message that was received and not removed."""
        self.told.sqs.change_message_visibility(
            QueueUrl=self.told.url, ReceiptHandle=message.receipt, VisibilityTimeout=0
        )

    def take(self, budget_s=30.0):
        return take_events(self.queue, self.store, self.catalog, self.settings, utc_now(), budget_s)

    def files(self):
        """File name and version of the current datasets."""
        return {each.file_name: each.observed_version for each in self.catalog.unrequested(100, utc_now())}

    def etag(self, key):
        return self.store.stat(key).observed_version


def created(world, key, **others):
    """An event as S3 sends it, of a key under the store's prefix."""
    place = {"bucket": {"name": world.told.name}, "object": {"key": f"{PREFIX}/{key}"}}
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": place | others}]}


def test_what_arrives_is_registered_and_its_message_removed(world):
    """A key comes with its blanks and pluses as it is."""
    world.told.drop("uploads/ana/a b+c.jsonl", valid_file(2))
    world.told.drop("uploads/ana/über.jsonl", valid_file(3))

    taken = world.take()

    assert len(taken.look.registered) == 2
    assert (taken.messages, taken.left, taken.unread) == (2, (), 0)
    assert set(world.files()) == {"a b+c.jsonl", "über.jsonl"}
    assert world.told.waiting() == 0
    assert world.take().messages == 0


def test_two_events_of_one_upload_and_their_repetition_make_one_dataset(world):
    """A multipart upload is told of twice, and every message may come again."""
    key, s3, bucket = f"{PREFIX}/uploads/ana/big.jsonl", world.told.s3, world.told.name
    begun = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=key, UploadId=begun, PartNumber=1, Body=valid_file(4))
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=begun, MultipartUpload=parts)

    first = world.take()
    world.told.send(created(world, "uploads/ana/big.jsonl"))
    again = world.take()

    assert (first.messages, len(first.look.registered)) == (2, 1)
    assert (again.messages, again.look.registered) == (1, ())
    assert world.files() == {"big.jsonl": world.etag("uploads/ana/big.jsonl")}
    assert world.told.waiting() == 0


def test_events_in_the_wrong_order_give_what_is_there(world):
    """An old event brings no old version back, and one of what is gone nothing at all."""
    key = "uploads/ana/a.jsonl"
    world.told.drop(key, valid_file(2, seed=1))
    world.take()
    world.told.drop(key, valid_file(2, seed=2))
    world.told.send(created(world, key, object={"key": f"{PREFIX}/{key}", "eTag": "of the first", "sequencer": "01"}))
    world.told.drop("uploads/ana/gone.jsonl", valid_file(2))
    world.told.s3.delete_object(Bucket=world.told.name, Key=f"{PREFIX}/uploads/ana/gone.jsonl")

    taken = world.take()

    assert len(taken.look.registered) == 1
    assert world.files() == {"a.jsonl": world.etag(key)}
    assert world.told.waiting() == 0


def test_a_removal_leaves_the_dataset(world):
    """As with listing: what was validated has been validated."""
    world.told.drop("uploads/ana/a.jsonl", valid_file(2))
    world.take()
    world.told.s3.delete_object(Bucket=world.told.name, Key=f"{PREFIX}/uploads/ana/a.jsonl")

    assert world.take().left == ()
    assert list(world.files()) == ["a.jsonl"]
    assert world.told.waiting() == 0


def test_what_is_no_upload_is_done_with_and_what_is_misplaced_is_noted(world):
    for key in ("lake/turns.parquet", "uploads/ana/.hidden.jsonl", "uploads/ana/sub/a.jsonl", "uploads//a.jsonl"):
        world.told.drop(key, b"x")
    world.told.s3.put_object(Bucket=world.told.name, Key="uploads/ana/beside_the_store.jsonl", Body=b"x")

    taken = world.take()

    assert taken.look.registered == ()
    ignored = world.catalog.list_ignored(None).items
    assert {each.key: each.reason for each in ignored} == {
        "uploads/ana/.hidden.jsonl": "hidden",
        "uploads/ana/sub/a.jsonl": "subfolder",
        "uploads//a.jsonl": "empty-part",
    }
    world.told.send(created(world, "uploads/ana/nothing.jsonl"))
    world.take()
    assert len(world.catalog.list_ignored(None).items) == 3  # what is not told of is not gone
    assert world.told.waiting() == 0


def test_shards_lack_no_manifest_any_more_as_soon_as_it_comes(world):
    """It comes last, as a rule; no event tells of the shards again."""
    for folder in ("a.shards", "b.shards"):
        world.told.drop(f"uploads/ana/{folder}/part-1.jsonl", valid_file(2))
    world.take()
    before = [each.key for each in world.catalog.list_ignored(None).items]
    world.told.drop("uploads/ana/a.shards.json", b'{"shards": ["a.shards/*"]}')

    taken = world.take()

    assert before == ["uploads/ana/a.shards/part-1.jsonl", "uploads/ana/b.shards/part-1.jsonl"]
    assert len(taken.look.registered) == 1
    assert [each.key for each in world.catalog.list_ignored(None).items] == ["uploads/ana/b.shards/part-1.jsonl"]


@pytest.fixture
def received(world, monkeypatch):
    """Messages as they come out of the queue."""
    messages, receive = [], world.queue.receive

    def noted():
        found = receive()
        messages.extend(found)
        return found

    monkeypatch.setattr(world.queue, "receive", noted)
    return messages


def test_a_message_that_nobody_can_read_keeps_no_other_back_and_is_put_aside(world, received):
    world.told.send("no event")
    for number in range(12):
        world.told.drop(f"uploads/ana/{number}.jsonl", valid_file(1, seed=number))

    first = world.take()
    world.come_again(received[0])
    second = world.take()
    world.come_again(received[-1])
    world.take()  # its third time: it leaves the queue instead

    assert len(first.look.registered) == 12
    assert (first.unread, second.unread, second.messages) == (1, 1, 1)
    [told] = second.left
    assert told.endswith(": expected an event of S3, found 'no event' (JSON is malformed: invalid character (byte 4))")
    assert (world.told.waiting(), world.told.waiting("-dead")) == (0, 1)


def test_a_message_is_removed_only_when_the_catalog_has_it(world, received, monkeypatch):
    """Whatever breaks in between, it comes again."""
    world.told.drop("uploads/ana/a.jsonl", valid_file(2))

    def broken(*_):
        raise CatalogError("the catalog is away")

    with monkeypatch.context() as patched:
        patched.setattr(world.catalog, "place_uploads", broken)
        with pytest.raises(CatalogError):
            world.take()

    assert world.told.waiting() == 1
    world.come_again(received[0])
    assert len(world.take().look.registered) == 1
    assert world.told.waiting() == 0


def test_an_object_that_cannot_be_asked_for_waits_and_keeps_no_other_back(world, monkeypatch):
    stat = world.store.stat

    def refused(key):
        if key.endswith("mine.jsonl"):
            raise StoreError(f"refused to look at {key}")
        return stat(key)

    monkeypatch.setattr(world.store, "stat", refused)
    for name in ("mine", "yours"):
        world.told.drop(f"uploads/ana/{name}.jsonl", valid_file(2))

    taken = world.take()

    assert (list(world.files()), taken.left) == (["yours.jsonl"], ("refused to look at uploads/ana/mine.jsonl",))
    assert world.told.waiting() == 1


def test_what_is_not_reached_in_time_stays_in_the_queue(world):
    world.told.drop("uploads/ana/a.jsonl", valid_file(2))

    assert world.take(budget_s=-1).messages == 0
    assert world.told.waiting() == 1


def test_what_the_queue_does_not_remove_is_told_and_costs_nothing(world, monkeypatch):
    world.told.drop("uploads/ana/a.jsonl", valid_file(2))

    def refused(_):
        raise QueueError("refused to remove messages")

    monkeypatch.setattr(world.queue, "remove", refused)

    taken = world.take()

    assert taken.left == ("what is registered is told of again: refused to remove messages",)
    assert list(world.files()) == ["a.jsonl"]
    monkeypatch.setattr(world.queue, "remove", lambda messages: len(messages))
    world.told.send(json.dumps(created(world, "uploads/ana/a.jsonl")))
    assert world.take().left == (f"the queue {world.told.name} did not remove 1 of 1 messages: they come again",)
