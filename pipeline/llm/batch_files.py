"""What bodies and results of batches have in common, whoever reads them: ids that are fit, lines that are whole."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from pipeline.errors import ServiceError
from pipeline.llm.asking import Answer, Request
from pipeline.llm.llm_errors import AskingRefused

T = TypeVar("T")
_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # Anthropic's rule; OpenAI takes more
# A provider puts words of its own about a schema before what is asked, and tells no number. Anthropic's about tools are
# less than 700 tokens (platform.claude.com/docs/en/about-claude/pricing).
_MOST_TOKENS_BESIDE: Final = 1_000


def checked(requests: Sequence[Request], most: int) -> Sequence[Request]:
    """The requests, if they may be one batch.

    Raises:
        AskingRefused: there are none or too many, or an id is not fit or there twice.
    """
    if not 0 < len(requests) <= most:
        raise AskingRefused(f"expected 1 to {most:,} requests in a batch, found {len(requests):,}")
    times = Counter(each.custom_id for each in requests)
    if bad := [each for each, count in times.items() if count > 1 or not _ID.fullmatch(each)]:
        found = ", ".join(map(repr, sorted(bad)[:5]))
        raise AskingRefused(f"expected ids of 1 to 64 of a-z A-Z 0-9 _ -, each of them once, found {found}")
    return requests


def not_too_large(body: bytes, most_bytes: int) -> bytes:
    """The body, if the provider takes one of its size.

    Raises:
        AskingRefused: it is larger.
    """
    if len(body) > most_bytes:
        raise AskingRefused(f"expected at most {most_bytes:,} bytes in a batch, found {len(body):,}")
    return body


def most_input_tokens(body: bytes) -> int:
    """Upper bound of the tokens that a request has before its answer: no token is less than a byte of what is sent."""
    return len(body) + _MOST_TOKENS_BESIDE


def read_lines(path: Path, kind: type[T]) -> Iterator[T | Answer]:
    """The lines of results; one that cannot be read is an `unknown` answer without an id."""
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield Answer("", "unknown", error=f"line {number} of the results cannot be read", fault="provider")


def lines_of(path: Path) -> int:
    """How many lines results have.

    Raises:
        ServiceError: the last one is cut off.
    """
    count, last = 0, b""
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                count, last = count + 1, line
    try:
        msgspec.json.decode(last or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ServiceError("the results of the batch came cut off") from None
    return count
