"""The findings about what stands beside a text, or in it in its place: reasoning, pictures, sounds.

How each is found lives in `dataset/structure/reasoning.py` and `media.py`.
"""

from pipeline.dataset.findings.kinds import FindingKind, Scope, Severity, kinds

_WARNINGS = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "media-beside-text",
            "pictures, sounds or videos stand beside the text",
            "Models of text cannot read them; conversions and training jobs leave them out, and what was asked of a "
            "picture is then answered by guessing.",
            "train a model that reads them with a trainer of its own, or remove the row",
        ),
        (
            "media-mark",
            "a mark in the text stands for a picture, a sound or a video",
            "A trainer of text learns the mark as words: <image> is no picture to it.",
            "remove the mark, or the row; or train a model that reads pictures",
        ),
        (
            "reasoning-not-closed",
            "the reasoning in an answer has no end",
            "The model learns to think and never to answer; templates take all that follows for reasoning.",
            "write </think> where the answer begins, or remove the row",
        ),
        (
            "reasoning-not-opened",
            "the reasoning in an answer has no beginning",
            "Templates of the Qwen3 family put an empty pair <think></think> before it, so that the model learns to "
            "think after it has done so. DeepSeek's raw output looks like this, because its prompt ends with <think>.",
            "write <think> where the reasoning begins, or move it into reasoning_content",
        ),
    ],
)
_NOTES = kinds(
    Severity.NOTE,
    Scope.LINE,
    [
        (
            "reasoning-apart",
            "an answer has its reasoning in a field of its own",
            "It is learned only where the model's chat template writes reasoning_content, as those of Qwen3, DeepSeek "
            "and Kimi do; other templates, OpenAI and LLaMA-Factory leave it out.",
            "train a model whose template writes it, or put it between <think> and </think> in front of the answer",
        ),
        (
            "reasoning-in-earlier-answers",
            "an answer before the last question has reasoning",
            "The templates of Qwen3, DeepSeek and Kimi drop it there, so only what answers the last one is learned.",
            "make each answer the last of a row of its own, if its reasoning is to be learned",
        ),
    ],
)
_FILE_NOTES = kinds(
    Severity.NOTE,
    Scope.FILE,
    [
        (
            "mixed-reasoning",
            "some conversations have reasoning, others have none",
            "The model learns to think now and then, and nothing tells it when.",
            "keep one kind, or say in the system turn or in the question when to think (as /think and /no_think do)",
        ),
    ],
)

BESIDE_KINDS: list[FindingKind] = [*_WARNINGS, *_NOTES, *_FILE_NOTES]
