"""The findings about what is well-formed and still trips trainers up; those of quality are in `quality_kinds.py`.

How each is found lives in `dataset/structure/`, for duplicates in `dataset/profiles/` and `dataset/near/`.
"""

from pipeline.dataset.findings.kinds import FindingKind, Scope, Severity, kinds

_OF_ROWS = kinds(
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
        (
            "type-drift",
            "a column changes its type",
            "Loaders that make one table of a file give a column one type: LLaMA-Factory 0.9.5 (datasets up to 4.0.0) "
            "stops here, newer ones keep the column as JSON.",
            "write one type in all rows, or remove the column, which no trainer reads",
        ),
        (
            "repeated-key",
            "an object names a field twice",
            "Most readers take the last and say nothing, so the first is lost; Arrow, and with it the dataset loader "
            "of TRL, Axolotl and LLaMA-Factory, stops.",
            "keep one of the two, or give them names of their own",
        ),
    ],
)

_OF_FILES = kinds(
    Severity.WARNING,
    Scope.FILE,
    [
        (
            "odd-field-name",
            "fields are named otherwise than the format names them",
            "They are read here as the format's; trainers look for its own names and find nothing.",
            "rename the fields, or let lora-pipeline convert write the rows",
        ),
    ],
)
WARNINGS: list[FindingKind] = [*_OF_ROWS, *_OF_FILES]

DUPLICATES: list[FindingKind] = kinds(
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
