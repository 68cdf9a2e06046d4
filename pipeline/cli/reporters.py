"""Tells what came of each file in the form that was asked for: a report for people, JSON, SARIF, or annotations.

Each tells of a file while its findings are at hand, and of all files together at the end.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast

from rich.text import Text

from pipeline.cli.check_report import Tally, excerpt_width, render, render_tally, render_verdict, tally_of
from pipeline.cli.common import complain, write_line, write_text
from pipeline.cli.figures import Figures
from pipeline.cli.finding_places import grouped
from pipeline.cli.github_annotations import Annotations, error_command
from pipeline.cli.printed_json import json_text
from pipeline.cli.sarif import SarifRun, cut_sentence
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.profiles.merge import all_findings
from pipeline.dataset.profiles.profile import Profile
from pipeline.trainers.acceptance import Acceptance

STDIN = "-"
STDIN_NAME = "<stdin>"
MIN_WIDTH = 40
PIPED_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was read."""

    file: str
    """As it was named on the command line."""
    profile: Profile
    acceptance: Sequence[Acceptance]
    """By trainer, where it was asked."""

    @property
    def name(self) -> str:
        """As reports name it."""
        return STDIN_NAME if self.file == STDIN else self.file

    @property
    def figures(self) -> Figures:
        """The public report."""
        return cast(Figures, self.profile.as_dict(self.file, [each.as_dict() for each in self.acceptance]))

    def findings(self) -> Iterator[FindingRecord]:
        """Those that are listed, in order, read as they are taken."""
        return map(FindingRecord.of, all_findings(self.profile.findings_path))

    @property
    def in_array(self) -> bool:
        """Whether its rows are those of an array, which may share lines."""
        return self.profile.reading.row_name == "row"

    @property
    def dataset(self) -> Path | None:
        """Where its lines can be read again; None for a stream and an archive."""
        is_packed = self.profile.reading.compression is not Compression.NONE
        path = Path(self.file)
        return None if self.file == STDIN or is_packed or not path.is_file() else path


class Reporter(Protocol):
    """Tells of one file after the other."""

    def tell(self, checked: Checked) -> None:
        """Print what is to be said of the file now, or keep it for the end."""

    def unread(self, sentence: str) -> None:
        """A file could not be checked; the sentence is on stderr already."""

    def close(self) -> None:
        """Print what speaks of all files."""


class _Text:
    """Reports with a blank line in between, and a closing line over several files."""

    def __init__(self, file_count: int, max_rejected_share: float) -> None:
        self._file_count = file_count
        self._share = max_rejected_share
        self._tally = Tally()
        self._is_first = True

    def tell(self, checked: Checked) -> None:
        profile, figures = checked.profile, checked.figures
        width = max(MIN_WIDTH, shutil.get_terminal_size((PIPED_WIDTH, 24)).columns)
        # A row of an array has no line of its own to show.
        dataset = None if checked.in_array else checked.dataset
        excerpt = excerpt_width(width)
        groups = grouped(profile.finding_counts, profile.findings_path, dataset, excerpt)
        report = render(checked.name, figures, groups, checked.acceptance, self._share, width)
        write_text(report if self._is_first else Text.assemble("\n", report))
        self._tally += tally_of(figures)
        self._is_first = False

    def unread(self, _sentence: str) -> None:
        self._tally += Tally(unread=1)

    def close(self) -> None:
        if self._file_count > 1:
            write_text(Text.assemble("\n", render_tally(self._tally)))


class _Json:
    """One object a file, on a line."""

    def tell(self, checked: Checked) -> None:
        write_line(json_text(checked.figures))

    def unread(self, _sentence: str) -> None:
        """Nothing: only stderr names it."""

    def close(self) -> None:
        """Nothing: every object is printed."""


class _Sarif:
    """One log over all files, at the end."""

    def __init__(self) -> None:
        self._run = SarifRun(version("lora-dataset-pipeline"))

    def tell(self, checked: Checked) -> None:
        self._run.add(checked.name, checked.findings(), checked.dataset, checked.in_array)

    def unread(self, sentence: str) -> None:
        self._run.add_unread(sentence)

    def close(self) -> None:
        write_line(json_text(self._run.as_dict()))
        if self._run.is_cut:
            complain(cut_sentence(self._run.found))


class _GitHub:
    """Annotations of the lines, and the verdict on each file for the log."""

    def __init__(self, max_rejected_share: float) -> None:
        self._annotations = Annotations()
        self._share = max_rejected_share

    def tell(self, checked: Checked) -> None:
        counts = checked.profile.finding_counts
        for command in self._annotations.of_file(checked.name, counts, checked.findings(), in_array=checked.in_array):
            write_line(command)
        write_text(render_verdict(checked.name, checked.figures, self._share))

    def unread(self, sentence: str) -> None:
        write_line(error_command(sentence))

    def close(self) -> None:
        if summary := self._annotations.summary():
            write_line(summary)


def reporter_for(report: str, file_count: int, max_rejected_share: float) -> Reporter:
    """The reporter of that name: text, json, sarif or github."""
    if report == "json":
        return _Json()
    if report == "sarif":
        return _Sarif()
    return _GitHub(max_rejected_share) if report == "github" else _Text(file_count, max_rejected_share)
