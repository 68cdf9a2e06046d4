"""Promises of `pipeline.launchers.journal` and `failures`: any bytes are read, and ends are told apart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.launchers.journal import read_journal
from pipeline.launchers.runner import figures, without_secrets
from pipeline.launchers.training_failures import failure_of, remedy_of


def _lines(*entries: object) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def test_a_line_that_is_cut_off_is_passed_over():
    lines = _lines({"kind": "begun", "at": 1.8e9}) + b'{"kind": "metr{"kind": "heartbeat", "at": 1}\n'

    told = read_journal(lines, 40)

    assert (told.has_begun, told.offset, told.points) == (True, 40 + len(lines), ())


def test_what_is_known_of_a_failure_lasts_until_its_end():
    failed = _lines({"kind": "ended", "at": 1.8e9, "exit_code": 1})
    fine = _lines({"kind": "ended", "at": 1.8e9, "exit_code": 0})

    assert read_journal(failed, 0, "", "not-a-number").failure_class == "not-a-number"
    assert read_journal(fine, 0, "", "not-a-number").failure_class is None


@pytest.mark.parametrize(
    "line", [b'{"kind": "metrics", "step": 1, "at": ' + b"9" * 400 + b', "values": {}}', b"[" * 9_999]
)
def test_numbers_and_depths_beyond_bounds_are_passed_over(line):
    assert read_journal(line + b"\n", 0).offset == len(line) + 1


def test_a_loss_that_is_no_number_is_no_point_but_a_class():
    entry = {"kind": "metrics", "step": 3, "values": {"grad_norm": 1.0, "loss": float("nan")}, "broken": []}

    told = read_journal(_lines(entry), 0)

    assert ([point.name for point in told.points], told.failure_class) == (["grad_norm"], "not-a-number")
    assert figures({"loss": float("inf"), "lr": 1, "step": 2, "note": "x"}) == ({"lr": 1.0}, ["loss"])


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["kind", "at", "step", "values", "tail", "exit_code"]),
            st.one_of(
                st.none(),
                st.text(max_size=5),
                st.floats(),
                st.integers(),
                st.sampled_from(["metrics", "log", "ended"]),
                st.dictionaries(st.text(max_size=3), st.one_of(st.floats(), st.text(max_size=3)), max_size=3),
            ),
            max_size=6,
        )
    ),
    st.binary(max_size=20),
)
def test_whatever_a_journal_holds_it_is_read(entries, garbage):
    lines = _lines(*entries) + garbage + b"\n"

    assert read_journal(lines, 7).offset == 7 + len(lines)


@pytest.mark.parametrize(
    ("log", "code", "expected"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory.", 1, "out-of-memory"),
        ("OSError: [Errno 28] No space left on device", 1, "disk-full"),
        ("huggingface_hub.errors.GatedRepoError: 403 Client Error", 1, "gated-model"),
        ("RuntimeError: NCCL error: unhandled system error", 1, "lost-gpu"),
        ("requests.exceptions.ConnectionError: Max retries exceeded", 1, "download"),
        ("{'loss': 'nan', 'grad_norm': 'nan'}", 1, "not-a-number"),
        ("nothing special", -9, "interrupted"),
        ("KeyError: 'messages'", 1, "other"),
    ],
)
def test_ends_are_told_apart(log, code, expected):
    assert failure_of(log, code).name == expected
    assert remedy_of(expected).remedy


def test_what_looks_like_a_secret_is_hidden(monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "plain-words-of-mine")

    text = without_secrets("a hf_abcdefghijklmnopqrstu b plain-words-of-mine c sk-proj-abcdefghijklmnop1234")

    assert text == "a *** b *** c ***"
