"""A panic of a library written in Rust (Polars, tokenizers) as an error like others.

As it comes it is no `Exception`, as Ctrl-C is none: one dataset's would end a whole run, and a command with a trace.
"""

from collections.abc import Iterator
from contextlib import contextmanager

_NAME = "PanicException"  # each library has a class of its own, and none of them a common base


class LibraryPanic(RuntimeError):
    """A library met a fault of its own."""


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Turn a panic within the block into an error.

    Raises:
        LibraryPanic: there was one.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != _NAME:
            raise
        raise LibraryPanic(f"a library panicked: {error}") from error
