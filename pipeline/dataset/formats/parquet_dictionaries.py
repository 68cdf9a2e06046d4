"""How many rows of a Parquet file may be decoded at once, though a text of a dictionary may stand for each of them.

A text in a dictionary takes its bytes once in the file, and once a row when it is decoded. What is kept plainly is as
long as it looks. Arrow can leave texts in dictionaries, which takes 10 to 20 times as long as to decode them.
"""

from collections.abc import Iterator
from typing import IO, Any

_HONEST = {"PLAIN", "RLE", "BIT_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "RLE_DICTIONARY", "PLAIN_DICTIONARY"}
_DECODED_BYTES = 2**27  # at most, of what dictionaries repeat
_HEAD_BYTES = 16
_I32, _DICTIONARY_PAGE = b"\x15", 2  # of Thrift's compact protocol, the next field, a number; and a page's type


def rows_to_decode(file: IO[bytes], metadata: Any) -> int:
    """How many rows may be; 0 where that is not known. metadata: the file's."""
    longest_bytes = 0
    for column in range(metadata.num_columns):
        chunks = (metadata.row_group(number).column(column) for number in range(metadata.num_row_groups))
        of_rows = list(_repeated_bytes(file, chunks, metadata))
        if -1 in of_rows:
            return 0
        longest_bytes += max(of_rows, default=0)
    return _DECODED_BYTES // max(1, longest_bytes)


def _repeated_bytes(file: IO[bytes], chunks: Iterator[Any], metadata: Any) -> Iterator[int]:
    """Of a column, how many bytes of a row may be repeated, a chunk each; -1 where that is not known."""
    for number, chunk in enumerate(chunks):
        if chunk.physical_type != "BYTE_ARRAY":
            return
        size = _dictionary_bytes(file, chunk) if _HONEST.issuperset(chunk.encodings) else -1
        values_a_row = -(-chunk.num_values // max(1, metadata.row_group(number).num_rows))
        yield size * values_a_row if size > 0 else size


def _dictionary_bytes(file: IO[bytes], chunk: Any) -> int:
    """How many bytes its dictionary has, which no text of it exceeds; 0 for none, -1 where its first page is odd.

    The page's own head says so, as Arrow believes it: the metadata may not.
    """
    file.seek(chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset)
    head = file.read(_HEAD_BYTES)
    kind, rest = _number(head)
    size, _ = _number(rest)
    if kind is None or size is None:
        return -1
    return size if kind == _DICTIONARY_PAGE else 0


def _number(head: bytes) -> tuple[int | None, bytes]:
    """The number in the next field, None where it is none; and what follows."""
    if not head.startswith(_I32):
        return None, head
    value = 0
    for place, byte in enumerate(head[1:]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value >> 1, head[place + 2 :]  # ZigZag: neither is negative
    return None, head
