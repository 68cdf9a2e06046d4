"""The findings about what belongs together: training pairs, messages one a row, both answers of a preference.

The errors are found by the readers of their formats, in `formats/rows/`.
"""

from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity, kinds
from pipeline.dataset.rules.pair_rules import PAIR_RULES

_ERRORS = kinds(
    Severity.ERROR,
    Scope.LINE,
    [
        (
            "contradicting-pairs",
            "the pairs of a conversation contradict each other",
            "Each pair repeats the conversation so far. Where two differ, nobody can tell what was said, "
            "and training on both teaches two answers.",
            "give the pairs one history, or the conversation that one of them belongs to an id of its own",
        ),
        (
            "message-without-key",
            "a message does not say which conversation it belongs to",
            "Messages that stand one a row are put together by the key of their conversation. This one has none.",
            "write the key of its conversation, or leave the message out",
        ),
        (
            "message-without-parent",
            "the message that it answers is not in the file",
            "Messages are joined by the one that each answers. Without its beginning nobody can tell what a "
            "conversation is about, so it is not learned from.",
            "add the rows from the first message on, or write null as parent_id where a conversation begins",
        ),
    ],
)
PAIR_KINDS: list[FindingKind] = [*_ERRORS, *PAIR_RULES.kinds()]
