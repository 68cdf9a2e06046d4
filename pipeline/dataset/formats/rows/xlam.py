"""The format of xLAM's function calls: a query, its tools and the calls that answer it, as JSON text or as lists."""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import as_calls
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.fields import FieldFormat, optional_turn, text_turn
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json, decoded, encoded

# Its tools name types as Python does.
_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "tuple": "array",
    "set": "array",
}


@dataclass(frozen=True, slots=True)
class XLam(FieldFormat):
    """Each row has calls and tools, so that the quick reader has no shape of it."""

    name: str = "xlam"
    title: str = "xLAM: query, tools and answers"
    example: str = (
        '{"query": "Weather in Rome?", "tools": "[{\\"name\\": \\"weather\\", \\"parameters\\": {\\"city\\": '
        '{\\"type\\": \\"str\\"}}}]", '
        '"answers": "[{\\"name\\": \\"weather\\", \\"arguments\\": {\\"city\\": \\"Rome\\"}}]"}'
    )
    becomes: str = (
        "the query, and an answer of the calls; the tools in OpenAI's shape, their types as JSON Schema names them"
    )

    def fits(self, row: Json) -> bool:
        """Whether it has all three."""
        return isinstance(row, dict) and "query" in row and "tools" in row and "answers" in row

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The question and the calls."""
        if (fields := as_object(row, faults)) is None:
            return None
        turns = optional_turn(fields, ("system",), "system", faults)
        turns += text_turn(fields, "query", "user", faults)
        calls = _calls_of(fields, faults)
        if calls is not None:
            turns.append(FullTurn("assistant", "", "$.answers", True, tool_calls=calls))
        tools = _listed(fields, "tools", faults)
        declared = encoded(list(map(_tool, tools))) if tools else None
        return FullConversation(identity_of(fields, IDENTITIES), turns, declared, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: a row is more than texts."""
        return ()


def _calls_of(row: dict[str, Json], faults: Faults) -> str | None:
    value = row.get("answers")
    text = value if isinstance(value, str) else encoded(value)
    check_nul(text, "$.answers", faults)
    calls = as_calls(text)
    if calls is None:
        found = "none" if value in (None, "", [], "[]") else "other text" if isinstance(value, str) else name_of(value)
        faults.add("malformed-tool-call", "$.answers", "the JSON of calls", found)
    return calls


def _listed(row: dict[str, Json], name: str, faults: Faults) -> list[Json]:
    value = row.get(name)
    listed = decoded(value) if isinstance(value, str) else value
    if isinstance(listed, list):
        return listed
    faults.add("wrong-type", f"$.{name}", "a list of tools or the JSON of one", name_of(value))
    return []


def _tool(tool: Json) -> Json:
    """A tool in OpenAI's shape."""
    if not isinstance(tool, dict) or "function" in tool:
        return tool
    parameters = tool.get("parameters")
    if isinstance(parameters, dict) and "properties" not in parameters:
        parameters = _schema(parameters)
    return {"type": "function", "function": {**tool, "parameters": parameters}}


def _schema(named: dict[str, Json]) -> Json:
    """The JSON Schema of parameters by name; one without a default that is not optional is required."""
    properties: dict[str, Json] = {}
    required: list[Json] = []
    for name, described in named.items():
        if not isinstance(described, dict):
            properties[name] = described
            continue
        kind, *more = str(described.get("type", "")).replace(" ", "").split(",")
        known = _TYPES.get(kind.partition("[")[0].lower())
        properties[name] = {**described, **({"type": known} if known else {})}
        if "optional" not in more and "default" not in described:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


XLAM = XLam()
