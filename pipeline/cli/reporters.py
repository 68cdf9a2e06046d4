"""Tells what came of each file in the form that was asked for: a report for people, JSON, SARIF, or annotations.

A reporter prints its part before the files that were asked for are moved away, and what speaks of all files at the end.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast

from rich.text import Text

from pipeline.cli.common import write_line, write_text
from pipeline.cli.figures import Figures
from pipeline.cli.github_annotations import Annotations
from pipeline.cli.json_text import json_text
from pipeline.cli.places import grouped
from pipeline.cli.report import Tally, excerpt_width, render, render_tally, render_verdict, tally_of
from pipeline.cli.sarif import SarifRun, cut_sentence
from pipeline.conversations.containers import Compression
from pipeline.profiles.merge import all_findings
from pipeline.profiles.profile import Profile

STDIN = "-"
STDIN_NAME = "<stdin>"
MIN_WIDTH = 40
PIPED_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was read. file: as it was named on the command line."""

    file: str
    profile: Profile

    @property
    def name(self) -> str:
        """As reports name it."""
        return STDIN_NAME if self.file == STDIN else self.file

    @property
    def figures(self) -> Figures:
        """The public report."""
        return cast(Figures, self.profile.as_dict(self.file))

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
