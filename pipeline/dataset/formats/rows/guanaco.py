"""Guanaco's format: a conversation as one text, in which ### Human and ### Assistant speak in turn."""

import re
from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, check_nul
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.declaration import DECLARED
from pipeline.dataset.formats.rows.fields import FieldFormat
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Shape
from pipeline.dataset.formats.rows.spoken_texts import said_in_turn
from pipeline.dataset.model.conversation import FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json

_MARK = re.compile(r"(?<!#)### (Human|Assistant): ?")
# What may stand before each mark but the first, the same before all of them.
_BETWEEN = ("\r\n\r\n", "\n\n", "\r\n", "\n", " ", "")
_PLAIN_TEXT = next(form for form in DECLARED if form.name == "plain-text")


@dataclass(frozen=True, slots=True)
class Guanaco(FieldFormat):
    """All turns lie in one text, so that the quick reader has no shape of it."""

    name: str = "guanaco"
    title: str = "Guanaco: a chat as text of ### Human and ### Assistant"
    example: str = '{"text": "### Human: Hello### Assistant: Hi!"}'
    becomes: str = (
        "the turns that the text names, where it begins with the first mark and both speak in turn; "
        "of any other text, one turn, as of plain text"
    )

    def fits(self, row: Json) -> bool:
        """Whether its text is such a chat from beginning to end."""
        text = row.get("text") if isinstance(row, dict) else None
        return isinstance(text, str) and bool(_turns_of(text)) and _PLAIN_TEXT.fits(row)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The turns of the text; the text itself where it is no such chat."""
        text = row.get("text") if isinstance(row, dict) else None
        turns = _turns_of(text) if isinstance(text, str) else []
        if not isinstance(row, dict) or not turns:
            return _PLAIN_TEXT.read(row, faults)
        check_nul(text, "$.text", faults)
        return FullConversation(identity_of(row, IDENTITIES), turns, media=media_of(row))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: the turns are found in a text."""
        return ()


def _turns_of(text: str) -> list[FullTurn]:
    """A user's turn, an assistant's, and so on, with at least one of each; none where the text is anything else."""
    if any(text.count("```", 0, mark.start()) % 2 for mark in _MARK.finditer(text)):
        return []  # inside of code, where the format is shown and nobody speaks
    said = said_in_turn(_MARK, text)
    if len(said) < 2:
        return []
    contents = [content for _, content in said]
    between = next(each for each in _BETWEEN if all(content.endswith(each) for content in contents[:-1]))
    contents = [*(content.removesuffix(between) for content in contents[:-1]), contents[-1]]
    return [
        FullTurn(role, content, "$.text", role == "assistant")
        for (role, _), content in zip(said, contents, strict=True)
    ]


GUANACO = Guanaco()
