"""What templates, web pages, chat formats and JSON leave behind in a text: placeholders, markup, markers, escapes."""

import re
from itertools import islice

from pipeline.dataset.model.late_patterns import late_pattern
from pipeline.dataset.rules.code_spans import without_code
from pipeline.dataset.rules.kinds import Severity
from pipeline.dataset.rules.text_rules import Place, TextRules

LEFTOVER_RULES, ESCAPE_RULES = TextRules(), TextRules()
_PLACEHOLDERS = (
    r"(?<![A-Za-z$=}\]\\^_])\{\{ ?[A-Za-z_][A-Za-z0-9_ .-]{0,40}\}\}",
    r"\[(?i:insert|fill in|(?:enter|add) (?:your|the|a)) [^\[\]\n]{1,60}\]",
    r"\[(?i:your|company|customer|client|recipient|sender)(?i:[ _-]?[a-z'’ _-]{0,30}name)\]",
    r"\[(?i:your|company|customer|client) (?i:address|email|phone|number|title|position)(?i:[a-z ]{0,20})\]",
    r"<(?i:no[ _]?input|no[ _]?output|empty|none|null|placeholder)>|<(?i:insert|your)[ _-][^<>\n]{1,40}>",
    r"(?i:lorem ipsum)",
    r"\bTODO:|\[TODO\b|\bTBD:|\[TBD\]|\bXXXXX+\b",
)
_MARKERS = (
    r"<[|｜][A-Za-z][A-Za-z0-9_▁ -]{1,40}[|｜]>",
    r"\[/?INST\]|\[/?(?:AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<</?SYS>>",
    r"</?(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|</?s>(?=\s*\Z|\s*\[INST\])|\A\s*<s>",
    r"(?m:^)#{2,3} ?(?:Instruction|Response|Human|Assistant|User|System) ?:",
    r"\n\nHuman: |\n\nAssistant: |(?m:^)(?:USER|ASSISTANT): ",
)
_MARKUP = late_pattern(
    r"&(?:nbsp|amp|lt|gt|quot|apos|hellip|mdash|ndash|rsquo|lsquo|ldquo|rdquo|#\d{2,5}|#x[0-9a-fA-F]{2,5});"
    r"|<(?:br ?/?|/?(?:p|div|span|font|li|ul|ol|b|i|u|em|strong|td|tr|table|h[1-6]|blockquote))>"
)
_DELIBERATE = late_pattern(r"<!doctype|<html|<head>|<body|<script|<style|<\?xml|<svg|<form|html", re.IGNORECASE)

# A line break as JSON writes it, where a line would end: not the beginning of a name (`C:\\new`, `\\nabla`).
_WRITTEN_BREAK = late_pattern(r"(?<!\\)(?:(?:\\r)?\\n)+(?![a-z])")
_WRITTEN_CHARACTER = late_pattern(r"(?<!\\)\\u[0-9a-fA-F]{4}")
_WRITTEN_FOR_MACHINES = late_pattern(r"\s*[\[{\"]")
_BREAKS_BY_ACCIDENT = 1  # in one text: a word about an escape, a path, an expression

_PLACEHOLDER = late_pattern("|".join(_PLACEHOLDERS))
_MARKER = late_pattern("|".join(_MARKERS))


@LEFTOVER_RULES.add(
    "finished text",
    r"\{\{ ?[A-Za-z_]|\[(?i:insert|fill in|enter|add|your|company|customer|client|recipient|sender)|"
    r"<(?i:no[ _]?input|no[ _]?output|empty|none|null|placeholder|insert |your[ _-])|"
    r"(?i:lorem ipsum)|TODO|TBD|XXXXX",
)
def placeholder(text: str) -> Place | None:
    """The text holds a placeholder that was never filled.

    The model learns to write the placeholder.

    What to do: fill it, or remove the line.
    """
    match = _PLACEHOLDER.search(without_code(text))
    return Place(match.start(), "a placeholder") if match else None


@LEFTOVER_RULES.add(
    "text without markers of a chat template",
    r"<[|｜][A-Za-z]|\[/?INST\]|\[/?(?:AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<</?SYS>>|_of_turn>|"
    r"<(?:bos|eos|pad|unk|s|/s)>|## ?(?:Instruction|Response|Human|Assistant|User|System) ?:|"
    r"Human: |Assistant: |USER: |ASSISTANT: ",
)
def template_marker(text: str) -> Place | None:
    """The text holds a marker of a chat template.

    Tokenizers read many of them as the end of a turn, so the text is cut or roles are mixed up.

    What to do: remove the marker; split the turn if it holds several.
    """
    # Also in code: a tokenizer that knows the marker does not ask where it stands.
    match = _MARKER.search(text)
    return Place(match.start(), "a marker of a chat template") if match else None


@LEFTOVER_RULES.add(
    "plain text",
    r"&(?:[a-z]{2,6}|#x?[0-9a-fA-F]{2,5});|<(?:br ?/?|/?(?:p|div|span|font|li|ul|ol|b|i|u|em|strong|td|tr|table|"
    r"h[1-6]|blockquote))>",
    severity=Severity.NOTE,
)
def html_leftover(text: str) -> Place | None:
    """The text holds HTML outside code.

    Often left over from a web page; the model learns to write the tags.

    What to do: convert the text to plain text or Markdown, if the tags are not meant.
    """
    # Where a text speaks of HTML, its tags are meant.
    if _DELIBERATE.search(text):
        return None
    match = _MARKUP.search(without_code(text))
    return Place(match.start(), "a piece of HTML") if match else None


@ESCAPE_RULES.add(
    "line breaks and characters themselves",
    r"\\n|\\u[0-9a-fA-F]{4}",
)
def escaped_twice(text: str) -> Place | None:
    """The text holds escapes where line breaks or characters should be.

    JSON was written into JSON: the model learns to write a backslash and n instead of a new line.

    What to do: decode the text once more before it is written: in Python, json.loads before json.dumps.
    """
    # Escapes outside code, in a text that has no line break of its own: its breaks are in them.
    if "\n" in text or _WRITTEN_FOR_MACHINES.match(text):
        return None
    spoken = without_code(text)
    breaks = list(islice(_WRITTEN_BREAK.finditer(spoken), _BREAKS_BY_ACCIDENT + 1))
    if len(breaks) > _BREAKS_BY_ACCIDENT:
        return Place(breaks[0].start(), "a line break as an escape")
    match = _WRITTEN_CHARACTER.search(spoken)
    return Place(match.start(), "a character as an escape") if match else None
