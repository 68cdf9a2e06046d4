"""The findings that reject a file or a line.

How each is found lives in `formats/sniff.py`, `reading/judge_line.py` and the formats.
"""

from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity, kinds

FILE_ERRORS: list[FindingKind] = kinds(
    Severity.ERROR,
    Scope.FILE,
    [
        (
            "empty-file",
            "the file is empty",
            "There is nothing to train on; often an export or an upload that broke off.",
            "export the file again and compare its size before uploading",
        ),
        (
            "no-conversations",
            "the file holds no conversation",
            "Every line is blank or rejected, so nothing is left to train on.",
            'write one conversation on each line, for example {"conversation_id": …, "turns": […]}',
        ),
        (
            "binary-file",
            "the file is not text",
            "JSON Lines is UTF-8 text; an archive or a columnar file has no lines to read.",
            "unpack or convert it to JSON Lines (.jsonl) first",
        ),
        (
            "utf16-file",
            "the file is UTF-16 or UTF-32, not UTF-8",
            "JSON exchanged between systems is UTF-8 (RFC 8259, section 8.1).",
            "save it as UTF-8, for example: iconv -f UTF-16 -t UTF-8 in.jsonl > out.jsonl",
        ),
        (
            "broken-archive",
            "the archive cannot be unpacked to its end",
            "What follows the fault is lost; often an upload that broke off.",
            "pack the file again, and compare its size before uploading",
        ),
        (
            "expands-too-much",
            "the archive grows beyond reason",
            "Text packs 3 to 20 times; one that grows a thousandfold is an attack or a fault. The rest was not read.",
            "upload the file as it is, not packed",
        ),
        (
            "unpacked-too-large",
            "the archive holds more than this installation takes",
            "The rest was not read. The limit is the setting LORA_MAX_UNPACKED_BYTES.",
            "split the file by lines, or ask the operator for a higher limit",
        ),
        (
            "window-too-large",
            "unpacking takes too much memory",
            "Packed with `--long=31`, Zstandard looks 2 GiB back, all of which had to be kept. The rest was not read.",
            "pack it again: `zstd -d --long=31 -c FILE | zstd -o NEW.zst`, or with `--long=27` at most",
        ),
        (
            "archive-without-data",
            "the archive holds no file of rows",
            "Pictures, programs, hidden files and texts about the data, such as a README, are passed over.",
            "put the file of rows into the archive, or upload it as it is",
        ),
        (
            "mixed-archive",
            "the archive's files cannot be read one after the other",
            "Several files are one dataset only where their rows stand alike: all lines, arrays, tables or Parquet.",
            "pack the files of one kind together, or upload each by itself",
        ),
        (
            "archive-not-read",
            "the archive is not one that is taken apart",
            "Only files of rows are read out of zip and tar, plain or packed by gzip or Zstandard: no other archives, "
            "none that are encrypted, links, or lead out of the archive. Nothing was unpacked.",
            "pack the data files alone and plainly, for example: zip data.zip train.jsonl",
        ),
        (
            "unknown-format",
            "no row is of a format that we know",
            "So the file was read as our own format, and every fault is told in its words.",
            "write rows of one of the formats in docs/formats.md, or describe yours: check --mapping FILE",
        ),
        (
            "unreadable-rows",
            "no row can be read as it stands",
            "All lines seem to have one fault, or what should be a line each is packed otherwise.",
            "do what is said of the cause",
        ),
        (
            "upload-too-large",
            "the upload is larger than this installation takes",
            "It was not read. The limit is the setting LORA_MAX_UPLOAD_BYTES.",
            "split the file by lines, or ask the operator for a higher limit",
        ),
        (
            "takes-too-long",
            "the file takes more processor time than its size allows",
            "It was given up, so that others need not wait. How long it takes depends on the machine: the same file "
            "may pass on another, or at another time. The limit is the setting LORA_VALIDATION_BUDGET_S_PER_MB.",
            "split the file by lines and upload the parts, or show it to the operator: no known file takes so long",
        ),
        (
            "upload-missing",
            "the upload was removed before it was read",
            "There is nothing left to judge. What was dropped instead, if anything, has a dataset of its own.",
            "upload the file again",
        ),
        (
            "upload-changed",
            "the upload was overwritten before it was read",
            "A dataset stands for the bytes that were registered; the new bytes are a dataset of their own.",
            "look at the newer dataset of the same name",
        ),
        (
            "bad-manifest",
            "the manifest does not say which shards are read",
            "A manifest, NAME.shards.json, names uploads of its owner that are one dataset together. Nothing was read.",
            'write {"shards": ["FOLDER/part-*.jsonl.gz"]}, with paths below the folder of its owner',
        ),
        (
            "shard-missing",
            "a shard of the manifest is not there",
            "A dataset is all of its shards, or none of it is read.",
            "put the shard there, or take it out of the manifest; then upload the manifest again, in a bucket with "
            'another "version"',
        ),
        (
            "shard-changed",
            "shards changed after the manifest was registered",
            "A dataset stands for the shards as they were when its manifest was registered.",
            'upload the manifest again, in a bucket with another "version": it is another dataset then',
        ),
    ],
)

LINE_ERRORS: list[FindingKind] = kinds(
    Severity.ERROR,
    Scope.LINE,
    [
        (
            "line-too-long",
            "the line is longer than the maximum",
            "Memory is bounded by the longest line; a line this long is nearly always a file without line breaks.",
            "put each conversation on a line of its own",
        ),
        (
            "invalid-utf8",
            "the line is not valid UTF-8",
            "Readers replace such bytes or stop at them; what is trained on would not be what was written.",
            "save the file as UTF-8",
        ),
        (
            "malformed-json",
            "the line is not one JSON value",
            "Loaders stop at the first such line, or drop it silently. RFC 8259 has no NaN and no trailing comma.",
            "write the line with a JSON library, one object a line",
        ),
        (
            "too-many-values",
            "the line holds more values than the maximum",
            "Each value costs many times its bytes in memory; no conversation needs a million of them.",
            "split the conversation, or leave the field that holds them out",
        ),
        (
            "nesting-too-deep",
            "arrays and objects are nested too deep",
            "Most readers give up or crash on such a line.",
            "flatten the value, or leave the field out",
        ),
        (
            "lone-surrogate",
            "a \\u escape is half of a surrogate pair",
            "It stands for no character and cannot be written as UTF-8; tokenizers and Arrow refuse it.",
            "write the whole pair, or remove the half (text was probably cut in the middle of an emoji)",
        ),
        (
            "not-an-object",
            "the line is JSON, but not an object",
            "A conversation is an object with conversation_id and turns.",
            'write {"conversation_id": …, "turns": […]}',
        ),
        (
            "other-format",
            "the line is of another format than the file",
            "Trainers read one format a file; such a line is dropped, or stops them.",
            "convert the line to the file's format, or move it to a file of its own",
        ),
        (
            "missing-field",
            "a required field is missing",
            "Without it the line cannot become a conversation.",
            "add the field",
        ),
        (
            "wrong-type",
            "a field has the wrong type",
            "Type drift crashes columnar loaders, or turns numbers into text without a word.",
            "write the value with the expected type",
        ),
        (
            "empty-conversation-id",
            "conversation_id is an empty string",
            "The id is how a conversation is found again.",
            "give each conversation an id of its own",
        ),
        (
            "empty-turns",
            "turns is an empty list",
            "A conversation without turns trains nothing.",
            "add the turns, or remove the line",
        ),
        (
            "turn-not-an-object",
            "a turn is not an object",
            "Each turn is an object with role and content.",
            'write each turn as {"role": …, "content": …}',
        ),
        (
            "malformed-tool-call",
            "a tool call is not the JSON of a call",
            "Trainers read the call's name and arguments; from other text they learn no call, or stop.",
            'write {"name": …, "arguments": {…}}, or a list of such calls',
        ),
        (
            "ambiguous-answer",
            "two fields hold different answers",
            "Which of them is trained on depends on the trainer.",
            "keep one of the two fields",
        ),
        (
            "nul-character",
            "a field holds a NUL character",
            "Databases and tokenizers written in C cut text at NUL, or refuse it.",
            "remove \\u0000 from the text",
        ),
    ],
)
