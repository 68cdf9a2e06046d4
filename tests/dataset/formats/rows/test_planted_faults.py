"""One fault in an otherwise faultless file of any format is found: on its line, with its code, and nothing else is."""

from random import Random

import pytest

from pipeline.dataset.findings.beside_kinds import BESIDE_KINDS
from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.dataset.findings.json_path import locate
from pipeline.dataset.findings.pair_kinds import PAIR_KINDS
from pipeline.dataset.findings.quality_kinds import QUALITY_KINDS
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.frames.warnings import warnings
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.rules.call_rules import CALL_SHAPE_RULES
from tests.dataset.formats.rows.planting import CASES
from tests.properties.formats_reading import LIMITS, blocks
from tests.properties.formats_rows import KINDS

ROWS = 9
# What is right for some trainers and wrong for others; such kinds have tests of their own.
SPELLINGS = {kind.code for kind in (*CALL_SHAPE_RULES.kinds(), *BESIDE_KINDS)}


def findings_in(data: bytes, kind, *, is_array: bool = False):
    found = []
    for block in blocks(data, is_array=is_array):
        verdicts, columns = read_columns(block, LIMITS, kind.form)
        found += [*verdicts.findings, *warnings(frames_of(columns))]
    return [finding for finding in found if finding.code not in SPELLINGS]


def faults_of(kind):
    return [fault for each, fault in CASES if each is kind]


def file_with(kind, fault, seed: int) -> tuple[list[bytes], int]:
    """Lines of a file, and the 1-based line of the fault."""
    random = Random(seed)
    lines = kind.lines(random, ROWS)
    at = random.randrange(ROWS)
    lines[at] = fault.plant(random, kind, at)
    return lines, at + 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_is_found_where_nothing_is_wrong(kind):
    for seed in range(2):
        assert findings_in(b"\n".join([*kind.lines(Random(seed), 40), b""]), kind) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_fault_is_found_on_its_line_and_nowhere_else(kind):
    """A file for each; a thousand tests of one fault would take as long to be found as to be run."""
    for fault in faults_of(kind):
        lines, line = file_with(kind, fault, seed=0)

        found = findings_in(b"\n".join([*lines, b""]), kind)

        told = sorted((finding.line, finding.code) for finding in found)
        assert (fault.name, told) == (fault.name, sorted((line, code) for code in fault.codes))
        offset = sum(len(each) + 1 for each in lines[: line - 1])
        assert {finding.byte_offset for finding in found} == {offset}
        for finding in found:
            owner = finding.path.rpartition(".")[0] if finding.code == "missing-field" else finding.path
            assert owner == "$" or locate(lines[line - 1], owner), (fault.name, finding.path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_all_faults_are_found_in_an_array_too(kind):
    """Of the faults that leave the array whole: each in its row, with good ones between them."""
    random = Random(1)
    lines = kind.lines(random, ROWS)
    expected = []
    for fault in faults_of(kind):
        row = fault.plant(random, kind, len(lines))
        if fault.codes == ("malformed-json",) or (fault.name == "deep" and row[:1] == b"["):
            continue
        lines.append(row)
        expected += [(len(lines) + 1, code) for code in fault.codes]
        lines += [kind.lines(random, len(lines) + 1)[-1]]

    found = findings_in(b"[\n" + b",\n".join(lines) + b"\n]\n", kind, is_array=True)

    assert sorted((finding.line, finding.code) for finding in found) == sorted(expected)


def test_every_code_of_a_line_that_reading_finds_is_planted():
    """But for those of whole files, several lines, tools' shape, what stands beside texts, pairs, and quality."""
    elsewhere = {
        "number-too-large",
        "integer-too-large",
        "line-too-long",
        "repeated-key",
        "type-drift",
        "byte-order-mark",
        "blank-line",
        "no-final-newline",
    }
    elsewhere |= {code for code in CATALOGUE if "duplicate" in code or code == "conflicting-answers"}
    elsewhere |= {kind.code for kind in (*QUALITY_KINDS, *PAIR_KINDS)} | SPELLINGS

    planted = {code for _, fault in CASES for code in fault.codes}

    of_lines = {kind.code for kind in CATALOGUE.values() if kind.scope is Scope.LINE}
    assert planted == of_lines - elsewhere
