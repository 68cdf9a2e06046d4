"""How much conversations of a batch differ in how they begin, how they end and which words they use.

A model that is asked often falls into phrases. So no opening and no closing line may stand in more than a share of the
conversations: in at most two of fewer than a hundred, where one more would already be more than that share.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.generation.model import MadeConversation

OPENING_WORDS = 5
MOST_SHARE = 0.02
LEAST_TIMES = 2  # that anything may stand, however few there are
_SAMPLE = 500  # conversations whose words are counted
_LINE_WORDS = 3  # fewer make no closing line
# A word, or a character of a script that is written without spaces.
_WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U00033fff]|[^\W_]+(?:['’][^\W_]+)*"
)
_LOOKED_AT_CHARACTERS = 400
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)*_]*\s+|\n+")


@dataclass(frozen=True, slots=True)
class Variety:
    """Figures over n conversations. Shares are of n, None without any."""

    conversations: int
    opening: str | None
    """The commonest ones. distinct_n: different runs of n words over all of them, in the answers of a sample of at most
    500 conversations, so that batches of any size compare; None without words."""
    opening_share: float | None
    closing: str | None
    """The commonest ones. distinct_n: different runs of n words over all of them, in the answers of a sample of at most
    500 conversations, so that batches of any size compare; None without words."""
    closing_share: float | None
    distinct_1: float | None
    distinct_2: float | None
    distinct_3: float | None


def openings(conversation: MadeConversation) -> list[str]:
    """The first words of the first question and of the first answer, each marked with whose they are."""
    firsts = {turn.role: turn.content for turn in reversed(conversation.turns)}
    return [f"{role}: {text}" for role in ("user", "assistant") if (text := opening_of(firsts.get(role, "")))]


def opening_of(text: str) -> str:
    """The first five words, in small letters."""
    return " ".join(_words(text[:_LOOKED_AT_CHARACTERS])[:OPENING_WORDS])


def closing(conversation: MadeConversation) -> list[str]:
    """The last sentence of the last turn, in small letters; none where it is too short to be known again."""
    last = conversation.turns[-1].content.rstrip()[-_LOOKED_AT_CHARACTERS:] if conversation.turns else ""
    sentences = [words for part in _SENTENCE_END.split(last) if (words := _words(part))]
    return [" ".join(sentences[-1])] if sentences and len(sentences[-1]) >= _LINE_WORDS else []


def most_times(count: int, share: float = MOST_SHARE) -> int:
    """In how many of so many conversations a line may stand."""
    return max(LEAST_TIMES, int(count * share))


def too_common(
    lines: Mapping[int, Sequence[str]], rank: Callable[[int], Any], share: float = MOST_SHARE
) -> dict[int, str]:
    """Which conversations are to go for a line that too many have, with the line; the best of them stay.

    lines: of each conversation, by its place. rank: the smallest stay.
    """
    most = most_times(len(lines), share)
    having: dict[str, list[int]] = {}
    for place, several in lines.items():
        for line in several:
            having.setdefault(line, []).append(place)
    gone: dict[int, str] = {}
    for line, places in sorted(having.items()):
        if len(places) > most:
            gone |= dict.fromkeys(sorted(places, key=rank)[most:], line)
    return gone


def measure_variety(conversations: Sequence[MadeConversation]) -> Variety:
    """The figures of these conversations."""
    count = len(conversations)
    opening, times = _commonest(line for each in conversations for line in openings(each))
    ending, end_times = _commonest(line for each in conversations for line in closing(each))
    step = -(-count // _SAMPLE) or 1
    answers = [_words(t.content) for each in conversations[::step] for t in each.turns if t.role == "assistant"]
    distinct = [_distinct(answers, size) for size in (1, 2, 3)]
    return Variety(
        count,
        opening,
        times / count if count else None,
        ending,
        end_times / count if count else None,
        *distinct,
    )


def _commonest(lines: Iterator[str]) -> tuple[str | None, int]:
    """The commonest line, of several the first by letters, and how often it stands."""
    counts = Counter(lines)
    return min(counts.items(), key=lambda item: (-item[1], item[0])) if counts else (None, 0)


def _distinct(texts: Sequence[Sequence[str]], size: int) -> float | None:
    runs = [tuple(words[at : at + size]) for words in texts for at in range(len(words) - size + 1)]
    return len(set(runs)) / len(runs) if runs else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
