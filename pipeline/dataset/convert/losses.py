"""What a conversion leaves out or changes: every kind by name, with how many conversations and the first rows."""

from dataclasses import dataclass, field

FIRST_ROWS = 3

LOSSES = {
    "ids": "ids of conversations",
    "names": "names of speakers",
    "weights": "weights, or which answers are learned from",
    "call-ids": "ids of tool calls",
    "roles": "roles that mean something else there, written as the assistant",
    "text-beside-calls": "texts beside tool calls",
    "content-parts": "parts of contents that are no text",
    "media": "pictures, sounds or videos in fields beside the texts",
    "media-marks": "what marks such as <image> in the texts stand for; the marks stay, as text",
    "reasoning": "reasoning that stands beside answers",
    "rejected-answers": "the rejected one of two answers",
    "other-replies": "replies of trees beside the best-ranked ones",
    "labels": "labels of liked and disliked answers",
    "tools": "tools and their calls",
    "unpaired-turns": "turns that belong to no pair: behind the last answer, or answers that follow no question",
    "pairs-without-target": "pairs without an answer, which a file of lines does not have",
    "annotations": "what is said of whole conversations, which a file of lines does not have",
    "repeated-fields": "what stands first under a field that an object names twice: the last is taken",
    "earlier-answers": "earlier answers, which stand in the question there and are not learned from",
    "no-pairs": "whole conversations that have no question with an answer",
    "no-alternatives": "whole conversations that have no second answer",
    "no-labels": "whole conversations of which nobody said whether the answer was liked",
    "plain-texts": "plain texts, written as answers without a question",
}


@dataclass(slots=True)
class Losses:
    """Counts of conversations by kind of loss, and the first rows of each, by their place in the file."""

    counts: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)

    def add(self, row: int, kinds: set[str]) -> None:
        """Note what a conversation loses."""
        for kind in kinds:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            rows = self.rows.setdefault(kind, [])
            if len(rows) < FIRST_ROWS:
                rows.append(row)

    def as_dict(self) -> dict[str, dict[str, object]]:
        """By kind, in the order of LOSSES: conversations and first_lines, which of an array are its rows."""
        return {
            kind: {"conversations": self.counts[kind], "first_lines": self.rows[kind]}
            for kind in LOSSES
            if kind in self.counts
        }
