"""The faults of one line while it is read: what each format's reader reports to."""

from collections import Counter
from collections.abc import Callable

from pipeline.dataset.findings.finding import MAX_NAMED_PLACES, Finding, elsewhere
from pipeline.dataset.model.json_text import Json
from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.wording import plural_of

_TYPE_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


class Faults:
    """Collects faults of one line: the first place of each code, and the further ones by path."""

    def __init__(self, line: int, byte_offset: int, row: int = 0) -> None:
        """row: as a `Finding` has it."""
        self._line = line
        self._byte_offset = byte_offset
        self._row = row
        self.found: dict[str, tuple[str, Mismatch]] = {}
        self._further: dict[str, list[str]] = {}
        self._further_count: Counter[str] = Counter()

    def add(
        self,
        code: str,
        path: str,
        expected: str,
        found: str | None,
        detail: str | None = None,
        column: int | None = None,
    ) -> None:
        """Note one fault at its place; the parts are those of a `Mismatch`."""
        self._note(code, path, Mismatch(expected, found, detail, column))

    def _note(self, code: str, path: str, mismatch: Mismatch) -> None:
        if code not in self.found:
            self.found[code] = (path, mismatch)
            return
        self._further_count[code] += 1
        if self._further_count[code] <= MAX_NAMED_PLACES:
            self._further.setdefault(code, []).append(path)

    def findings(self) -> list[Finding]:
        """One finding a code, at its first place, sorted."""
        findings = []
        for code, (path, mismatch) in self.found.items():
            mismatch = elsewhere(mismatch, self._further.get(code, []), self._further_count[code])
            findings.append(Finding(self._line, self._byte_offset, code, path, mismatch, self._row))
        return sorted(findings, key=lambda finding: finding.sort_key)


class LooksWrong(Exception):
    """A value that the exact judge must see."""


class NoFaults(Faults):
    """For reading what is expected to be right: the first fault stops it."""

    def __init__(self) -> None:
        super().__init__(0, 0)

    def _note(self, code: str, path: str, mismatch: Mismatch) -> None:
        raise LooksWrong


class FaultsElsewhere(Faults):
    """Takes the faults of a row that stands for another one. path_of: what a path is called there."""

    def __init__(self, outer: Faults, path_of: Callable[[str], str]) -> None:
        super().__init__(0, 0)
        self._outer = outer
        self._path_of = path_of

    def _note(self, code: str, path: str, mismatch: Mismatch) -> None:
        self._outer._note(code, self._path_of(path), mismatch)


class NotAsked(Exception):
    """Somebody looked at all fields of an object that may only be asked for single ones (see `probe.py`)."""


def field(owner: dict[str, Json], name: str, kind: type, path: str, faults: Faults) -> Json:
    """The field's value when it is there with the right type, else None and a fault."""
    if name not in owner:
        faults.add("missing-field", f"{path}.{name}", f"the field {name}", keys_of(owner))
        return None
    value = owner[name]
    if not isinstance(value, kind):
        faults.add("wrong-type", f"{path}.{name}", _TYPE_NAMES[kind], name_of(value))
        return None
    return value


def as_object(row: Json, faults: Faults) -> dict[str, Json] | None:
    """The row when it is an object, else None and a fault."""
    if isinstance(row, dict):
        return row
    faults.add("not-an-object", "$", "an object", name_of(row))
    return None


def check_nul(value: Json, path: str, faults: Faults) -> None:
    """Report a text that holds a NUL."""
    if isinstance(value, str) and "\0" in value:
        faults.add("nul-character", path, "text", "NUL", f"at character {value.index(chr(0)) + 1}")


def keys_of(owner: dict[str, Json]) -> str:
    """The fields of an object, as a message names them; "" of one that may only be asked for single fields."""
    try:
        if not owner:
            return "no fields"
        named = ", ".join(printable(key) for key in list(owner)[:5])
        return f"{plural_of('field', len(owner))} {named}{', …' if len(owner) > 5 else ''}"
    except NotAsked:
        return ""


def name_of(value: Json) -> str:
    """The JSON type of a value, as a message names it."""
    return _TYPE_NAMES.get(type(value), "a number")
