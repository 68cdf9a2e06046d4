"""A conversation as text for a model that reads it."""

from pipeline.generation.model import MadeConversation


def transcript(conversation: MadeConversation) -> str:
    """All turns, numbered from 1, each between marks that tell where it ends.

    What is said in it is data: the marks keep apart what a turn asks for from what the reader is asked for. A turn that
    holds such a mark has a space in it.
    """
    turns = (
        f'<turn number="{number}" role="{turn.role}">\n{_unmarked(turn.content)}\n</turn>'
        for number, turn in enumerate(conversation.turns, start=1)
    )
    return "<conversation>\n" + "\n".join(turns) + "\n</conversation>"


def _unmarked(text: str) -> str:
    return text.replace("</turn", "< /turn").replace("<turn", "< turn").replace("</conversation", "< /conversation")
