"""A small file with one fault, as a page shows it."""

from dataclasses import dataclass, field

from pipeline.dataset.profiles.profile_rules import Rules


@dataclass(frozen=True, slots=True)
class Example:
    """A file with one fault."""

    data: bytes
    note: str = ""
    """What one cannot see in it."""
    abridged: str = ""
    """How to show what is too long to be shown."""
    rules: Rules = field(default_factory=Rules)

    @property
    def shown(self) -> str:
        """The file as a page can show it: lines, with `\\xNN` for what is no printable text."""
        lines = self.data.removesuffix(b"\n").split(b"\n")
        return self.abridged or "\n".join(map(_shown, lines))


def _shown(line: bytes) -> str:
    return "".join(
        c if c.isprintable() else "".join(f"\\x{byte:02x}" for byte in c.encode("utf-8", "surrogateescape"))
        for c in line.decode("utf-8", "surrogateescape")
    )
