"""Files of a dataset to take home: its original, mended, or in another format; what mending changes; comparisons."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain

from pipeline.contract.converted_format import ConvertedFormat
from pipeline.contract.mend_values import DatasetComparison, MendPreview
from pipeline.errors import Conflicting
from pipeline.flow.validation import rules_of
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import Dataset, no_verdict

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that is sent in pieces."""

    name: str
    """What a browser calls it."""
    pieces: Iterator[bytes]


def original_file(service: Service, user: User, dataset_id: str) -> SentFile:
    """The upload as it arrived.

    Raises:
        DatasetNotFound: there is none that the user may see.
        Conflicting: its bytes have not arrived, or are not there any more.
    """
    from pipeline.flow.derived_files import original_pieces

    dataset = service.access(user).dataset(dataset_id)
    if dataset.content_version is None:
        raise Conflicting(no_verdict(dataset))
    return SentFile(dataset.file_name, _begun(original_pieces(service.store, dataset)))


def converted_file(service: Service, user: User, dataset_id: str, to: ConvertedFormat) -> SentFile:
    """The accepted rows in another format; raises what `original_file` does."""
    from pipeline.flow.derived_files import converted_pieces

    dataset = _dataset(service, user, dataset_id)
    pieces = converted_pieces(service.store, dataset, to.value, rules_of(service.settings).limits)
    return SentFile(f"{dataset.file_name.partition('.')[0] or 'dataset'}.{to.value}.jsonl", _begun(pieces))


def mended_file(service: Service, user: User, dataset_id: str) -> SentFile:
    """The mended file; raises what `original_file` does.

    Raises:
        Conflicting: it cannot be mended.
        TooLarge: it is mended in the terminal.
    """
    from pipeline.flow import derived_files

    dataset = _dataset(service, user, dataset_id)
    with ExitStack() as stack:
        lent = derived_files.mended_file(service.store, dataset, rules_of(service.settings).limits)
        path, mending = stack.enter_context(lent)
        if mending.refusal is not None:
            raise Conflicting(f"{dataset.id} cannot be mended: {mending.refusal.message}")
        kept = stack.pop_all()

    def pieces() -> Iterator[bytes]:
        with kept, path.open("rb") as file:
            while piece := file.read(_CHUNK_BYTES):
                yield piece

    return SentFile(path.name, pieces())


def mend_preview(service: Service, user: User, dataset_id: str) -> MendPreview:
    """What mending would change, with the first examples; raises what `mended_file` does."""
    from pipeline.flow import derived_files

    dataset = _dataset(service, user, dataset_id)
    return derived_files.mend_preview(service.store, dataset, rules_of(service.settings).limits)


def compare_datasets(service: Service, user: User, dataset_id: str, before_id: str) -> DatasetComparison:
    """How a dataset differs from another one, which is taken for the older.

    Raises:
        DatasetNotFound: there is none that the user may see.
        Conflicting: one of them has no verdict yet.
    """
    from pipeline.flow import dataset_comparison

    before, after = (_dataset(service, user, each) for each in (before_id, dataset_id))
    return dataset_comparison.compare_datasets(service.lake, before.id, after.id)


def _dataset(service: Service, user: User, dataset_id: str) -> Dataset:
    dataset = service.access(user).dataset(dataset_id)
    if dataset.status not in ("ready", "error") or dataset.content_version is None:
        raise Conflicting(no_verdict(dataset))
    return dataset


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first of which is made already: what is refused is said before an answer begins."""
    return chain([next(pieces, b"")], pieces)
