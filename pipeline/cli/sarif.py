"""Findings as SARIF 2.1.0, which code scanning reads: one run over all files, its rules from the catalogue.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/; what GitHub takes of it is in its page on SARIF support.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

import xxhash

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import CATALOGUE, ORDER, Severity
from pipeline.dataset.findings.row_places import placed_message
from pipeline.dataset.formats.brackets import first_row

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000  # GitHub takes no more in a run
_HASHED_BYTES = 2**20  # of a line; enough to tell it from others
_HASHED_ROW_BYTES = 2**14  # of a row of an array, whose end has to be looked for
_PROPERTIES = ("row", "path", "expected", "found", "detail")  # what SARIF has no place for
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}

Result = dict[str, object]


class SarifRun:
    """The results of several files; errors come first where they are more than a run may have. found: all findings."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._results: dict[Severity, list[tuple[str, Result]]] = {severity: [] for severity in Severity}
        self.found = 0
        self._unread: list[str] = []

    def add(self, file: str, findings: Iterable[FindingRecord], dataset: Path | None, in_array: bool = False) -> None:
        """Add the findings of a file.

        dataset: where its lines can be read again; None for a stream or an archive. in_array: whether rows may share
        lines.
        """
        stream = dataset.open("rb") if dataset else None
        seen: Counter[str] = Counter()
        try:
            for finding in findings:
                self.found += 1
                results = self._results[CATALOGUE[finding.code].severity]
                if len(results) < MAX_RESULTS:
                    results.append((finding.code, _result(file, finding, stream, in_array, seen)))
        finally:
            if stream:
                stream.close()

    def add_unread(self, sentence: str) -> None:
        """Say that a file could not be checked."""
        self._unread.append(sentence)

    @property
    def is_cut(self) -> bool:
        """Whether there are more findings than the run has results."""
        return self.found > MAX_RESULTS

    def as_dict(self) -> dict[str, object]:
        """The whole log."""
        chosen = [each for severity in Severity for each in self._results[severity]][:MAX_RESULTS]
        codes = sorted({code for code, _ in chosen}, key=ORDER.__getitem__)
        places = {code: place for place, code in enumerate(codes)}
        results = [{"ruleId": code, "ruleIndex": places[code], **result} for code, result in chosen]
        driver = {
            "name": "lora-pipeline check",
            "semanticVersion": self._version,
            "rules": [_rule(code) for code in codes],
        }
        invocation: dict[str, object] = {"executionSuccessful": not self._unread}
        if notifications := list(self._notifications()):
            invocation["toolExecutionNotifications"] = notifications
        run = {"tool": {"driver": driver}, "invocations": [invocation], "columnKind": "unicodeCodePoints"}
        return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{**run, "results": results}]}

    def _notifications(self) -> Iterator[dict[str, object]]:
        for sentence in self._unread:
            yield {"level": "error", "message": {"text": sentence}}
        if self.is_cut:
            yield {"level": "warning", "message": {"text": cut_sentence(self.found)}}


def cut_sentence(found: int) -> str:
    """What is said where results are left out."""
    return (
        f"{found:,} findings, of which a run holds {MAX_RESULTS:,}, errors first; --findings OUT.jsonl names them all"
    )


def _rule(code: str) -> dict[str, object]:
    kind = CATALOGUE[code]
    return {
        "id": code,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.why},
        "help": {"text": kind.remedy, "markdown": f"{kind.why}\n\n**What to do:** {kind.remedy}."},
        "defaultConfiguration": {"level": _LEVELS[kind.severity]},
    }


def _result(file: str, finding: FindingRecord, stream: BinaryIO | None, in_array: bool, seen: Counter[str]) -> Result:
    region: dict[str, object] = {"startLine": finding.line}
    if finding.column is not None and not in_array:
        region["startColumn"] = finding.column
    elif stream is not None:
        region["byteOffset"] = finding.byte_offset
    mark = _fingerprint(finding, stream, in_array)
    seen[mark] += 1
    return {
        "level": _LEVELS[CATALOGUE[finding.code].severity],
        "message": {"text": placed_message(finding, in_array=in_array)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(file)}, "region": region}}],
        "partialFingerprints": {"primaryLocationLineHash": f"{mark}:{seen[mark]}"},
        "properties": {name: part for name in _PROPERTIES if (part := getattr(finding, name)) is not None},
    }


def _fingerprint(finding: FindingRecord, stream: BinaryIO | None, in_array: bool) -> str:
    """The same for the same fault of the same row, wherever the row moves; by its number where it cannot be read."""
    line = str(finding.row).encode()
    if stream is not None:
        stream.seek(finding.byte_offset)
        text = stream.read(_HASHED_ROW_BYTES) if in_array else stream.readline(_HASHED_BYTES)
        line = first_row(text) if in_array else text.rstrip(b"\r\n")
    return xxhash.xxh3_64_hexdigest(f"{finding.code}\0{finding.path}\0".encode() + line)


def _uri(file: str) -> str:
    """Relative, as it was named, so that it is found in a repository; from the root where it was named from there."""
    quoted = quote(os.fsencode(PurePosixPath(Path(file).as_posix())))
    return f"file://{quoted}" if Path(file).is_absolute() else quoted
