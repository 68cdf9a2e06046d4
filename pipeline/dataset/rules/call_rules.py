"""Rules about calls of tools: their order, their arguments, and how they, tools and tags are written.

A note is for what is right for some trainers and wrong for others.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.conversation_rules import Row, RuleBook
from pipeline.dataset.rules.kinds import Severity
from pipeline.dataset.rules.mismatch import Mismatch

if TYPE_CHECKING:
    import polars as pl

    from pipeline.dataset.model.frame_columns import ConversationColumns, TurnColumns

CALL_ORDER_RULES, ARGUMENT_RULES, CALL_SHAPE_RULES = RuleBook(), RuleBook(), RuleBook()
_CALLS, _SHAPES, _RESULTS = ("tool_calls",), ("call_faults",), ("tool", "function")
_LINKED = ("tool_calls", "tool_call_id")
_ARGUMENTS = "arguments that are the JSON of an object"


@CALL_ORDER_RULES.of_turns(
    "role", Mismatch("one tool result between two turns by the assistant", "another one"), roles=_RESULTS
)
def consecutive_tool_results(turn: "TurnColumns") -> "pl.Expr":
    """Tool results follow one another.

    They answer parallel calls. OpenAI takes them; Gemma raises on them, LLaMA-Factory drops the row.

    What to do: leave them for trainers that take parallel calls, else merge them into one turn.
    """
    return turn.is_result & ~turn.is_border & turn.is_result.shift(1)


@CALL_ORDER_RULES.of_turns("role", Mismatch("a turn that calls the tool before its result", "none"), roles=_RESULTS)
def tool_result_without_call(turn: "TurnColumns") -> "pl.Expr":
    """A tool result follows no call.

    The model would see an answer to a question that nobody asked; OpenAI refuses the file.

    What to do: add the turn with the tool call, or remove the result.
    """
    # Formats without calls leave them out: where a conversation holds none, any turn by the assistant will do.
    has_no_calls = ~turn.any_of_conversation(turn.has_call)
    may_call = turn.has_call | (has_no_calls & turn.is_answer)
    is_asked, branch, conversation = (
        turn.at_begin(~turn.is_result, of) for of in (may_call, turn.branch.fill_null(""), turn.conversation)
    )
    is_beside = (branch != turn.branch.fill_null("")) & (branch != "")  # in the other alternative: nobody knows
    is_first = (conversation != turn.conversation).fill_null(True)
    return turn.is_result & (is_first | ~(is_asked | is_beside))


def _unanswered(turn: Row) -> Mismatch:
    if turn["call_faults"] is not None and "tool-call-partly-answered" in turn["call_faults"]:
        return Mismatch("a result of each tool call in the next turns", "none for one")
    return Mismatch("the result of the tool call in the next turn", "another turn")


@CALL_ORDER_RULES.of_turns("turn", _unanswered, _CALLS)
def tool_call_without_result(turn: "TurnColumns") -> "pl.Expr":
    """A tool call has no result.

    The model learns to go on without waiting for the tool; OpenAI refuses the file.

    What to do: add the tool's result after the call.
    """
    goes_on = (~turn.is_border & ~turn.is_result).shift(-1, fill_value=False)  # the last teaches calling
    return turn.has_call & (goes_on | _has_fault(turn, "tool-call-partly-answered"))


@ARGUMENT_RULES.of_turns("turn", Mismatch(_ARGUMENTS, "the JSON of a string"), ("has_double_arguments",))
def double_encoded_arguments(turn: "TurnColumns") -> "pl.Expr":
    """Arguments of a tool call are encoded twice.

    The model learns to write a string of JSON where a caller expects an object.

    What to do: encode the arguments once: json.dumps of the object.
    """
    return turn.has_double_arguments


@ARGUMENT_RULES.of_turns("turn", lambda turn: Mismatch(_ARGUMENTS, turn["arguments_fault"]), ("arguments_fault",))
def arguments_not_json(turn: "TurnColumns") -> "pl.Expr":
    """Arguments of a tool call are not the JSON of an object.

    The model learns calls that no caller can read.

    What to do: write the arguments as the JSON of one object.
    """
    return turn.arguments_fault.is_not_null()


@CALL_SHAPE_RULES.of_turns("turn", Mismatch("an id of the tool call", "none"), _SHAPES)
def tool_call_without_id(turn: "TurnColumns") -> "pl.Expr":
    """A tool call has no id.

    OpenAI refuses it and Mistral's template raises; nothing says which result answers which call.

    What to do: give each call an id of its own; lora-pipeline convert --to openai does.
    """
    return _has_fault(turn, "tool-call-without-id")


@CALL_SHAPE_RULES.of_turns(
    "turn", Mismatch("a tool call with its type, function", "a call without"), _SHAPES, Severity.NOTE
)
def tool_call_without_type(turn: "TurnColumns") -> "pl.Expr":
    """A tool call does not say that it is one of a function.

    OpenAI requires "type": "function" of each call; templates of the hub do without.

    What to do: write "type": "function" beside the function; lora-pipeline convert --to openai does.
    """
    return _has_fault(turn, "tool-call-without-type")


@CALL_SHAPE_RULES.of_turns(
    "turn", Mismatch("a name of at most 64 letters, digits, underscores and dashes", "another one"), _SHAPES
)
def function_name_not_plain(turn: "TurnColumns") -> "pl.Expr":
    """The name of a called function has other characters than letters, digits, underscores and dashes.

    OpenAI and mistral-common refuse blanks, dots and other characters in it, and more than 64 characters.

    What to do: rename the function in tools, calls and results alike, for example get.price to get_price.
    """
    return _has_fault(turn, "function-name-not-plain")


@CALL_SHAPE_RULES.of_turns("turn", Mismatch("a tool call alone", "words beside it"), ("tool_calls",), Severity.NOTE)
def words_beside_tool_call(turn: "TurnColumns") -> "pl.Expr":
    """An answer that calls a tool says something as well.

    OpenAI takes both; LLaMA-Factory and older templates of Mistral write the call alone, so the words are not learned.

    What to do: leave it for trainers that take both, else remove the words, or make them an answer of their own.
    """
    return turn.has_call & (turn.word_count > 0)


@CALL_SHAPE_RULES.of_turns(
    "turn", Mismatch("the tool_call_id of the call that it answers", "none"), ("tool_calls", "tool_call_id")
)
def tool_result_without_id(turn: "TurnColumns") -> "pl.Expr":
    """A tool result does not say which call it answers.

    OpenAI refuses the file and Mistral's template raises: a tool message needs tool_call_id.

    What to do: write the call's id into tool_call_id; lora-pipeline convert --to openai does.
    """
    return _is_result_by_id(turn) & turn.tool_call_id.is_null()


def _answering(expected: str, found: str) -> Callable[[Row], Mismatch]:
    """What is wrong with a result, and the id that it has."""
    return lambda turn: Mismatch(expected, found, f"({printable(turn['tool_call_id'])!r})")


@CALL_SHAPE_RULES.of_turns("turn", _answering("the id of a tool call before it", "that of none"), _LINKED)
def tool_result_of_unknown_call(turn: "TurnColumns") -> "pl.Expr":
    """A tool result answers a call that nobody made.

    Its tool_call_id is that of no call before it: OpenAI refuses the file, and the model learns an answer to nothing.

    What to do: write the id of the call that it answers into tool_call_id.
    """
    return _has_fault(turn, "tool-result-of-unknown-call")


@CALL_SHAPE_RULES.of_turns("turn", _answering("one result of a tool call", "a second one"), _LINKED)
def tool_call_answered_twice(turn: "TurnColumns") -> "pl.Expr":
    """A tool call has two results.

    OpenAI and Mistral's checks refuse the second, and the model learns that a call may be answered again.

    What to do: merge the two results, or give the second the id of the call that it answers.
    """
    return _has_fault(turn, "tool-call-answered-twice")


@CALL_SHAPE_RULES.of_turns(
    "turn", Mismatch("an id that no other call of the conversation has", "that of another"), _SHAPES, Severity.NOTE
)
def tool_call_id_repeated(turn: "TurnColumns") -> "pl.Expr":
    """Two tool calls of a conversation have the same id.

    Where both are in one turn, nothing says which result answers which, and newer checks of Mistral refuse them.

    What to do: give each call an id of its own, and its result the same.
    """
    return _has_fault(turn, "tool-call-id-repeated")


@CALL_SHAPE_RULES.of_turns("turn", Mismatch("a text", "a list of parts"), ("parts",))
def tool_result_in_parts(turn: "TurnColumns") -> "pl.Expr":
    """A tool result is a list of parts.

    Templates that join texts raise on a list (Mistral's), and OpenAI's fine-tuning was reported to refuse.

    What to do: write the result as one text.
    """
    return _is_result_by_id(turn) & turn.parts.is_not_null()


@CALL_SHAPE_RULES.of_conversations(
    Mismatch("tools of type and function", "a function without them"), lambda *_: "$.tools", ("has_bare_tool",)
)
def tool_without_wrapper(conversation: "ConversationColumns") -> "pl.Expr":
    """A tool is written without type and function around it.

    OpenAI and mistral-finetune refuse it; templates that look into tool.function find nothing.

    What to do: write {"type": "function", "function": {…}}; lora-pipeline convert --to openai does.
    """
    return conversation.has_bare_tool


@CALL_SHAPE_RULES.of_turns(
    "turn",
    Mismatch("an id of nine letters and digits", "another one"),
    ("call_faults", "tool_call_id"),
    Severity.NOTE,
)
def tool_call_id_not_nine(turn: "TurnColumns") -> "pl.Expr":
    """An id of a tool call is not nine letters and digits.

    Mistral's templates and mistral-common raise on any other; all other trainers take it.

    What to do: for models of Mistral, write ids of nine letters and digits, the same in the call and in its result.
    """
    return _has_fault(turn, "tool-call-id-not-nine") | (
        _is_result_by_id(turn) & ~turn.tool_call_id.str.contains("^[A-Za-z0-9]{9}$")
    )


def _unusual_tag(turn: Row) -> Mismatch:
    named = turn["usual_tags"]
    expected = "human, gpt, observation, function_call or system"
    return Mismatch(expected, repr(printable(turn["tag"])), f"(set {named})" if named else None)


@CALL_SHAPE_RULES.of_turns("role", _unusual_tag, ("tag",), Severity.NOTE)
def role_tag_not_usual(turn: "TurnColumns") -> "pl.Expr":
    """A role is not called human, gpt, observation, function_call or system.

    LLaMA-Factory skips the row, unless dataset_info.json names the tags that the file has.

    What to do: name the tags in dataset_info.json, or rename the roles: lora-pipeline convert --to sharegpt does.
    """
    return turn.tag.is_not_null() & turn.is_known


@CALL_SHAPE_RULES.of_turns("turn", Mismatch("arguments as a text of JSON", "an object"), _SHAPES, Severity.NOTE)
def arguments_object(turn: "TurnColumns") -> "pl.Expr":
    """Arguments of a tool call are an object, not its JSON text.

    Chat templates of the hub take it; OpenAI and mistral-finetune refuse it, and Arrow gives each call all names that
    the arguments of any call have.

    What to do: leave it for TRL, else write json.dumps of it; lora-pipeline convert --to openai does.
    """
    return _has_fault(turn, "arguments-object")


def _has_fault(turn: "TurnColumns", fault: str) -> "pl.Expr":
    """Whether it is among the faults of the turn's calls, or of the result that it is."""
    return turn.call_faults.list.contains(fault).fill_null(False)


def _is_result_by_id(turn: "TurnColumns") -> "pl.Expr":
    """In conversations that have calls or ids; where a call is words of a text, results have no ids."""
    goes_by_ids = turn.any_of_conversation(turn.has_call | turn.tool_call_id.is_not_null())
    return turn.is_of("tool") & turn.has_ids & goes_by_ids
