"""Mends a file: rows block by block, then repeats, when all rows are known; then checks what came of it.

Reads the input once and never writes to it. Between the two steps the rows lie in a file, so memory does not grow.
"""

import struct
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.blocks_of_lines import ByteReader
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.rows.chat import Chat
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.shapes import IDENTITIES
from pipeline.dataset.mend.long_texts import LongTexts
from pipeline.dataset.mend.mend_outputs import Outputs
from pipeline.dataset.mend.mend_remedies import REMEDIES
from pipeline.dataset.mend.mended_lines import Line, Mender, margin_of
from pipeline.dataset.mend.repeats import Repeats, spill, with_new_id
from pipeline.dataset.mend.source import Source
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.rules.mismatch import Mismatch

MAX_REJECTED_SHARE = 0.01
_LENGTH = struct.Struct("<Q")
_REPEATED = "those of an earlier {}"


@dataclass(frozen=True, slots=True)
class Mending:
    """What was done, and what is left; lines_in == lines_out + lines_aside. Of an array, lines are its rows.

    Rows that shared a line count each.
    """

    reading: Reading
    is_ready: bool = False
    lines_in: int = 0
    lines_out: int = 0
    lines_aside: int = 0
    lines_changed: int = 0
    lines_rejected: int = 0
    """Of those put aside, the ones with an error; the others repeat an earlier one, are blank or hold no row."""
    mended: Counter[str] = field(default_factory=Counter)
    """Lines by the code of the remedy."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Lines put aside by the code of the error."""
    remaining: Counter[str] = field(default_factory=Counter)
    """Findings of the mended file."""
    warnings: tuple[Finding, ...] = ()
    """About which files of an archive were read."""
    refusal: Finding | None = None
    """Why the file cannot be mended at all; nothing is written then."""

    @property
    def loses_much(self) -> bool:
        """Whether so many rows had to be put aside that a person should look before anybody trains on the rest."""
        return self.lines_rejected > self.lines_in * MAX_REJECTED_SHARE


def mend_file(
    stream: ByteReader,
    target: Path | None,
    name: str,
    wanted: Collection[str] = REMEDIES.keys(),
    limits: Limits | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
    chosen: Format | None = None,
    on_line: Callable[[Line], None] = lambda _: None,
) -> Mending:
    """Mend the file that the stream holds, and leave the result, what is put aside and the changes at the target.

    target: None to write nothing. name: of the mended file; its suffix says how it is packed. wanted: codes of the
    remedies that are applied. chosen: the file's format, None to recognise it. on_line: is told each row that is
    changed or put aside.

    Raises:
        OSError: the stream cannot be read, or the target's folder not be written.
        LakeError: the folder for temporary files cannot be written.
    """
    limits = limits or Limits()
    with (
        tempfile.TemporaryDirectory(prefix=".lora-mend-", dir=target.parent if target else None) as folder,
        LongTexts(Path(folder) / "texts", limits) as long_texts,
    ):
        work = Path(folder)
        source = Source(stream, limits, on_bytes, long_texts, chosen, wanted)
        if source.refusal is None:
            _mend_rows(source, work, limits, wanted, long_texts)
        if source.refusal is not None:
            return Mending(source.reading, refusal=source.refusal)
        repeats = Repeats(
            work / "fingerprints",
            are_removed="duplicate-conversation" in wanted,
            are_renamed="duplicate-conversation-id" in wanted,
        )
        (work / "out").mkdir()
        with Outputs(work / "out", name, source, long_texts) as outputs:
            mending = _write_rows(_staged(work / "rows"), source.reading, repeats, outputs, on_line)
        (work / "check").mkdir()
        rules = Rules(limits, form=source.reading.form if long_texts.has_any else chosen).structure_only()
        profile = profile_path(outputs.checked, work / "check", rules)
        if target is not None:
            outputs.place(target)
    is_ready = profile.status == "ready" and not mending.loses_much
    return replace(mending, is_ready=is_ready, remaining=profile.finding_counts, warnings=source.warnings)


def _mend_rows(source: Source, work: Path, limits: Limits, wanted: Collection[str], long_texts: LongTexts) -> None:
    mender = Mender(source.reading.form, limits, wanted, long_texts)
    encode = msgspec.msgpack.Encoder().encode
    with (work / "rows").open("wb") as rows, (work / "fingerprints").open("wb") as prints:
        for block, raws in source.blocks():
            lines, columns = mender.mend(block, raws)
            for packed in map(encode, lines):
                rows.write(_LENGTH.pack(len(packed)))
                rows.write(packed)
                del packed
            if columns is not None:
                spill(columns, prints)
            del block, raws, lines, columns  # a long row is not kept while the next one is read


def _staged(path: Path) -> Iterator[Line]:
    decode = msgspec.msgpack.Decoder(Line).decode
    with path.open("rb") as rows:
        while length := rows.read(_LENGTH.size):
            yield decode(rows.read(_LENGTH.unpack(length)[0]))


def _write_rows(
    lines: Iterator[Line], reading: Reading, repeats: Repeats, outputs: Outputs, on_line: Callable[[Line], None]
) -> Mending:
    removed, renamed = _Awaited(repeats.removed.tolist()), _Awaited(repeats.renamed.tolist())
    names = id_fields(reading.form)
    mended, rejected, totals = Counter[str](), Counter[str](), Counter[str]()
    for line in lines:
        if removed.is_next(line.row):
            line.codes, line.findings = ["duplicate-conversation"], [_repeated(line, reading).as_row()]
        elif renamed.is_next(line.row):
            text = with_new_id(line.text, margin_of(line.lead), names, repeats, line.row)
            if text is not None and outputs.has_room(line, text):
                line.text = text
                line.codes.append("duplicate-conversation-id")
        if line.findings:
            outputs.put_aside(line)
            faults = [str(row["code"]) for row in line.findings if row["code"] not in line.codes]
            rejected.update(faults)
            totals["rejected"] += bool(faults)
        else:
            outputs.keep(line)
            totals["changed"] += bool(line.codes)
        totals["aside" if line.findings else "out"] += 1
        if line.codes or line.findings:
            on_line(line)
        mended.update(line.codes)
    return Mending(
        reading,
        lines_in=totals["aside"] + totals["out"],
        lines_out=totals["out"],
        lines_aside=totals["aside"],
        lines_changed=totals["changed"],
        lines_rejected=totals["rejected"],
        mended=mended,
        rejected=rejected,
    )


def _repeated(line: Line, reading: Reading) -> Finding:
    mismatch = Mismatch("new turns", _REPEATED.format(reading.row_name))
    return Finding(line.line, line.offset, "duplicate-conversation", reading.form.layout.turns, mismatch, line.row)


def id_fields(form: Format) -> tuple[str, ...]:
    """Fields that may hold a row's id."""
    if form == NATIVE:
        return ("conversation_id",)
    return form.identities if isinstance(form, Chat) else IDENTITIES


class _Awaited:
    """Ascending numbers, each asked for once."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = iter(numbers)
        self._next = next(self._numbers, None)

    def is_next(self, number: int) -> bool:
        if number != self._next:
            return False
        self._next = next(self._numbers, None)
        return True
