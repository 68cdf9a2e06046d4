"""The catalogue of findings: every code we can report, and the value a report is made of.

A code is public and stable for ever; `docs/findings.md` is generated from here. How a fault is found lives
elsewhere: errors in `judge.py`, warnings in `conventions.py`, duplicates in `pipeline/profiles/duplicates.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.conversations.kinds import FindingKind, Scope, Severity, kinds
from pipeline.conversations.quality_kinds import QUALITY_KINDS

__all__ = ["CATALOGUE", "ORDER", "Finding", "FindingKind", "Scope", "Severity", "and_elsewhere"]

MAX_NAMED_PLACES = 3


_FILE_ERRORS = kinds(
    Severity.ERROR,
    Scope.FILE,
    [
        (
            "empty-file",
            "the file is empty",
            "There is nothing to train on; often an export or an upload that broke off.",
            "export the file again and compare its size before uploading",
        ),
        (
            "no-conversations",
            "the file holds no conversation",
            "Every line is blank or rejected, so nothing is left to train on.",
            'write one conversation on each line, for example {"conversation_id": …, "turns": […]}',
        ),
        (
            "binary-file",
            "the file is not text",
            "JSON Lines is UTF-8 text; an archive or a columnar file has no lines to read.",
            "unpack or convert it to JSON Lines (.jsonl) first",
        ),
        (
            "utf16-file",
            "the file is UTF-16 or UTF-32, not UTF-8",
            "JSON exchanged between systems is UTF-8 (RFC 8259, section 8.1).",
            "save it as UTF-8, for example: iconv -f UTF-16 -t UTF-8 in.jsonl > out.jsonl",
        ),
        (
            "broken-archive",
            "the archive cannot be unpacked to its end",
            "What follows the fault is lost; often an upload that broke off.",
            "pack the file again, and compare its size before uploading",
        ),
        (
            "expands-too-much",
            "the archive grows beyond reason",
            "Text packs 3 to 20 times; one that grows a thousandfold is an attack or a fault. The rest was not read.",
            "upload the file as it is, not packed",
        ),
        (
            "unknown-format",
            "no row is of a format that we know",
            "So the file was read as our own format, and every fault below is told in its words.",
            "write rows of one of the formats in docs/formats.md, or describe yours: check --mapping FILE",
        ),
        (
            "upload-too-large",
            "the upload is larger than this installation takes",
            "It was not read. The limit is the setting LORA_MAX_UPLOAD_BYTES.",
            "split the file by lines, or ask the operator for a higher limit",
        ),
        (
            "upload-missing",
            "the upload was removed before it was read",
            "There is nothing left to judge. What was dropped instead, if anything, has a dataset of its own.",
            "upload the file again",
        ),
        (
            "upload-changed",
            "the upload was overwritten before it was read",
            "A dataset stands for the bytes that were registered; the new bytes are a dataset of their own.",
            "look at the newer dataset of the same name",
        ),
    ],
)

_LINE_ERRORS = kinds(
    Severity.ERROR,
    Scope.LINE,
    [
        (
            "line-too-long",
            "the line is longer than the maximum",
            "Memory is bounded by the longest line; a line this long is nearly always a file without line breaks.",
            "put each conversation on a line of its own",
        ),
        (
            "invalid-utf8",
            "the line is not valid UTF-8",
            "Readers replace such bytes or stop at them; what is trained on would not be what was written.",
            "save the file as UTF-8",
        ),
        (
            "malformed-json",
            "the line is not one JSON value",
            "Loaders stop at the first such line, or drop it silently. RFC 8259 has no NaN and no trailing comma.",
            "write the line with a JSON library, one object a line",
        ),
        (
            "too-many-values",
            "the line holds more values than the maximum",
            "Each value costs many times its bytes in memory; no conversation needs a million of them.",
            "split the conversation, or leave the field that holds them out",
        ),
        (
            "nesting-too-deep",
            "arrays and objects are nested too deep",
            "Most readers give up or crash on such a line.",
            "flatten the value, or leave the field out",
        ),
        (
            "lone-surrogate",
            "a \\u escape is half of a surrogate pair",
            "It stands for no character and cannot be written as UTF-8; tokenizers and Arrow refuse it.",
            "write the whole pair, or remove the half (text was probably cut in the middle of an emoji)",
        ),
        (
            "not-an-object",
            "the line is JSON, but not an object",
            "A conversation is an object with conversation_id and turns.",
            'write {"conversation_id": …, "turns": […]}',
        ),
        (
            "other-format",
            "the line is of another format than the file",
            "Trainers read one format a file; such a line is dropped, or stops them.",
            "convert the line to the file's format, or move it to a file of its own",
        ),
        (
            "missing-field",
            "a required field is missing",
            "Without it the line cannot become a conversation.",
            "add the field",
        ),
        (
            "wrong-type",
            "a field has the wrong type",
            "Type drift crashes columnar loaders, or turns numbers into text without a word.",
            "write the value with the expected type",
        ),
        (
            "empty-conversation-id",
            "conversation_id is an empty string",
            "The id is how a conversation is found again.",
            "give each conversation an id of its own",
        ),
        (
            "empty-turns",
            "turns is an empty list",
            "A conversation without turns trains nothing.",
            "add the turns, or remove the line",
        ),
        (
            "turn-not-an-object",
            "a turn is not an object",
            "Each turn is an object with role and content.",
            'write each turn as {"role": …, "content": …}',
        ),
        (
            "malformed-tool-call",
            "a tool call is not the JSON of a call",
            "Trainers read the call's name and arguments; from other text they learn no call, or stop.",
            'write {"name": …, "arguments": {…}}, or a list of such calls',
        ),
        (
            "ambiguous-answer",
            "two fields hold different answers",
            "Which of them is trained on depends on the trainer.",
            "keep one of the two fields",
        ),
        (
            "nul-character",
            "a field holds a NUL character",
            "Databases and tokenizers written in C cut text at NUL, or refuse it.",
            "remove \\u0000 from the text",
        ),
    ],
)

_WARNINGS = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "byte-order-mark",
            "the file begins with a byte order mark",
            "Strict JSON readers refuse the first line.",
            "save the file as UTF-8 without BOM",
        ),
        (
            "blank-line",
            "the line is blank",
            "Some readers stop at a blank line, others count it as a row.",
            "remove the line",
        ),
        (
            "no-final-newline",
            "the last line does not end with a newline",
            "Often the sign of a file that was cut off; joining such files glues two lines together.",
            "check that the file is complete, and end it with a newline",
        ),
        (
            "unknown-role",
            "the role is not one that trainers know",
            "Chat templates raise on it, or drop the turn.",
            "use system, developer, user, assistant, tool or function",
        ),
        (
            "empty-content",
            "a turn has no words",
            "Training on an empty answer teaches the model to say nothing.",
            "fill the turn, or remove it",
        ),
        (
            "no-assistant-turn",
            "no turn is by the assistant",
            "Only assistant turns are learned from, so the line trains nothing.",
            "add the assistant's answer, or remove the line",
        ),
        (
            "roles-not-alternating",
            "two turns in a row have the same role",
            "Strict chat templates (Gemma, Mistral) raise on it.",
            "merge the two turns, or add the one between them",
        ),
        (
            "last-turn-not-assistant",
            "the last turn is not by the assistant",
            "What follows the last answer is never learned from.",
            "remove what follows the last assistant turn, or add its answer",
        ),
        (
            "system-not-first",
            "a system turn stands after another turn",
            "Chat templates raise on it or drop it; Fireworks, Together and Mistral refuse the file.",
            "move it to the front, or into the user's turn",
        ),
        (
            "several-system-turns",
            "there is more than one system turn",
            "Most chat templates know one, and raise on a second or drop it.",
            "merge them into one",
        ),
        (
            "first-turn-not-user",
            "the user does not begin",
            "Strict chat templates (Gemma, Mistral) raise on it, LLaMA-Factory drops the row.",
            "remove the turns before the user's first, or add the user's turn",
        ),
        (
            "consecutive-tool-results",
            "tool results follow one another",
            "They answer parallel calls. OpenAI takes them; Gemma raises on them, LLaMA-Factory drops the row.",
            "leave them for trainers that take parallel calls, else merge them into one turn",
        ),
        (
            "tool-result-without-call",
            "a tool result follows no call",
            "The model would see an answer to a question that nobody asked; OpenAI refuses the file.",
            "add the turn with the tool call, or remove the result",
        ),
        (
            "tool-call-without-result",
            "a tool call has no result",
            "The model learns to go on without waiting for the tool; OpenAI refuses the file.",
            "add the tool's result after the call",
        ),
        (
            "partial-weight",
            "a weight is neither 0 nor 1",
            "OpenAI, Together and Fireworks refuse it; other trainers ignore weights.",
            "write 1 to learn from the turn, 0 to leave it out",
        ),
        (
            "weight-on-non-assistant",
            "a weight stands on a turn of another role",
            "Only the assistant's turns are learned from, so the weight does nothing or stops the trainer.",
            "remove the weight, or set it to 0",
        ),
        (
            "unsupported-content-part",
            "a content has a part that is no text",
            "Models of text cannot read images, sounds and files; the part is dropped, or stops the trainer.",
            "remove the part, or train a model that reads it",
        ),
        (
            "double-encoded-arguments",
            "arguments of a tool call are encoded twice",
            "The model learns to write a string of JSON where a caller expects an object.",
            "encode the arguments once: json.dumps of the object",
        ),
        (
            "arguments-not-json",
            "arguments of a tool call are not the JSON of an object",
            "The model learns calls that no caller can read.",
            "write the arguments as the JSON of one object",
        ),
        (
            "nothing-supervised",
            "no answer is learned from",
            "The line costs time and trains nothing; a batch of such lines shows a loss of 0.",
            "give an answer a weight of 1 and some words, or remove the line",
        ),
    ],
)

_DUPLICATES = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "duplicate-conversation-id",
            "the conversation_id was used before",
            "Two rows with one id cannot be told apart in splits and in lineage.",
            "give each conversation an id of its own",
        ),
        (
            "duplicate-conversation",
            "the same turns stood on an earlier line",
            "Duplicates are trained on twice, and leak from training into validation.",
            "keep one of them",
        ),
        (
            "near-duplicate-conversation",
            "nearly the same turns stood on an earlier line",
            "Near copies are trained on many times over, and leak from training into validation.",
            "keep the best of them; the split keeps them on one side in any case",
        ),
        (
            "conflicting-answers",
            "the same prompt was answered otherwise on an earlier line",
            "The model is taught two answers to one question, and learns neither well.",
            "keep the answer that you want to hear; leave it if the variety is wanted",
        ),
    ],
)

# Duplicates come last: within a line findings stand in this order, and they are known last.
_ALL = (*_FILE_ERRORS, *_LINE_ERRORS, *_WARNINGS, *QUALITY_KINDS, *_DUPLICATES)
CATALOGUE: dict[str, FindingKind] = {kind.code: kind for kind in _ALL}
ORDER: dict[str, int] = {code: place for place, code in enumerate(CATALOGUE)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place.

    line: 1-based, as an editor counts; lines end at `\\n` only. offset: of the line's first byte in the file,
    0-based. path: JSON path inside the line, `$` for the line itself. detail: what was expected and found.
    """

    line: int
    offset: int
    code: str
    path: str
    detail: str

    @property
    def severity(self) -> Severity:
        """As the catalogue says."""
        return CATALOGUE[self.code].severity

    @property
    def message(self) -> str:
        """What was expected, what was found, and what to do, in one sentence."""
        return f"{self.detail}; {CATALOGUE[self.code].remedy}"

    @property
    def sort_key(self) -> tuple[int, int]:
        """Line order; within a line the catalogue's order."""
        return self.line, ORDER[self.code]

    def as_dict(self) -> dict[str, int | str]:
        """The public shape of a finding in reports and files."""
        return {
            "line": self.line,
            "offset": self.offset,
            "code": self.code,
            "severity": self.severity.value,
            "path": self.path,
            "message": self.message,
        }


def and_elsewhere(detail: str, further_paths: Sequence[str], further_count: int) -> str:
    """`detail` with the other places of the same fault in the line.

    A code is reported once a line, so that a hostile line costs no more than the catalogue is long. further_paths:
    the next places, of which MAX_NAMED_PLACES are named; further_count: how many there are in all.
    """
    if not further_count:
        return detail
    named = ", ".join(further_paths[:MAX_NAMED_PLACES])
    rest = further_count - MAX_NAMED_PLACES
    places = "place" if rest == 1 else "places"
    return f"{detail} (also at {named}{f' and {rest:,} more {places}' if rest > 0 else ''})"
