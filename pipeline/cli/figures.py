"""The figures of one file as lines of text: counts, roles, and how lengths are spread. Pure."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TypedDict

from rich.text import Text

from pipeline.card.card_sentences import words_note
from pipeline.dataset.formats.container_names import CONTAINER_NAMES
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.safe_text import shown
from pipeline.wording import count_of, percent, size

INDENT = "  "
MAX_ROLES = 6
MAX_ROLE_CHARACTERS = 24
MAX_LANGUAGES = 3
LEAST_LANGUAGE_SHARE = 0.02  # less is a misread answer as often as not
_COUNTINGS = {"exact": "counted with {}", "sample": "from a sample counted with {}"}
_OTHER_METHODS = {"words*1.3": "estimated as words × 1.3"}
_PACKED = {
    "gzip": "packed with gzip",
    "zstd": "packed with Zstandard",
    "zip": "in a zip archive",
    "tar": "in a tar archive",
}


_WITHOUT_SPACES = "between spaces, which the language does not have"


class Figures(TypedDict):
    """What the report reads of `Profile.as_dict`."""

    format: str
    format_why: str
    format_lines: int
    container: str
    compression: str
    status: str
    bytes: int
    lines: int
    blank_lines: int
    conversations: int
    rejected_lines: int
    turns: int
    assistant_turns: int
    answers_to_learn: int
    words: int
    tokens: int
    token_method: str
    tokens_standard_error: float | None
    roles: dict[str, int]
    words_per_turn: dict[str, int | None]
    turns_per_conversation: dict[str, int | None]
    tokens_per_conversation: dict[str, int | None] | None
    duplicate_conversation_ids: int
    exact_duplicate_conversations: int
    near_duplicate_conversations: int | None
    near_duplicate_clusters: int | None
    validation_conversations: int | None
    languages: dict[str, float] | None
    languages_sampled: int | None
    finding_counts: dict[str, int]


def figure_lines(figures: Figures, width: int) -> list[Text]:
    """The figures, a text a line. width: cells of the terminal."""
    rejected = f"{figures['rejected_lines']:,} rejected, {figures['blank_lines']:,} blank"
    rows = [("lines", figures["lines"], f"{rejected}; {size(figures['bytes'])}")]
    if not figures["conversations"]:
        return [*_format(figures, width), *_numbers(rows)]
    rows += [
        ("answers to learn", figures["answers_to_learn"], "what training learns from"),
        ("conversations", figures["conversations"], _repeats(figures)),
        *_validation(figures),
        ("turns", figures["turns"], f"{figures['assistant_turns']:,} by the assistant"),
        ("words", figures["words"], _WITHOUT_SPACES if words_note(figures["languages"]) else ""),
        ("tokens", figures["tokens"], _counting(figures)),
    ]
    spreads = {
        "words in a turn": figures["words_per_turn"],
        "turns in a conversation": figures["turns_per_conversation"],
    }
    if tokens := figures["tokens_per_conversation"]:
        spreads["tokens in a conversation"] = tokens
    shares = [_roles(figures["roles"], width), *_languages(figures)]
    return [*_format(figures, width), *_numbers(rows), Text(), *chain(*shares), Text(), *_spreads(spreads)]


def _format(figures: Figures, width: int) -> list[Text]:
    """What the file is read as, and why."""
    packing = [CONTAINER_NAMES.get(figures["container"]), _PACKED.get(figures["compression"])]
    fitting = figures["lines"] - figures["blank_lines"]
    if not fitting:
        return []
    fits = f"{figures['format_lines']:,} of {count_of(fitting, 'line')} fit"
    line = Text.assemble(INDENT, (figures["format"], "bold"), *(f", {what}" for what in packing if what), f"; {fits}")
    why = f" ({shown(figures['format_why'])})"
    if line.cell_len + len(why) <= width:
        return [line.append(why, style="dim"), Text()]
    return [line, Text(f"{INDENT}{why[1:]}", style="dim"), Text()]


def _validation(figures: Figures) -> list[tuple[str, int, str]]:
    count = figures["validation_conversations"]
    return [("validation", count, "conversations are kept for it")] if count else []


def _counting(figures: Figures) -> str:
    """How tokens were counted, and how far off they may be."""
    counting, _, tokenizer = figures["token_method"].partition(":")
    how = _COUNTINGS[counting].format(shown(tokenizer)) if tokenizer else _OTHER_METHODS.get(counting, counting)
    error = figures["tokens_standard_error"]
    if not error:
        return how
    return f"± {round(error):,} (standard error), {how}"


def _languages(figures: Figures) -> list[list[Text]]:
    shares, sampled = figures["languages"], figures["languages_sampled"]
    if not shares or not sampled:
        return []
    named = [(name, share) for name, share in shares.items() if share >= LEAST_LANGUAGE_SHARE][:MAX_LANGUAGES]
    listed = ", ".join(f"{shown(name)} {percent(share, 0)}" for name, share in named) or "many"
    note = (f"  of {count_of(sampled, 'answer')}", "dim")
    return [[Text.assemble(f"{INDENT}languages{INDENT}{listed}", note)]]


def _numbers(rows: Sequence[tuple[str, int, str]]) -> list[Text]:
    label_cells = max(len(label) for label, _, _ in rows)
    number_cells = max(len(f"{number:,}") for _, number, _ in rows)
    return [
        Text.assemble(
            f"{INDENT}{label:<{label_cells}}{INDENT}",
            (f"{number:>{number_cells},}", "bold"),
            (f"{INDENT}{note}" if note else "", "dim"),
        )
        for label, number, note in rows
    ]


def _repeats(figures: Figures) -> str:
    repeats = [
        (figures["duplicate_conversation_ids"], "repeated id"),
        (figures["exact_duplicate_conversations"], "exact duplicate"),
        (figures["near_duplicate_conversations"] or 0, "near-duplicate"),
    ]
    return ", ".join(count_of(count, what) for count, what in repeats if count) or "no duplicates"


def _spreads(spreads: Mapping[str, Mapping[str, int | None]]) -> list[Text]:
    """How values are spread, as a small table."""
    rows = {label: [f"{value or 0:,}" for value in values.values()] for label, values in spreads.items()}
    label_cells = max(map(len, rows))
    names = list(next(iter(spreads.values())))
    cells = [max(len(name), *(len(row[place]) for row in rows.values())) for place, name in enumerate(names)]

    def aligned(texts: Sequence[str]) -> str:
        return "".join(f"{INDENT}{text:>{width}}" for text, width in zip(texts, cells, strict=True))

    heading = Text(f"{INDENT}{'':<{label_cells}}{aligned(names)}", style="dim")
    return [heading, *(Text(f"{INDENT}{label:<{label_cells}}{aligned(row)}") for label, row in rows.items())]


def _roles(roles: Mapping[str, int], width: int) -> list[Text]:
    """The most frequent roles; those that trainers do not know stand out."""
    total = sum(roles.values())
    entries = [
        Text(f"{_role(role)} {count:,} ({percent(count / total, 0)})", style="" if role in KNOWN_ROLES else "yellow")
        for role, count in list(roles.items())[:MAX_ROLES]
    ]
    if rest := len(roles) - len(entries):
        entries.append(Text(f"{rest:,} more"))
    lead = f"{INDENT}roles{INDENT}"
    lines = [Text.assemble(lead, entries[0])]
    for entry in entries[1:]:
        if lines[-1].cell_len + 3 + entry.cell_len > width:
            lines[-1].append(",")
            lines.append(Text.assemble(" " * len(lead), entry))
        else:
            lines[-1].append(", ").append_text(entry)
    return lines


def _role(role: str) -> str:
    return shown(role[:MAX_ROLE_CHARACTERS]) + ("…" if len(role) > MAX_ROLE_CHARACTERS else "")
