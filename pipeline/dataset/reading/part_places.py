"""Where a finding is in a row that was put together of several: at the line of the part that it is about, and in it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.model.conversation import Layout


def in_parts(groups: Iterable[Group], block: Block, layout: Layout) -> list[Group]:
    """The same findings, each at its part, with the path in there."""
    if block.parts is None:
        return list(groups)
    in_list = re.compile(re.escape(layout.turns) + r"\[(\d+)\]")
    return [replace(group, make=partial(_placed, group.make, block, in_list)) for group in groups]


def _placed(make: Callable[[int], Finding], block: Block, in_list: re.Pattern[str], row: int) -> Finding:
    finding = make(row)
    found, parts = in_list.match(finding.path), block.parts
    if found is None or parts is None:
        return finding
    index = finding.row - block.first_row
    place = int(parts.starts[index]) + int(found[1])
    if place >= parts.starts[index + 1]:
        return finding
    path = f"${finding.path[found.end() :]}"
    return replace(finding, line=int(parts.lines[place]), byte_offset=int(parts.offsets[place]), path=path)
