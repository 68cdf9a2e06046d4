"""A vocabulary in tiktoken's format is read as it is, and an unusable one is refused before it stops the process."""

import base64

import pytest

from pipeline.dataset.tokens import TokenizerError
from pipeline.dataset.tokens.tiktoken_file import read_tiktoken

BYTES = b"".join(base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256))


def test_a_token_a_line():
    """The byte pairs that the file ranks are merged, and no others."""
    encoding = read_tiktoken("small.tiktoken", BYTES + b"aGU= 256\n\nbGw= 257\n")

    assert encoding.encode_ordinary("hello") == [256, 257, ord("o")]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "no token for the byte 0x00 (of 256)"),
        (BYTES[:-9], "no token for the byte 0xff (of 1)"),
        (BYTES + b"aGU=\n", "line 257 is none"),
        (BYTES + b"a,U= 256\n", "line 257 is none"),
        (BYTES + b"aGU= many\n", "line 257 is none"),
        (BYTES + b"aGU= 1 2\n", "line 257 is none"),
        (BYTES + b"AA== 256\n", "line 257 has a token that was there before, is empty or has no usable rank"),
        (BYTES + b" 256\n", "line 257 has a token that was there before, is empty or has no usable rank"),
        (BYTES + b"aGU= -1\n", "line 257 has a token that was there before, is empty or has no usable rank"),
        (BYTES + b"aGU= 255\n", "two tokens of the same rank"),
        (b"version https://git-lfs.github.com/spec/v1\n", "line 1 is none"),
    ],
)
def test_an_unusable_vocabulary_is_refused(data, found):
    with pytest.raises(TokenizerError) as error:
        read_tiktoken("small.tiktoken", data)

    assert str(error.value) == (
        f"expected a tiktoken vocabulary in small.tiktoken, a line a token in base64 and its rank, found {found}; "
        "download the file again, or give the model's tokenizer.json"
    )
