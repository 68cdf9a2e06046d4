"""docs/api.md: every call of the service's API, from its OpenAPI document."""

import json
from pathlib import Path
from typing import Any

from pipeline.contract.http_answers import PROBLEMS
from pipeline.docs.markdown import block, code, section, table
from pipeline.settings import Settings

_INTRODUCTION = """Start it with `lora-pipeline serve` ([how](operations.md#upload-service)). `/api/openapi.json` has
all of this for programs; in Python, `pipeline.client` speaks it."""
_UPLOADING = """An upload takes three steps. Announce it with `POST /api/datasets`. Send the bytes: each part of the
answer by one PUT to its `url`, with its `headers` and exactly its `size_bytes`; a `url` that begins with `/` is the
service's own. Then `POST /api/datasets/{dataset_id}/confirm`.

When a connection breaks, or the addresses expired, `POST /api/datasets/{dataset_id}/upload` gives new ones, and says
how much of each part arrived. Parts that are there are not sent again. A part that `is_resumable` goes on after
`received_bytes`, with the header `Upload-Offset: <received_bytes>` and the rest as the body; others begin anew."""
_REFUSALS = "Any call may answer with these; those that may answer with others say so."
_Json = dict[str, Any]  # a part of the document, which has no narrower type


def page() -> str:
    """The page."""
    from pipeline.service.app import create_app

    document = create_app(Settings.model_construct(data_dir=Path("/"))).openapi()
    calls = [
        _call(f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    refusals = [(str(status), str(problem["description"])) for status, problem in PROBLEMS.items()]
    values = [_value(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    return "\n".join(
        [
            section("API", _INTRODUCTION, document["info"]["description"], level=1),
            section("Uploading", _UPLOADING),
            section("Refusals", _REFUSALS, table(("status", "meaning"), refusals)),
            section("Calls"),
            *calls,
            section("Values"),
            *(value for value in values if value),
        ]
    )


def _call(title: str, operation: _Json) -> str:
    parameters = [
        (code(each["name"]), each["in"], _kind(each["schema"]), each.get("description", ""))
        for each in operation.get("parameters", [])
    ]
    answers = [
        (status, _content(answer), "" if status < "300" else answer["description"])
        for status, answer in sorted(operation["responses"].items())
        if int(status) not in PROBLEMS
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return section(
        code(title),
        operation.get("description", ""),
        table(("parameter", "in", "type", "meaning"), parameters),
        f"Body: {_kind(body)}." if body else "",
        table(("status", "answer", "meaning"), answers),
        level=3,
    )


def _content(answer: _Json) -> str:
    kinds = []
    for media_type, content in answer.get("content", {}).items():
        is_json = media_type == "application/json"
        if is_json and not content.get("schema"):
            continue  # FastAPI's default beside what a route declares itself
        kinds.append(_kind(content["schema"]) if is_json else code(media_type))
    return ", ".join(kinds)


def _value(name: str, schema: _Json) -> str:
    if name.startswith("Answer_"):
        return ""
    rows = [
        (code(field), _kind(each), each.get("description", "")) for field, each in schema.get("properties", {}).items()
    ]
    example = {field: each["examples"][0] for field, each in schema.get("properties", {}).items() if "examples" in each}
    values = f"One of {', '.join(map(code, schema['enum']))}." if "enum" in schema else ""
    return section(
        name,
        schema.get("description", ""),
        values,
        table(("field", "type", "meaning"), rows),
        block(json.dumps(example, indent=2, ensure_ascii=False), "json") if example else "",
        level=3,
    )


def _kind(schema: _Json) -> str:
    """A type in a few words; those with a name lead to it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name.startswith("Answer_"):
            return f"[{name[7:-1]}](#{name[7:-1].lower()})"
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return {"date-time": "time"}.get(schema.get("format", ""), str(schema.get("type", "any")))
