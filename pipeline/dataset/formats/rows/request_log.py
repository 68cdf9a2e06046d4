"""The format of logs of OpenAI's API: the request with its messages, and the response with the answer."""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, field, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.fields import FieldFormat
from pipeline.dataset.formats.rows.message_lists import Keys, read_list, read_message
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json

_KEYS = Keys()
_ASKING = ("user", "tool", "function")  # who speaks last where an answer is to follow
Place = tuple[dict[str, Json], str]


@dataclass(frozen=True, slots=True)
class RequestLog(FieldFormat):
    """A request and its response, each perhaps within `body`; the answer lies in a list, so that no shape holds it."""

    name: str = "request-log"
    title: str = "a log of requests and responses"
    example: str = (
        '{"request": {"messages": [{"role": "user", "content": "Hello"}]}, '
        '"response": {"choices": [{"message": {"role": "assistant", "content": "Hi!"}}]}}'
    )
    becomes: str = (
        "the request's messages and tools, then the response's message; only that is learned from; "
        "a response of several choices is refused. Also `messages` that end before an answer, with `response` or "
        "`choices` beside them, and a `response` that is a message or a text"
    )

    def fits(self, row: Json) -> bool:
        """Whether it has messages that were asked, and choices that answer."""
        if not isinstance(row, dict):
            return False
        request, response = _inner(row, "request"), _inner(row, "response")
        if request is not None and response is not None:
            return "messages" in request[0] and "choices" in response[0]
        return is_open_request(row)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The request's turns, not learned from, and the answer's."""
        if (fields := as_object(row, faults)) is None:
            return None
        flat = is_open_request(fields)
        request = (fields, "$") if flat else _inner(fields, "request")
        response = _beside(fields) if flat else _inner(fields, "response")
        if request is None or response is None:
            for name, inner in (("request", request), ("response", response)):
                if inner is None:
                    field(fields, name, dict, "$", faults)
            return None
        asked, path = request
        turns = read_list(asked, "messages", path, _KEYS, faults)
        for turn in turns:
            turn.is_supervised = False
        turns += _answer(*response, faults)
        tools = tools_of(asked, faults)
        identity = identity_of(fields, IDENTITIES)
        return FullConversation(identity, turns, tools, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: the answer lies in a list of choices."""
        return ()


def is_open_request(row: dict[str, Json]) -> bool:
    """Whether it is a list of messages that nobody answers in it, and what answered stands beside it."""
    listed = row.get("messages")
    last = listed[-1] if isinstance(listed, list) and listed else None
    is_answered = not isinstance(last, dict) or last.get("role") not in _ASKING
    return not is_answered and _beside(row) is not None


def _beside(row: dict[str, Json]) -> Place | None:
    """What answers, as an object with choices or as a message, and its path."""
    if isinstance(row.get("choices"), list):
        return row, "$"
    inner = row.get("response")
    if isinstance(inner, str):
        return {"role": "assistant", "content": inner}, "$.response"
    place = _inner(row, "response")
    return place if place and ("choices" in place[0] or "content" in place[0]) else None


def _answer(answered: dict[str, Json], path: str, faults: Faults) -> list[FullTurn]:
    """The turn of the response: of its one choice, or of the message that it is."""
    if "choices" not in answered:
        said = read_message({"role": "assistant", **answered}, path, _KEYS, {}, faults)
        return [said] if said else []
    choices = field(answered, "choices", list, path, faults)
    if isinstance(choices, list) and len(choices) != 1:
        found = f"{len(choices)} of them, and nothing says which is the answer"
        faults.add("ambiguous-answer", f"{path}.choices", "one choice", found)
    turns: list[FullTurn] = []
    for index, choice in enumerate(choices[:1] if isinstance(choices, list) else []):
        place = f"{path}.choices[{index}]"
        if not isinstance(choice, dict):
            faults.add("wrong-type", place, "an object", name_of(choice))
        elif isinstance(message := field(choice, "message", dict, place, faults), dict):
            said = read_message(message, f"{place}.message", _KEYS, {}, faults)
            turns += [said] if said else []
    return turns


def _inner(row: dict[str, Json], name: str) -> Place | None:
    """The request or response, and its path: the object itself, or its body."""
    owner = row.get(name)
    if not isinstance(owner, dict):
        return None
    body = owner.get("body")
    return (body, f"$.{name}.body") if isinstance(body, dict) else (owner, f"$.{name}")


REQUEST_LOG = RequestLog()
