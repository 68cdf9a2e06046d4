"""The findings about how calls of tools, tools and roles are written, which `dataset/structure/tool_shape.py` finds.

A note is for what is right for some trainers and wrong for others.
"""

from pipeline.dataset.findings.kinds import FindingKind, Scope, Severity, kinds

_WARNINGS = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "tool-call-without-id",
            "a tool call has no id",
            "OpenAI refuses it and Mistral's template raises; nothing says which result answers which call.",
            "give each call an id of its own; lora-pipeline convert --to openai does",
        ),
        (
            "tool-result-without-id",
            "a tool result does not say which call it answers",
            "OpenAI refuses the file and Mistral's template raises: a tool message needs tool_call_id.",
            "write the call's id into tool_call_id; lora-pipeline convert --to openai does",
        ),
        (
            "tool-result-in-parts",
            "a tool result is a list of parts",
            "Templates that join texts raise on a list (Mistral's), and OpenAI's fine-tuning was reported to refuse.",
            "write the result as one text",
        ),
        (
            "tool-without-wrapper",
            "a tool is written without type and function around it",
            "OpenAI and mistral-finetune refuse it; templates that look into tool.function find nothing.",
            'write {"type": "function", "function": {…}}; lora-pipeline convert --to openai does',
        ),
    ],
)
_NOTES = kinds(
    Severity.NOTE,
    Scope.LINE,
    [
        (
            "tool-call-id-not-nine",
            "an id of a tool call is not nine letters and digits",
            "Mistral's templates and mistral-common raise on any other; all other trainers take it.",
            "for models of Mistral, write ids of nine letters and digits, the same in the call and in its result",
        ),
        (
            "role-tag-not-usual",
            "a role is not called human, gpt, observation, function_call or system",
            "LLaMA-Factory skips the row, unless dataset_info.json names the tags that the file has.",
            "name the tags in dataset_info.json, or rename the roles: lora-pipeline convert --to sharegpt does",
        ),
        (
            "arguments-object",
            "arguments of a tool call are an object, not its JSON text",
            "Chat templates of the hub take it; OpenAI and mistral-finetune refuse it, and Arrow gives each call all "
            "names that the arguments of any call have.",
            "leave it for TRL, else write json.dumps of it; lora-pipeline convert --to openai does",
        ),
    ],
)

TOOL_SHAPE_KINDS: list[FindingKind] = [*_WARNINGS, *_NOTES]
