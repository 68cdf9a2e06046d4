"""Rules about who speaks, and in which order."""

from typing import TYPE_CHECKING

from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.conversation_rules import Row, RuleBook, of_role
from pipeline.dataset.rules.mismatch import Mismatch

if TYPE_CHECKING:
    import polars as pl

    from pipeline.dataset.model.frame_columns import ConversationColumns, TurnColumns

ROLE_RULES = RuleBook()
_SYSTEM = ("system", "developer")
_LIKELY = {"human": "user", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant", "model": "assistant"}


def _strange_role(turn: Row) -> Mismatch:
    role = turn["role"].lower()
    likely = _LIKELY.get(role) or (role if role in KNOWN_ROLES else "")
    hint = f"(for {likely}?)" if likely else None
    return Mismatch("a role that trainers know", repr(printable(turn["role"])), hint)


@ROLE_RULES.of_turns("role", _strange_role, ("unknown_role",))
def unknown_role(turn: "TurnColumns") -> "pl.Expr":
    """The role is not one that trainers know.

    Chat templates raise on it, or drop the turn.

    What to do: use system, developer, user, assistant, tool or function.
    """
    return turn.unknown_role.is_not_null()


@ROLE_RULES.of_turns("content", Mismatch("at least one word", "none"))
def empty_content(turn: "TurnColumns") -> "pl.Expr":
    """A turn has no words.

    Training on an empty answer teaches the model to say nothing.

    What to do: fill the turn, or remove it.
    """
    return (turn.word_count == 0) & ~turn.has_call  # a call is something to say


@ROLE_RULES.of_conversations(Mismatch("at least one turn by the assistant", "none"))
def no_assistant_turn(conversation: "ConversationColumns") -> "pl.Expr":
    """No turn is by the assistant.

    Only assistant turns are learned from, so the line trains nothing.

    What to do: add the assistant's answer, or remove the line.
    """
    return (conversation.assistant_turns == 0) & (conversation.supervised_turns == 0)


@ROLE_RULES.of_turns("role", of_role("roles to take turns", detail="twice in a row"))
def roles_not_alternating(turn: "TurnColumns") -> "pl.Expr":
    """Two turns in a row have the same role.

    Strict chat templates (Gemma, Mistral) raise on it.

    What to do: merge the two turns, or add the one between them.
    """
    return ~turn.is_border & ~turn.is_result & (turn.role_code == turn.role_code.shift(1))


@ROLE_RULES.of_turns("role", of_role("the last turn by the assistant"))
def last_turn_not_assistant(turn: "TurnColumns") -> "pl.Expr":
    """The last turn is not by the assistant.

    What follows the last answer is never learned from.

    What to do: remove what follows the last assistant turn, or add its answer.
    """
    return turn.is_last & ~turn.is_answer & ~turn.is_supervised


@ROLE_RULES.of_turns("role", of_role("the system turn before all others", detail="after another turn"), roles=_SYSTEM)
def system_not_first(turn: "TurnColumns") -> "pl.Expr":
    """A system turn stands after another turn.

    Chat templates raise on it or drop it; Fireworks, Together and Mistral refuse the file.

    What to do: move it to the front, or into the user's turn.
    """
    return turn.is_system & ~turn.begins


@ROLE_RULES.of_turns("role", of_role("at most one system turn", detail="as well"), roles=_SYSTEM)
def several_system_turns(turn: "TurnColumns") -> "pl.Expr":
    """There is more than one system turn.

    Most chat templates know one, and raise on a second or drop it.

    What to do: merge them into one.
    """
    return turn.is_system & (turn.count_before(turn.begins, turn.is_system) > 0)


@ROLE_RULES.of_turns("role", of_role("the user to begin"))
def first_turn_not_user(turn: "TurnColumns") -> "pl.Expr":
    """The user does not begin.

    Strict chat templates (Gemma, Mistral) raise on it, LLaMA-Factory drops the row.

    What to do: remove the turns before the user's first, or add the user's turn.
    """
    is_alone = ~turn.has_role & turn.begins & turn.begins.shift(-1, fill_value=True)  # a text that nobody begins
    return turn.is_opening & turn.is_known & ~turn.is_of("user") & ~is_alone
