"""docs/formats.md: every format with a row that is recognised as it, the roles, the containers, the mapping file."""

from pipeline.dataset.formats.containers import FREE_BYTES, MAX_EXPANSION, MAX_WINDOW_BYTES
from pipeline.dataset.formats.mapping import Mapping
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.formats.rows.call_rows import CALL_ROLES
from pipeline.dataset.formats.rows.message_lists import ALIASES
from pipeline.docs.markdown import block, code, section, table

_INTRODUCTION = """What can be uploaded. A file is recognised by its content, never by its name: the first rows are
looked at, and the format that most of them fit is the file's. The report says which, why, and how many lines fit; a
line of another format is the finding [`other-format`](findings.md#other-format). Rows that are a bare list of
messages are read as well. A row's id is taken from `id`, `conversation_id` or `dialogue_id`; one that has none is
named after its line."""

_CONTAINERS = f"""- **Lines** (`jsonl`): one row a line. Only `\\n` ends a line.
- **An array** (`json-array`): `[row, row, …]`, in any layout, read row by row in bounded memory. A finding's line is
  the one where its row begins; a comma or bracket missing or too many is a rejected row at its place.
- **Objects over several lines** (`json-objects`): printed with indents, one or many one after another.
- **Rows in a field** of one object (`json-field`), as in `{{"version": 1, "data": [row, …]}}`, pretty-printed or not.
  The list must begin within the first MiB. What stands beside it is left out and named, but for `brightrun-v4`; a
  second list of rows behind it is a rejected row at its place.
- **A table of text** (`csv`): CSV, TSV or semicolons, with a header whose names are the fields of a known format or of
  a mapping. Cells are texts; in columns such as `messages` or `tools` the JSON of a list is that list. A row of more or
  fewer cells than the header is rejected at its place. A row may stand over several lines; its line is the first.
- **A Parquet file** (`parquet`), whose columns are the fields. It is copied to a temporary file and read some rows at a
  time; a row's line and byte are those that it has among its rows as lines of JSON.
- **Pairs** (`pairs`): lines or rows of `brightrun-v4` that are one pair each, put together by `conversation_id`
  wherever they stand. A row is a conversation; its line is that of its first pair. Until the file was read to its end
  the pairs lie in a temporary file.
- **Messages** (`messages`): rows of `flat-messages` or `oasst` that are one message each, put together in the same way.
  A row is a conversation, in the order of their first messages; a finding's line is that of the message it is about.
- **zip and tar**, also `.tar.gz` and `.tar.zst`: one data file is read as it is; several of lines, several arrays,
  several tables with one separator or several of Parquet, all of one format, one after the other in natural order of
  their paths (`part-2` before `part-10`). A row's line is then that in all of them together, and findings add the file
  and the line in it. Hidden files, a README, a licence, pictures and programs are passed over, and named; a hidden one
  that may be data is a warning
  ([`data-passed-over`](findings.md#data-passed-over)), as are files for training and for testing that lie together
  ([`splits-in-archive`](findings.md#splits-in-archive)). A file may be packed itself by gzip or Zstandard. Files of
  other kinds together, links, passwords, archives in the archive and paths that lead out are refused
  ([`mixed-archive`](findings.md#mixed-archive), [`archive-not-read`](findings.md#archive-not-read)). The archive is
  copied to a temporary file; its files are not.
  So a folder is one dataset, too, and so are several files: `check`, `mend`, `convert` and `card` take `--as-one`
  (`lora-pipeline check --as-one data/`, `--as-one 'data/*.parquet'`), as they take `tar -cf - FOLDER`.
- **Shards**: an upload named `NAME.shards.json` that holds `{{"shards": ["NAME.shards/part-*.jsonl.gz", …]}}` names
  others of its owner, which are one dataset in that order ([docs/scaling.md](scaling.md#shards)): files of lines, each
  as it is or packed. The result is that of one file; findings add the shard and the line in it.
- **gzip and Zstandard** of either, also several members one after another. An archive that ends too early keeps the
  rows before its end ([`broken-archive`](findings.md#broken-archive)); one that grows more than {MAX_EXPANSION} times,
  over {FREE_BYTES // 2**20} MiB, is not read on ([`expands-too-much`](findings.md#expands-too-much)). Zstandard may
  look back {MAX_WINDOW_BYTES // 2**20} MiB, which is `--long=27`; a file that needs more
  ([`window-too-large`](findings.md#window-too-large)) is to be packed again. Lines and offsets are those of the
  unpacked text."""

_MAPPING = """`lora-pipeline check --format alpaca FILE` reads a file as that format, whatever it looks like. For a
shape that none of these describes, `--mapping FILE` says where things are, in JSON or TOML: either `turns`, or
`prompt` and `answer`. Unknown fields, and roles that are none, are refused with the names that there are. The option
takes the JSON itself as well: where a mapping fits rows of no known format, the report ends with it, ready to paste
(`--mapping '{"prompt": "request", "answer": "reply"}'`), and `--mapping auto` takes it unasked. `check`, `mend`,
`convert`, `card` and `upload` have the option. An upload keeps it with its dataset, as do the API (`mapping` of an
announced upload, `PUT /api/datasets/{id}/mapping`) and the pages; every validation uses it, and another one has the
dataset validated again. A new version of the file (other bytes under its name, or, through the service, another upload
of the owner's with the same file name) is read by the mapping of the one before, unless it is given another, or `none`
(`--mapping none`, `"mapping": "none"`), or the one before was deleted. Bytes that come back to a path are read as was
said last of it. Mappings are also written down in the store (`uploads/<owner>/.mappings`), so that a
catalog that was lost has them again."""

MAPPING_EXAMPLE = """turns = "data.dialog"
role = "who"
content = "says"
id = "meta.key"

[roles]
A = "user"
B = "assistant\""""

_MEANINGS = {
    "turns": "path of the list of messages",
    "role": "name of a message's role",
    "content": "name of a message's text",
    "prompt": "path of the question, where the row is fields",
    "answer": "path of the answer, where the row is fields",
    "system": "path of a system text",
    "history": "path of earlier pairs of question and answer, where the row is fields",
    "id": "path of the row's own name",
    "roles": "what the file's roles mean: theirs = ours",
}

_KEPT = """All formats become one model: conversations with turns of role and content and, where the format has
them, tool calls and their ids, names, weights, content parts, tools, labels and branches ([tables.md](tables.md):
`conversations`, `turns`). A turn is *supervised* when it is learned from: an assistant's turn whose weight is not
0, a completion, a text; never a prompt. `lora-pipeline convert` writes it as another format, and names what that
one cannot hold."""


def page() -> str:
    """The page."""
    rows = [(code(each.name), code(each.example), each.becomes) for each in reversed(BY_NAME.values())]
    roles = [*((code(theirs), code(ours)) for theirs, ours in ALIASES.items())]
    roles += [(code(name), "`assistant`, with a tool call") for name in CALL_ROLES]
    fields = [(code(name), _MEANINGS[name]) for name in Mapping.model_fields]
    return section(
        "Formats",
        _INTRODUCTION,
        table(("name", "a row", "becomes"), rows),
        section("Roles of ShareGPT", table(("in the file", "becomes"), roles)),
        section("Containers", _CONTAINERS),
        section("Naming a format", _MAPPING, table(("field", "meaning"), fields), block(MAPPING_EXAMPLE, "toml")),
        section("What is kept", _KEPT),
        level=1,
    )
