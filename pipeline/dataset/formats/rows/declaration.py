"""What a file of `declared/` may say of a format, and the formats that the files describe.

`docs/how-to/format.md` tells how one is added. The files are a part of the package and are read when it is imported.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product

import msgspec

from pipeline.dataset.formats.rows.chat import Chat
from pipeline.dataset.formats.rows.declared import Declared, Holds, Part
from pipeline.dataset.formats.rows.message_lists import ALIASES, Keys
from pipeline.dataset.formats.rows.shapes import IDENTITIES

Names = str | list[str]


class FieldSpec(msgspec.Struct, forbid_unknown_fields=True):
    """`[[fields]]`: a field and the turns that it holds, in the turns' order; the names are those of a `Part`."""

    field: Names
    """Its name, or several of which a row has one."""
    holds: Holds = "text"
    role: str = ""
    optional: bool = False
    learned: bool | None = None
    added: str = ""
    reasoning: tuple[str, ...] = ()
    pairs: list[tuple[str, str]] = []
    """Names of question and answer in each object of a list; each pair of names is a variant of the format."""

    def parts(self) -> list[Part]:
        """The part, once for each pair of names."""
        names = tuple([self.field] if isinstance(self.field, str) else self.field)
        pairs = self.pairs or [("", "")]
        own = (names, self.holds, self.role, self.optional, self.learned, self.added)
        return [Part(*own, pair, self.reasoning) for pair in pairs]


class MessagesSpec(msgspec.Struct, forbid_unknown_fields=True):
    """`[messages]`: a row is a list of messages; the names are those of a `Chat`."""

    field: str
    role: str = "role"
    content: str = "content"
    roles: dict[str, str] = {}
    """What the file's roles mean."""
    has_usual_roles: bool = False
    """ShareGPT's names of roles are known as well."""
    known_by: list[str] = []
    identities: tuple[str, ...] = IDENTITIES
    system: str = "system"


class Declaration(msgspec.Struct, forbid_unknown_fields=True):
    """A file: `fields` or `messages`."""

    name: str
    title: str
    rank: int
    """Formats of a lower one are asked first whether a row is theirs."""
    example: str
    """For people."""
    becomes: str
    """For people."""
    fields: list[FieldSpec] = []
    messages: MessagesSpec | None = None
    by_type: bool = False
    """As a `Declared` has them."""
    needs: tuple[str, ...] = ()
    """As a `Declared` has them."""
    unless: list[Names] = []
    """As a `Declared` has them."""
    has_tools: bool = True
    """As a `Declared` has them."""
    spellings: dict[str, list[str]] = {}
    """Further names of a field; each is a variant of the format."""
    is_exclusive: bool = False
    """A row that has two of those names is not understood, unless `beside` allows the second one."""
    beside: dict[str, list[str]] = {}

    def formats(self) -> Iterator[Declared | Chat]:
        """The format, and its variants after it."""
        if self.messages is not None:
            yield self._chat(self.messages)
            return
        spelt = [[name, *more] for name, more in self.spellings.items()]
        for parts in product(*(spec.parts() for spec in self.fields)):
            for names in product(*spelt):
                yield self._declared(parts, dict(zip(self.spellings, names, strict=True)))

    def _chat(self, spec: MessagesSpec) -> Chat:
        aliases = {**spec.roles, **(ALIASES if spec.has_usual_roles else {})}
        keys = Keys(spec.role, spec.content, tuple(aliases.items()))
        own = (spec.system, tuple(spec.known_by))
        return Chat(self.name, self.title, spec.field, keys, spec.identities, self.example, self.becomes, *own)

    def _declared(self, parts: tuple[Part, ...], chosen: dict[str, str]) -> Declared:
        """A variant. chosen: the name of each field that has several spellings."""
        groups = [(each,) if isinstance(each, str) else tuple(each) for each in self.unless]
        if self.is_exclusive:
            allowed = {*chosen.values(), *(name for used in chosen.values() for name in self.beside.get(used, ()))}
            known = (name for first, more in self.spellings.items() for name in (first, *more))
            groups += [(name,) for name in known if name not in allowed]
        own = [name for first, name in chosen.items() if first != name]
        own += [
            name
            for spec, part in zip(self.fields, parts, strict=True)
            if part.pair not in spec.pairs[:1]
            for name in part.pair
            if name
        ]
        return Declared(
            self.name,
            f"{self.title} ({', '.join(own)})" if own else self.title,
            tuple(replace(part, fields=_spelt(part.fields, chosen)) for part in parts),
            self.example,
            self.becomes,
            self.by_type,
            tuple(groups),
            self.has_tools,
            self.needs,
        )


def _spelt(fields: tuple[str, ...], chosen: dict[str, str]) -> tuple[str, ...]:
    """The names of a part; one that is spelt otherwise has no other name beside it."""
    name = chosen.get(fields[0], fields[0])
    return fields if name == fields[0] else (name,)


def declared_in(folder: Traversable) -> tuple[Declared | Chat, ...]:
    """The formats that the files of a folder describe, in the order in which rows are compared with them."""
    texts = sorted((file.name, file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml"))
    described = [msgspec.convert(tomllib.loads(text), Declaration) for _, text in texts]
    return tuple(form for each in sorted(described, key=lambda each: each.rank) for form in each.formats())


DECLARED = declared_in(files("pipeline.dataset.formats.rows") / "declared")
