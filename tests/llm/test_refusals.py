"""What providers say instead of an answer, in each form that is known, and in forms that nobody expects."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.llm import llm_errors
from pipeline.llm.refusals import Said, error_of, fault_of, said, said_in


def read(status, body, headers=None):
    return error_of(said(status, headers or {}, body), "somebody", "SOME_KEY")


def test_errors_are_read_in_each_form():
    """Of providers, of servers of one's own, and of what stands before them."""
    told = [
        said_in({"type": "error", "error": {"type": "invalid_request_error", "message": "m"}, "request_id": "r"}),
        said_in({"error": {"type": "a", "code": "b", "message": "m", "param": None}}),
        said_in({"error": {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}}),
        said_in({"error": {"type": "a", "message": "m", "details": {"error_code": "b"}}}),
        said_in({"object": "error", "type": "a", "code": 400, "message": "m"}),
        said_in({"detail": "Not Found"}),
        said_in(["?"]),
    ]

    assert told == [
        Said(0, "invalid_request_error", "", "m"),
        Said(0, "a", "b", "m"),
        Said(0, "overloaded_error", "", "m"),
        Said(0, "a", "b", "m"),
        Said(0, "a", "", "m"),
        Said(0),
        Said(0),
    ]


@pytest.mark.parametrize("body", [b"", b'{"error": {"type": "billing_error"}}'])
def test_what_is_to_be_paid_for_first_is_no_credit(body):
    assert isinstance(read(402, body), llm_errors.LowCredit)


@pytest.mark.parametrize("status", [100, 302, 400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529, 599])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[[[", b'{"error": "no"}', b'{"error": {"error": {}}}', b"\xff"])
def test_every_answer_is_an_error_of_ours(status, body):
    error = read(status, body)

    assert isinstance(error, PipelineError)
    assert f"somebody answered {status}" in str(error)


@given(st.integers(300, 599), st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5), st.text())
def test_whatever_it_says_is_one_line_and_not_long(status, value, text):
    """A terminal, a page and a log show it."""
    body = json.dumps({"error": {"type": text, "message": text * 100, "code": value, "details": value}}).encode()

    error = read(status, body, {"retry-after": text})

    assert len(str(error).splitlines()) == 1
    assert len(str(error)) < 2_000
    assert fault_of(said(status, {}, body)) in ("request", "provider", "money")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "nan"}, 0.0),
        ({"retry-after": "inf"}, 86_400.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sat, 28 Nov 2026 12:01:00 GMT", "date": "Sat, 28 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sat, 28 Nov 2026 12:01:00 GMT"}, None),
        ({"retry-after": "tomorrow", "date": "today"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_in_each_form(headers, expected):
    assert said(429, headers, b"").retry_after_s == expected


def test_every_error_of_the_room_is_in_its_drawing():
    """It is what people read."""
    drawn = {line.split()[1] for line in llm_errors.__doc__.splitlines() if "── " in line}

    assert drawn == {
        name
        for name, value in vars(llm_errors).items()
        if isinstance(value, type) and value.__module__ == llm_errors.__name__
    }
