"""Reads a vocabulary in tiktoken's format: a line a token, its bytes in base64 and its rank.

The library's own reader keeps copies in a shared temporary folder and fetches what looks like an address, and the
encoder stops the process on an incomplete vocabulary, so the file is read and judged here.
"""

import base64
from typing import TYPE_CHECKING

from pipeline.dataset.tokens.tokenizer_errors import TokenizerError

if TYPE_CHECKING:
    import tiktoken

# The file does not say how text is split before ranks apply. A vocabulary of this size is taken for a relative of
# o200k_base, a smaller one for a relative of cl100k_base, as those of Llama 3 and Qwen are.
O200K_RANKS = 180_000
_CL100K_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
_O200K_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def read_tiktoken(name: str, data: bytes) -> "tiktoken.Encoding":
    """The encoding with the vocabulary in `data`. name: for messages.

    Raises:
        TokenizerError: a line is not a token and its rank, a token or rank occurs twice, or a single byte is missing.
    """
    import tiktoken

    ranks = _read_ranks(name, data)
    missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
    if missing:
        raise _unusable(name, f"no token for the byte 0x{missing[0]:02x} (of {len(missing)})")
    if len(set(ranks.values())) < len(ranks):
        raise _unusable(name, "two tokens of the same rank")
    pattern = _O200K_PATTERN if len(ranks) >= O200K_RANKS else _CL100K_PATTERN
    return tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def _read_ranks(name: str, data: bytes) -> dict[bytes, int]:
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(data.splitlines(), 1):
        if not line:
            continue
        try:
            token_base64, rank_text = line.split(b" ")
            token, rank = base64.b64decode(token_base64, validate=True), int(rank_text)
        except ValueError as error:
            raise _unusable(name, f"line {number} is none") from error
        if token in ranks or not token or not 0 <= rank < 2**32 - 1:
            raise _unusable(name, f"line {number} has a token that was there before, is empty or has no usable rank")
        ranks[token] = rank
    return ranks


def _unusable(name: str, found: str) -> TokenizerError:
    return TokenizerError(
        f"expected a tiktoken vocabulary in {name}, a line a token in base64 and its rank, found {found}; "
        "download the file again, or give the model's tokenizer.json"
    )
