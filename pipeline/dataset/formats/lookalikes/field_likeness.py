"""What rows of fields seem to be that are of no format: a question and an answer that leave something open.

Where a mapping would lose what was asked, it says what to write instead; where one fits, `guessed_mapping.py` says it.
"""

from pipeline.dataset.findings.faults import keys_of, name_of
from pipeline.dataset.formats.rows.fields import says
from pipeline.dataset.model.json_text import Json

Row = dict[str, Json]

_QUESTIONS = (
    *("question", "query", "prompt", "instruction", "problem", "input", "inputs", "user", "human", "source", "ask"),
    *("question_text", "user_prompt", "user_message", "user_input", "request", "context_question", "q"),
)
_ANSWERS = (
    *("answer", "response", "completion", "output", "outputs", "solution", "target", "targets", "assistant", "gpt"),
    *("bot", "reply", "best_answer", "model_answer", "reference_answer", "generated_solution", "model_response"),
    *("assistant_response", "assistant_message", "chosen", "a"),
)
_BESIDE = ("context", "contexts", "passage", "document", "documents", "paragraph", "article")
_CHOICES = ("choices", "options", "choice_a", "A", "a", "answerKey")


def of_fields(row: Row) -> str:
    """What the row is, and the remedy; "" where it has no question or no answer."""
    asked, answered = _texts(row, _QUESTIONS), _texts(row, _ANSWERS)
    if "reward_model" in row and "prompt" in row:
        return (
            "prompts for reinforcement learning, without an answer to learn from (reward_model holds what a reward "
            "compares with); write answers as completion beside prompt"
        )
    if not asked:
        return ""
    if any(says(row.get(name)) for name in _CHOICES) and "answer" in row:
        return (
            f"questions to choose an answer to ({_shown(row)}): the choices are a part of what is asked; "
            "write them into the question and the text of the right one as answer"
        )
    if not answered:
        return _without_text(row, asked[0])
    beside = next((name for name in _BESIDE if says(row.get(name))), None)
    if beside is not None and len(asked) == len(answered) == 1:
        fields = f"{{instruction: .{asked[0]}, input: .{beside}, output: .{answered[0]}}}"
        return (
            f"{asked[0]} and {answered[0]} with a {beside} that belongs to what is asked; "
            f"jq -c '{fields}' in.jsonl > out.jsonl writes both as Alpaca's rows"
        )
    if len(asked) == len(answered) == 1:
        return ""
    return f"{_shown(row)}, which may be read in several ways: say which field asks and which answers"


def _texts(row: Row, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if isinstance(row.get(name), str) and row[name]]


def _without_text(row: Row, asked: str) -> str:
    name = next((name for name in _ANSWERS if name in row), None)
    if name is None or row[name] is None:
        return ""
    return f"{asked} and {name}, but {name} is {name_of(row[name])}; write a text"


def _shown(row: Row) -> str:
    return f"rows with the {keys_of(row)}"
