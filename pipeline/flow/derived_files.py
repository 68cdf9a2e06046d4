"""Files that are made of a dataset's upload when somebody asks: the same bytes, mended ones, another format.

All read the upload once more, from the store; what is made is kept nowhere.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from pipeline.contract.mend_values import MendCount, MendExample, MendPreview
from pipeline.dataset.convert.converting import convert_pieces
from pipeline.dataset.findings.finding import CATALOGUE, ORDER, Finding
from pipeline.dataset.findings.text_differences import around_difference
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES
from pipeline.dataset.formats.containers import BrokenArchive
from pipeline.dataset.formats.mapping import mapped_format
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.mend import REMEDIES, Mending, mend_file
from pipeline.dataset.mend.mended_lines import Line
from pipeline.dataset.model.conversation import Limits
from pipeline.errors import Conflicting, TooLarge
from pipeline.flow.kept_bytes import kept_upload, kept_version
from pipeline.flow.shards import opened_upload
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.store import Store
from pipeline.wording import size

MOST_MENDED_BYTES = 256 * 2**20  # of text, packed or not; takes half a minute, in which somebody waits for a page
EXAMPLES_OF_CODE = 3
_UNPACKED = "unpacked-too-large"
_PACKED = (".gz", ".zst")
_PLAIN = (".jsonl", ".json", ".ndjson")


def original_pieces(store: Store, dataset: Dataset) -> Iterator[bytes]:
    """The upload as it arrived.

    Raises:
        ObjectMissing: it is gone.
        ObjectChanged: other bytes took its place.
    """
    version = kept_version(store, dataset)

    def pieces() -> Iterator[bytes]:
        with store.open(dataset.storage_path, version=version) as reader:
            while piece := reader.read(BLOCK_BYTES):
                yield piece

    return pieces()


def converted_pieces(store: Store, dataset: Dataset, target: str, limits: Limits) -> Iterator[bytes]:
    """The dataset's accepted rows in another format; raises what `original_pieces` does.

    Raises where they are read:
        Conflicting: a shard is not there, or broken.
    """
    kept = kept_upload(store, dataset)

    def pieces() -> Iterator[bytes]:
        try:
            with opened_upload(store, kept, limits.max_unpacked_bytes) as reader:
                yield from convert_pieces(reader, target, _form(dataset), limits)
        except BrokenArchive as error:
            raise Conflicting(f"{dataset.id} cannot be converted: {error}") from error

    return pieces()


@contextmanager
def mended_file(store: Store, dataset: Dataset, limits: Limits) -> Iterator[tuple[Path, Mending]]:
    """Lend the mended file; where it cannot be mended there is none.

    Raises:
        TooLarge: it is mended in the terminal.
        ObjectMissing: the upload is gone.
        ObjectChanged: other bytes took its place.
    """
    with TemporaryDirectory(prefix="lora-mended-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / mended_name(dataset.file_name)
        yield target, _mend(store, dataset, limits, target)


def mend_preview(store: Store, dataset: Dataset, limits: Limits) -> MendPreview:
    """What mending would change, with the first examples; raises what `mended_file` does."""
    examples = _Examples()
    mending = _mend(store, dataset, limits, None, examples.note)
    return MendPreview(
        is_ready=mending.is_ready,
        refusal=mending.refusal.message if mending.refusal else None,
        lines_in=mending.lines_in,
        lines_out=mending.lines_out,
        lines_aside=mending.lines_aside,
        lines_changed=mending.lines_changed,
        lines_rejected=mending.lines_rejected,
        mended=_counted(mending.mended, {code: remedy.action for code, remedy in REMEDIES.items()}),
        rejected=_counted(mending.rejected, {code: kind.title for code, kind in CATALOGUE.items()}),
        remaining=_counted(mending.remaining, {code: kind.remedy for code, kind in CATALOGUE.items()}),
        examples=examples.found,
    )


def mended_name(file_name: str) -> str:
    """What the mended file is called.

    >>> mended_name("chats.jsonl.gz"), mended_name("rows.csv"), mended_name("all.tar.gz")
    ('chats.mended.jsonl.gz', 'rows.mended.jsonl', 'all.mended.jsonl')
    """
    stem, packed = PurePath(file_name), ""
    if stem.suffix in _PACKED:
        stem, packed = PurePath(stem.stem), stem.suffix
    if stem.suffix in _PLAIN:
        return f"{stem.stem}.mended{stem.suffix}{packed}"
    return f"{stem.stem or 'dataset'}.mended.jsonl"


def _mend(
    store: Store,
    dataset: Dataset,
    limits: Limits,
    target: Path | None,
    on_line: Callable[[Line], None] = lambda _: None,
) -> Mending:
    if dataset.file_size > MOST_MENDED_BYTES:
        raise _too_large(size(dataset.file_size))
    kept, name = kept_upload(store, dataset), mended_name(dataset.file_name)
    within = replace(limits, max_unpacked_bytes=min(limits.max_unpacked_bytes, MOST_MENDED_BYTES))
    try:
        with opened_upload(store, kept, within.max_unpacked_bytes) as reader:
            mending = mend_file(reader, target, name, limits=within, chosen=_form(dataset), on_line=on_line)
    except BrokenArchive as error:  # of shards
        mending = Mending(Reading(), refusal=Finding(1, 0, error.code, "$", error.mismatch))
    refused = mending.refusal.code if mending.refusal else None
    if within != limits and _UNPACKED in (refused, *mending.remaining):  # it is not the installation that refuses it
        raise _too_large("an archive with more text")
    return mending


def _too_large(found: str) -> TooLarge:
    return TooLarge(
        f"expected an upload of at most {size(MOST_MENDED_BYTES)} to be mended here, found {found}: mend the file in "
        "a terminal with lora-pipeline mend"
    )


def _form(dataset: Dataset) -> Format | None:
    return mapped_format(dataset.mapping) if dataset.mapping else None


def _counted(counts: Counter[str], what: dict[str, str]) -> list[MendCount]:
    ranked = sorted(counts, key=ORDER.__getitem__)
    return [MendCount(code=code, what=what[code], count=counts[code]) for code in ranked]


@dataclass(slots=True)
class _Examples:
    """The first rows of each code that are changed or put aside."""

    found: list[MendExample] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)

    def note(self, line: Line) -> None:
        rejected = [str(row["code"]) for row in line.findings]
        code = next(iter(line.codes or rejected), "")
        self._seen[code] += 1
        if self._seen[code] <= EXAMPLES_OF_CODE and line.raw is not None:
            before, after = around_difference(line.raw, None if line.findings else line.text)
            self.found.append(MendExample(code=code, row=line.row, line=line.line, before=before, after=after))
