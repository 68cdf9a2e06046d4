"""Tokenizers by name or file: two vocabularies that come with a wheel, and files of two formats.

Nothing is downloaded, and a library is imported when one of its tokenizers is first used. Text that spells a special
token, such as <|endoftext|>, is counted as the ordinary text that it is in a dataset.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.tokens.bpe_bindings import compiled_vocabularies
from pipeline.dataset.tokens.tiktoken_file import read_tiktoken
from pipeline.dataset.tokens.tokenizer_errors import TokenizerError

DEFAULT_TOKENIZER = "o200k_base"
BUNDLED = ("o200k_base", "cl100k_base")

_PIECE_CHARACTERS = 100_000

_Count = Callable[[Sequence[str]], list[int]]


class Tokenizer(Protocol):
    """Counts tokens, without those that a chat template adds."""

    @property
    def name(self) -> str:
        """As it was asked for."""
        ...

    def count(self, texts: Sequence[str]) -> Integers:
        """Tokens of each text."""
        ...


class _Loaded:
    """A tokenizer whose vocabulary is in memory; a worker process that is sent one loads its own."""

    def __init__(self, name: str, count: _Count) -> None:
        self.name = name
        self._count = count

    def count(self, texts: Sequence[str]) -> Integers:
        return np.array(self._count(texts), dtype=np.int64)

    def __reduce__(self) -> tuple[Callable[[str], Tokenizer], tuple[str]]:
        return load_tokenizer, (self.name,)


@cache
def load_tokenizer(name_or_path: str = DEFAULT_TOKENIZER) -> Tokenizer:
    """The tokenizer of that name (see BUNDLED), or in that file: `tokenizer.json` or `*.tiktoken`.

    Raises:
        TokenizerError: there is none of that name, or the file cannot be used.
    """
    if name_or_path in BUNDLED:
        return _Loaded(name_or_path, _bundled(name_or_path))
    readers = {".json": _hugging_face, ".tiktoken": _tiktoken}
    path = Path(name_or_path)
    if path.suffix not in readers:
        raise TokenizerError(
            f"expected {', '.join(BUNDLED)} or the path of a tokenizer.json or *.tiktoken file, found "
            f"{name_or_path!r}; with a model's folder, give the tokenizer.json in it"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TokenizerError(
            f"cannot read the tokenizer {name_or_path}: {error.strerror}; check the path, or use {DEFAULT_TOKENIZER}"
        ) from error
    return _Loaded(name_or_path, readers[path.suffix](name_or_path, data))


def _bundled(name: str) -> _Count:
    count = compiled_vocabularies().tokenizer_for_encoding(name).count
    return lambda texts: list(map(count, texts))


def _hugging_face(name: str, data: bytes) -> _Count:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # our processes share the cores out already
    from tokenizers import Tokenizer as HuggingFaceTokenizer

    try:
        tokenizer = HuggingFaceTokenizer.from_str(data.decode())
    except Exception as error:  # the library raises nothing narrower
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())
        raise TokenizerError(
            f"expected a tokenizer.json of Hugging Face's tokenizers in {name}, found something else ({reason}); "
            "save it again with save_pretrained() of a fast tokenizer"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    encode = tokenizer.encode_batch_fast
    return lambda texts: list(map(len, encode(list(texts), add_special_tokens=False)))


def _tiktoken(name: str, data: bytes) -> _Count:
    encode = read_tiktoken(name, data).encode_ordinary
    return lambda texts: [sum(len(encode(piece)) for piece in _pieces(text)) for text in texts]


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that tiktoken can take: its regular expressions stop the process on longer runs of spaces."""
    start = 0
    while len(text) - start > _PIECE_CHARACTERS:
        end = text.rfind(" ", start + 1, start + _PIECE_CHARACTERS)  # where a token begins, in ordinary text
        end = end if end != -1 else start + _PIECE_CHARACTERS
        yield text[start:end]
        start = end
    yield text[start:]
