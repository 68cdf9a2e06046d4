"""One tick finds what is new; many ticks find everything, whatever happens between them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.flow.scan import Cursor, Scan, scan
from pipeline.state.store import StoredObject
from pipeline.state.store.ignored_files import IgnoredFile
from pipeline.state.store.left_out import HIDDEN, LeftOut
from pipeline.state.store.upload_identity import NO_OWNER, SUBFOLDER, dataset_id
from tests.how_many import examples

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE = 4


def obj(name: str, age_s: float = 60, version: str = "1") -> StoredObject:
    return StoredObject(f"uploads/ana/{name}", 10, NOW - timedelta(seconds=age_s), version)


def look(
    listing: Sequence[StoredObject | LeftOut],
    known: dict[str, str] | None = None,
    settle_s: float = 1,
    cap: int = 100,
    out_of_time: Callable[[], bool] = lambda: False,
    is_thorough: bool = False,
) -> Scan:
    registry = {f"uploads/ana/{name}": version for name, version in (known or {}).items()}
    return scan(
        listing,
        lambda paths: {p: registry[p] for p in paths if p in registry},
        NOW,
        settle_s,
        cap,
        out_of_time,
        PAGE,
        is_thorough,
    )


def test_new_and_changed_files_are_found_oldest_first():
    known, changed, old, young = obj("a"), obj("b", 50, "2"), obj("d", 99), obj("c", 20)

    found = look([known, changed, young, old], known={"a": "1", "b": "1"})

    assert found == Scan(new=(old, changed, young), waiting=0, ignored=(), seen=4, resume_after="")


def test_a_file_that_may_still_be_written_waits():
    settled, fresh, future = obj("a", 1), obj("b", 0.9), obj("c", -3600)

    assert look([settled, fresh, future]) == Scan((settled, future), waiting=1, ignored=(), seen=3, resume_after="")
    assert look([settled, fresh, future], settle_s=0).waiting == 0


def test_what_gets_no_row_is_named_with_its_reason():
    drop, below = obj("a"), obj("spring/a.jsonl")
    hidden = LeftOut("uploads/ana/.b", HIDDEN, 10, NOW)
    stray = StoredObject("uploads/stray.jsonl", 10, NOW, "1")

    found = look([hidden, drop, below, stray])

    ignored = (
        IgnoredFile("uploads/ana/.b", "ana", HIDDEN, 10, NOW),
        IgnoredFile("uploads/ana/spring/a.jsonl", "ana", SUBFOLDER, 10, below.modified_at),
        IgnoredFile("uploads/stray.jsonl", "", NO_OWNER, 10, NOW),
    )
    assert found == Scan((drop,), waiting=0, ignored=ignored, seen=3, resume_after="")


def test_an_upload_through_the_service_is_new_only_without_a_row():
    """Its row is there before its bytes are; the service speaks for it."""
    lost = obj("chat-0123456789abcdef/a.jsonl")

    assert look([lost]).new == (lost,)
    for version in ("", "0", "1"):  # not confirmed yet, other bytes, these
        assert look([lost], known={"chat-0123456789abcdef/a.jsonl": version}).new == ()


def test_a_thorough_look_compares_uploads_through_the_service_too():
    upload = obj("chat-0123456789abcdef/a.jsonl")

    found = [look([upload], {"chat-0123456789abcdef/a.jsonl": v}, is_thorough=True).new for v in ("", "0", "1")]

    assert found == [(upload,), (upload,), ()]


def test_an_empty_store_is_a_complete_round():
    assert look([]) == Scan((), waiting=0, ignored=(), seen=0, resume_after="")


def test_the_cap_ends_a_tick_at_the_key_where_the_next_goes_on():
    objects = [obj(name) for name in "abcdefghij"]

    found = look(objects, cap=5)

    assert found == Scan(tuple(objects[:5]), waiting=0, ignored=(), seen=5, resume_after="uploads/ana/e")


def test_a_tick_out_of_time_ends_after_a_page_so_that_each_gets_on():
    objects = [obj(name) for name in "abcdefghij"]

    found = look(objects, out_of_time=lambda: True)

    assert found == Scan(tuple(objects[:PAGE]), waiting=0, ignored=(), seen=PAGE, resume_after="uploads/ana/d")


def test_the_listing_is_read_no_further_than_a_page_ahead():
    taken = []
    listing = (taken.append(name) or obj(name) for name in "abcdefghij")

    look(listing, cap=2)

    assert len(taken) == PAGE


@given(position=st.text(st.characters(exclude_categories=["Cs"])) | st.binary().map(os.fsdecode))
def test_a_cursor_survives_being_stored(position):
    assert Cursor.from_json(Cursor(position).to_json()) == Cursor(position)
    listed = Cursor(position, "sqs://eu-central-1/123456789012/lora")
    assert Cursor.from_json(listed.to_json()) == listed


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "null",
        "[]",
        "7",
        "{}",
        "nonsense",
        '"resume_after"',
        '{"resume_after": 7}',
        '{"resume_after": null}',
        '{"resume_after": "\\ud800"}',
        "[" * 100_000,
    ],
)
def test_a_cursor_that_cannot_be_read_starts_a_new_round(text):
    assert Cursor.from_json(text) == Cursor()


# --- a store over time -----------------------------------------------------------------------------------------------

SETTLE_S = 5.0


@dataclass
class World:
    """A store that people change, and a sensor with its registry. `is_s3`: versions follow the bytes, not the clock."""

    is_s3: bool
    now: datetime = NOW
    objects: dict[str, StoredObject] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    cursor: str | None = None
    known: dict[str, str] = field(default_factory=dict)  # path -> observed_version
    datasets: Counter = field(default_factory=Counter)  # id -> times registered
    requested: Counter = field(default_factory=Counter)  # id -> runs
    writes: int = 0

    def write(self, key: str, content: int, clock_error_s: float) -> None:
        self.writes += 1
        version = f"etag-{content}" if self.is_s3 else f"10-{self.writes}"
        self.objects[key] = StoredObject(key, 10, self.now + timedelta(seconds=clock_error_s), version)
        self.contents[key] = content

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)
        self.contents.pop(key, None)

    def listing(self, start_after: str) -> Iterator[StoredObject]:
        for key in sorted(self.objects):
            if key > start_after:
                yield self.objects[key]

    def id_of(self, key: str) -> str:
        return dataset_id(key.split("/")[1], key, f"content:{self.contents[key]}")

    def tick(self, cap: int, pages_in_time: int, crash_after: int | None) -> Scan:
        """One tick as the sensor does it: register each, then request runs and keep the cursor in one step."""
        pages = iter(range(pages_in_time - 1))
        start = Cursor.from_json(self.cursor).resume_after
        found = scan(
            self.listing(start),
            lambda paths: {path: self.known[path] for path in paths if path in self.known},
            self.now,
            0 if self.is_s3 else SETTLE_S,
            cap,
            lambda: next(pages, None) is None,
            PAGE,
        )
        self._check(found, cap)
        for registered, new in enumerate(found.new):
            if registered == crash_after:
                return found
            if self.id_of(new.key) not in self.datasets:
                self.datasets[self.id_of(new.key)] += 1
            self.known[new.key] = new.observed_version
        if crash_after is None:
            # From the registry, not from `found`: a crash may have come between registering and requesting.
            self.requested.update(made_id for made_id in self.datasets if made_id not in self.requested)
            self.cursor = Cursor(found.resume_after).to_json()
        return found

    def _check(self, found: Scan, cap: int) -> None:
        assert len(found.new) <= cap
        assert list(found.new) == sorted(found.new, key=lambda new: new.modified_at)
        for new in found.new:
            assert self.known.get(new.key) != new.observed_version
            assert self.is_s3 or abs((self.now - new.modified_at).total_seconds()) >= SETTLE_S


KEYS = [f"uploads/{owner}/{name}.jsonl" for owner in ("ana", "bob") for name in "abcdefgh"]
writes = st.tuples(
    st.just("write"),
    st.sampled_from(KEYS),
    st.integers(0, 3),
    # Most arrive in the same second; some clocks are wrong and some files are moved in with an old time.
    st.sampled_from([0.0, 0.0, 0.0, -0.5, -86_400.0, 86_400.0, 3.0]),
)
deletes = st.tuples(st.just("delete"), st.sampled_from(KEYS))
passing = st.tuples(st.just("pass"), st.sampled_from([0.0, 1.0, 5.0, 60.0]))
ticks = st.tuples(
    st.just("tick"), st.integers(1, 6), st.integers(1, 3), st.sampled_from([None, None, None, 0, 1, 2, 3])
)


@settings(max_examples=examples(300))
@given(
    is_s3=st.booleans(),
    events=st.lists(st.one_of(writes, writes, deletes, passing, ticks), max_size=60),
    cap=st.integers(1, 6),
    pages_in_time=st.integers(1, 3),
)
def test_every_version_that_stays_is_registered_and_requested_exactly_once(is_s3, events, cap, pages_in_time):
    world = World(is_s3)
    for name, *arguments in events:
        if name == "pass":
            world.now += timedelta(seconds=arguments[0])
        else:
            getattr(world, name)(*arguments)

    # The store is left alone: after three rounds (what was just written, what still settles, one for a round that was
    # under way) all must be found.
    for _ in range(3 * (len(KEYS) + 1)):
        world.now += timedelta(seconds=2 * SETTLE_S)
        world.tick(cap, pages_in_time, None)

    for key, stored in world.objects.items():
        assert world.known[key] == stored.observed_version
        assert world.datasets[world.id_of(key)] == 1
        assert world.requested[world.id_of(key)] == 1
    assert set(world.requested.values()) <= {1}
    assert set(world.datasets) == set(world.requested)
