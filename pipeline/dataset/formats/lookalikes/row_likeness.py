"""What rows of JSON seem to be that are of no format that we know, and how to make rows of them."""

from collections.abc import Callable, Iterator

from pipeline.dataset.findings.faults import keys_of
from pipeline.dataset.formats.lookalikes.field_likeness import of_fields
from pipeline.dataset.formats.lookalikes.repairs import is_list_of_rows
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.rows.flat_messages import CONVERSATION_KEYS, MESSAGE_NAMES
from pipeline.dataset.formats.rows.respelled import right_key, with_right_keys
from pipeline.dataset.model.json_text import Json, decoded
from pipeline.dataset.model.printable import printable

Row = dict[str, Json]

_JQ = "jq -c {} in.json > out.jsonl writes them one a line"
_EACH = _JQ.format("'.[]'")
_PANDAS = "with pandas: df.to_json('out.jsonl', orient='records', lines=True)"
_FEW = 3  # rows of a column by column file; one or two may be an object that happens to have such keys


def of_rows(rows: list[Json]) -> str:
    """What the first rows of a file are, of which none is of a format; "" where nothing can be said."""
    row = rows[0]
    if isinstance(row, str):
        said = (
            "JSON within a string: rows that were encoded twice; jq -c fromjson in.jsonl > out.jsonl decodes them once"
        )
        return said if _is_json(row) else ""
    if is_list_of_rows(row):
        command = "jq -c '.[]' in.json > out.jsonl takes them out, and so does mend"
        return f"arrays of rows one after another, each on a line; {command}"
    if not isinstance(row, dict):
        return ""
    is_only_row = len(rows) == 1
    guesses = (of_table if is_only_row else _nothing, _of_keys, _of_known, _of_flat, _of_strings, of_fields)
    for guess in guesses:
        if found := guess(row):
            return found
    return _of_inner(row, is_only_row=is_only_row) or (f"rows with the {keys_of(row)}" if row else "")


def is_something_else(row: Json) -> bool:
    """Whether an object is a table, an export or another thing that is known, whatever lists of rows it has inside."""
    return isinstance(row, dict) and any(guess(row) for guess in (of_table, _of_keys, _of_known, _of_flat, _of_strings))


def _nothing(_: Row) -> str:
    return ""


def of_table(row: Json) -> str:
    """One object that is a whole table: pandas writes one by columns unless it is told otherwise."""
    if not isinstance(row, dict):
        return ""
    values = list(row.values())
    if set(row) >= {"columns", "data"} and isinstance(row["data"], list):
        return f"a table of pandas, columns and data apart; write rows {_PANDAS}"
    objects = [value for value in values if isinstance(value, dict) and value]
    if objects and len(objects) == len(values):
        if all(recognise_row(value) is not None for value in objects):
            return f"one object that holds the rows under their numbers or ids; {_EACH}"
        numbers = objects[0].keys()
        if all(key.isdigit() for key in numbers) and all(value.keys() == numbers for value in objects):
            return f"a table by columns, as pandas writes it by default; write rows {_PANDAS}"
    if len(values) > 1 and all(isinstance(value, list) for value in values) and not _has_rows(values):
        lengths = {len(value) for value in values if isinstance(value, list)}
        if len(lengths) == 1 and lengths.pop() >= _FEW:
            return f"a table by columns, a list for each field; write rows {_PANDAS}"
    return ""


def _has_rows(values: list[Json]) -> bool:
    return any(isinstance(value, list) and value and isinstance(value[0], dict) for value in values)


def _of_keys(row: Row) -> str:
    """Fields whose names are almost those of a format, but would stand for two of them once they are put right."""
    form = recognise_row(with_right_keys(row))
    if form is None:
        return ""
    odd = list(dict.fromkeys(_odd_keys(row)))
    if any("\ufeff" in key for key in odd):
        field = next(key for key in odd if "\ufeff" in key).strip("\ufeff \t")
        return (
            f"rows of {form.title}, but the name of the field {printable(field)} begins with a byte order mark, as in "
            "a CSV that was read without encoding='utf-8-sig'; read it with that, or rename the field"
        )
    named = ", ".join(f"{printable(key.strip().lower())} is written '{printable(key)}'" for key in odd[:4])
    if any(key != key.strip() for key in odd):
        return f"rows of {form.title}, but names of fields have blanks at their edges: {named}; rename the fields"
    return f"rows of {form.title}, but the field {named}; rename the fields"


def _odd_keys(row: Row) -> Iterator[str]:
    for key, value in row.items():
        if key != right_key(key):
            yield key
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from (inner for inner in value[0] if inner != right_key(inner))


def _of_known(row: Row) -> str:
    """Exports and logs that many people have."""
    for fits, said in _KNOWN:
        if fits(row):
            return said
    return ""


def _holds(row: Json, *path: str | int) -> bool:
    for step in path:
        if isinstance(row, dict) and step in row:
            row = row[str(step)]
        elif isinstance(row, list) and isinstance(step, int) and step < len(row):
            row = row[step]
        else:
            return False
    return True


_KNOWN: tuple[tuple[Callable[[Row], bool], str], ...] = (
    (
        lambda row: row.keys() <= {"shards", "version"} and isinstance(row.get("shards"), list),
        "a manifest of shards: its name must end in .shards.json, and it is followed in the store alone; "
        "lora-pipeline check --as-one reads files that are here as one dataset",
    ),
    (
        lambda row: "custom_id" in row and "body" in row,
        "OpenAI's batch requests, which hold questions without their answers; messages lie in body.messages: put them "
        "together with the results by custom_id",
    ),
    (
        lambda row: "custom_id" in row,
        "OpenAI's batch results, which hold the answers without their prompts; messages lie in "
        "response.body.choices[0].message: put them together with the requests by custom_id",
    ),
    (
        lambda row: _holds(row, "choices", 0, "message"),
        "responses of OpenAI's API, which hold the answers without their prompts; messages lie in choices[0].message: "
        "put them together with what was asked",
    ),
    (
        lambda row: "error" in row and len(row) <= _FEW and not _holds(row, "messages"),
        "an error message of a service instead of rows: ask for the file again",
    ),
    (
        lambda row: "question" in row and _holds(row, "answers", "text", 0),
        "questions about a text, as in SQuAD; "
        "jq -c '{instruction: .question, input: .context, output: .answers.text[0]}' in.jsonl > out.jsonl writes rows",
    ),
    (
        lambda row: "message" in row and isinstance(row.get("chat_history"), list),
        "requests of Cohere's older chat, the last message apart from chat_history; write messages of role and "
        "content, USER as user and CHATBOT as assistant",
    ),
)


def _of_flat(row: Row) -> str:
    """One message a row."""
    names = next(
        (names for names in MESSAGE_NAMES if set(names[:2]) <= row.keys() and _are_texts(row, names[:2])), None
    )
    if names is None:
        return ""
    role, content, listed = names
    key = next((name for name in CONVERSATION_KEYS if name in row), None)
    if key is None:
        return (
            f"one message a row (fields {role} and {content}), no conversations: add the key of its conversation to "
            f'each row, as conversation_id, or wrap each dialogue in one object, {{"{listed}": […]}}'
        )
    speaker = row[role]
    said = printable(speaker) if isinstance(speaker, str) else "nothing"
    return (
        f"one message a row (fields {role} and {content}) with {key}; {role} must say user, assistant, system or tool, "
        f"and says {said}"
    )


def _are_texts(row: Row, names: tuple[str, ...]) -> bool:
    return all(isinstance(row[name], str) or row[name] is None for name in names)


def _of_strings(row: Row) -> str:
    for name in ("messages", "conversations", "turns"):
        if isinstance(row.get(name), str):
            command = f"jq -c '.{name} |= fromjson' in.jsonl > out.jsonl decodes it"
            return f"{name} as a string: the list was encoded twice; {command}"
    return ""


def _of_inner(row: Row, *, is_only_row: bool) -> str:
    for name, value in row.items():
        form = recognise_row(value[0]) if isinstance(value, list) and value else None
        if form is not None and (is_only_row or form.name != "plain-text"):
            return f"rows inside the field {printable(name)} of one object; {_JQ.format(f'.{printable(name)}[]')}"
    return ""


def _is_json(text: str) -> bool:
    return isinstance(decoded(text), dict | list)
