"""Where workers elsewhere leave what they made of their part, for the process that puts the parts together.

Each try at a part has a name of its own, which its result tells: what was left by a worker that died, or by a part that
was done twice, is read by nobody.
"""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.errors import LakeError
from pipeline.state.lake.lake_errors import lake_errors


@dataclass(frozen=True, slots=True)
class LentPart:
    """A folder for one try at a part, and the name under which it will be collected."""

    name: str
    folder: Path


class PartPlace(Protocol):
    """A place for the parts of one work. It can be pickled, and holds no credentials."""

    def lend(self) -> AbstractContextManager[LentPart]:
        """Lend a folder for a try at a part; whatever is in it at the end is left under its name.

        Raises:
            LakeError: the place cannot be written from this machine.
        """

    def collect(self, name: str) -> Path:
        """Return the local folder with what was left under a name; only where the work began.

        Raises:
            LakeError: it cannot be read.
        """

    def borrow(self, name: str, file_name: str, folder: Path) -> Path:
        """Return one file of what was left under a name, on any machine: where it is, or a copy in a folder.

        Raises:
            LakeError: it cannot be read from this machine.
        """

    def remove(self) -> None:
        """Remove what does not go with the folder of the work."""


@dataclass(frozen=True, slots=True)
class FolderParts:
    """Parts right in the folder of the work, which all workers see."""

    folder: Path

    @contextmanager
    def lend(self) -> Iterator[LentPart]:
        """See `PartPlace.lend`."""
        self._check_folder()
        part = LentPart(name := new_part_name(), self.folder / name)
        with lake_errors("write", part.folder):
            part.folder.mkdir()
        yield part

    def collect(self, name: str) -> Path:
        """See `PartPlace.collect`."""
        return self.folder / name

    def borrow(self, name: str, file_name: str, folder: Path) -> Path:
        """See `PartPlace.borrow`: the file itself."""
        del folder
        self._check_folder()
        return self.folder / name / file_name

    def remove(self) -> None:
        """See `PartPlace.remove`: they all go with it."""

    def _check_folder(self) -> None:
        if not self.folder.is_dir():
            raise LakeError(
                f"{self.folder} is not on this worker's machine: expected LORA_LAKE to be s3://…, or a folder that all "
                "workers have under the same path"
            )


def new_part_name() -> str:
    """A name that no other try at a part has."""
    return f"part-{uuid.uuid4().hex}"
