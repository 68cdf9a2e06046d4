"""An archive is its data files, in natural order, as one text; what is not plainly there to be read is refused."""

import io
import json
import tarfile
import zipfile
from random import Random

import pyarrow.parquet as pq
import pytest
import zstandard

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.formats import archive_text, archives, containers
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK
from pipeline.dataset.formats.opening import open_text
from pipeline.dataset.mend.mending import mend_file
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.merge import all_findings
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.formats.test_containers import gz, lines
from tests.dataset.formats.test_parquet_rows import parquet

RULES = Rules().structure_only()
OPENAI = lines("openai", 20)
ROWS = OPENAI.splitlines(keepends=True)


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def tar_gz(files: dict[str, bytes]) -> bytes:
    return gz(tarred(files))


def tar_zst(files: dict[str, bytes]) -> bytes:
    return zstandard.ZstdCompressor().compress(tarred(files))


PACKERS = {"zip": zipped, "tar": tarred, "tar.gz": tar_gz, "tar.zst": tar_zst}
packers = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


def report_of(data: bytes, folder, rules: Rules = RULES) -> dict:
    folder.mkdir(exist_ok=True)
    return profile_stream(io.BytesIO(data), folder, rules).as_dict("a.zip")


def finding_of(data: bytes, folder, rules: Rules = RULES) -> tuple[str, str]:
    """The only finding of a refused archive, and its fault."""
    [found] = report_of(data, folder, rules)["findings"]
    return found["code"], found["message"].partition(";")[0]


@packers
def test_one_data_file_is_read_as_that_file(pack, tmp_path):
    beside = {"README.md": b"# Data", "__MACOSX/data/._chat.jsonl": b"\0\1", ".DS_Store": b"\0", "LICENSE": b"MIT"}

    report = report_of(pack({**beside, "data/chat.jsonl": OPENAI}), tmp_path / "packed")

    plain = report_of(OPENAI, tmp_path / "plain")
    same = {"format", "container", "status", "lines", "conversations", "turns", "words", "findings"}
    assert {name: report[name] for name in same} == {name: plain[name] for name in same}
    assert report["compression"] == ("zip" if pack is zipped else "tar")
    assert report["format_why"].endswith(
        "; the rows are in the file data/chat.jsonl of the archive; beside them, not read: README.md and 3 more files"
    )


@packers
def test_several_files_are_one_dataset_in_natural_order(pack, tmp_path):
    parts = {f"train-{number}.jsonl": b"".join(ROWS[number : number + 3]).rstrip() for number in (10, 2, 1)}

    opened = open_text(io.BytesIO(pack(parts)), None, 2**62)

    text = b"".join(iter(lambda: opened.text.read(100), b""))
    assert text == b"\n".join(parts[f"train-{number}.jsonl"] for number in (1, 2, 10))


@packers
def test_files_that_are_packed_themselves_are_read_as_plain_ones(pack, tmp_path):
    plain = {"1": ROWS[0] + b"{}", "2": b"", "3": BYTE_ORDER_MARK + ROWS[1], "10": ROWS[2]}
    packed = {"1": gz(plain["1"]), "2": gz(b""), "3": zstandard.compress(plain["3"]), "10": plain["10"]}

    report = report_of(pack(packed), tmp_path / "packed")

    assert report == report_of(pack(plain), tmp_path / "plain") | {"bytes": report["bytes"], **_hash(report)}
    assert [row["line"] for row in report["findings"]] == [2]


def _hash(report: dict) -> dict:
    return {"content_sha256": report["content_sha256"]}


def test_the_rows_before_the_end_of_a_packed_file_that_is_cut_off_are_kept(tmp_path):
    files = {"1.gz": gz(OPENAI)[:-9], "2.jsonl": OPENAI}

    report = report_of(zipped(files), tmp_path)

    assert [row["code"] for row in report["findings"]] == ["broken-archive"]
    assert "found it cut off (in 1.gz)" in report["findings"][0]["message"]
    assert 0 < report["lines"] <= 20


def test_what_is_packed_twice_grows_no_more_than_what_is_packed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "FREE_BYTES", 100_000)
    archive = tarred({"a.jsonl.gz": gz(b"\n" * 2_000) * 700})

    report = report_of(gz(archive), tmp_path)

    assert len(gz(archive)) * 200 < 2_000 * 700 < len(archive) * 200
    assert report["finding_counts"]["expands-too-much"] == 1


def test_a_finding_names_the_file_and_the_line_in_it(tmp_path):
    broken = {"b.jsonl": ROWS[0] + b"{}\n", "a.jsonl": ROWS[1] + ROWS[2]}

    profile = profile_stream(io.BytesIO(zipped(broken)), tmp_path, RULES)

    assert [(row["row"], row["line"], row["detail"]) for row in all_findings(profile.findings_path)] == [
        (4, 4, "(line 2 of b.jsonl)")
    ]
    assert "found no fields (line 2 of b.jsonl); add the field" in profile.errors[0]["message"]


def test_a_finding_of_one_file_alone_has_its_line_and_no_more(tmp_path):
    [found] = report_of(zipped({"b.jsonl": ROWS[0] + b"{}\n"}), tmp_path)["findings"]

    assert (found["line"], found["byte_offset"], found["detail"]) == (2, len(ROWS[0]), None)


@packers
def test_shards_of_parquet_are_one_dataset(pack, tmp_path):
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    parts = {f"train-{n:05d}-of-00002.parquet": parquet([{"messages": chat}] * (n + 1)) for n in range(2)}

    report = report_of(pack(parts), tmp_path)

    assert (report["container"], report["format"], report["conversations"]) == ("parquet", "openai", 3)


TABLES = {
    "b-2.csv": b'question,answer\n"Why,\nthen",So\nHow,Thus\n',
    "b-10.csv": b"answer,question\nNo,Where\nWhat,\n",
    "a.csv": b"question,answer\nWho,Ann",
    "c.csv": b"",
}
ARRAYS = {
    "b.json": b"[\n" + b",".join(ROWS[:3]) + b"]",
    "a.json": b"[" + ROWS[3] + b"]\n",
    "c.json": b'[{"messages": []},\n' + ROWS[4] + b"]",
}


@pytest.mark.parametrize("piece_bytes", [1, 7, 2**20])
@pytest.mark.parametrize(
    ("files", "said", "places"),
    [
        (
            TABLES,
            ["Who", "Why,\nthen", "How", "Where"],
            [("empty-content", 9, "(line 3 of b-10.csv)")],
        ),
        (ARRAYS, None, [("empty-turns", 8, "(line 1 of c.json)")]),
    ],
    ids=["tables", "arrays"],
)
def test_tables_and_arrays_are_one_dataset_read_file_by_file(files, said, places, piece_bytes, tmp_path):
    class Slow(io.BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, piece_bytes) if size >= 0 else size)

    profile = profile_stream(Slow(zipped(files)), tmp_path, RULES)

    contents = pq.read_table(profile.findings_path.parent / "turns.parquet", columns=["role", "content"]).to_pylist()
    asked = [turn["content"] for turn in contents if turn["role"] == "user"]
    expected = [json.loads(ROWS[n])["messages"] for n in (3, 0, 1, 2, 4)]
    whole = [turn["content"] for turns in expected for turn in turns if turn["role"] == "user"]
    assert [each for each in asked if each] == (whole if said is None else said)
    found = [(row["code"], row["line"], row["detail"]) for row in all_findings(profile.findings_path)]
    assert [row for row in found if row[0] == places[0][0]] == places


def test_an_archive_of_arrays_is_mended_as_lines(tmp_path):
    files = {"a.json": b"[" + b", ".join([ROWS[0].strip(), b"{}"]) + b"]", "b.json": b"[" + ROWS[2] + b"]"}

    mending = mend_file(io.BytesIO(tarred(files)), tmp_path / "out.jsonl", "out.jsonl")

    assert (mending.lines_out, mending.lines_aside) == (2, 1)
    assert (tmp_path / "out.jsonl").read_bytes() == ROWS[0].strip() + b"\n" + ROWS[2].strip() + b"\n"


SPLITS = {"train.jsonl": ROWS[0] + ROWS[1], "test.jsonl": ROWS[2] + b"{}\n", ".more.jsonl": ROWS[3]}


def test_convert_says_of_an_archive_what_check_says():
    done = convert_stream(io.BytesIO(zipped(SPLITS)), lambda _: None, "native", None, Limits())

    assert [finding.code for finding in done.warnings] == ["data-passed-over", "splits-in-archive"]
    assert [done.place_of(row) for row in done.first_rejected] == ["line 2 of test.jsonl"]


def test_mend_says_of_an_archive_what_check_says_and_names_lines_of_its_files(tmp_path):
    mending = mend_file(io.BytesIO(zipped(SPLITS)), tmp_path / "out.jsonl", "out.jsonl")

    [aside] = map(json.loads, (tmp_path / "out.jsonl.rejected.jsonl").read_bytes().splitlines())
    place = {"file": "test.jsonl", "line": 2, "byte_offset": len(ROWS[2])}
    assert [finding.code for finding in mending.warnings] == ["data-passed-over", "splits-in-archive"]
    assert [{name: each[name] for name in place} for each in (aside, *aside["findings"])] == [place, place]


def test_objects_over_several_lines_are_a_file_each(tmp_path):
    files = {f"{n}.json": row.replace(b"{", b"{\n", 1) for n, row in enumerate(ROWS[:3])}

    report = report_of(zipped(files), tmp_path)

    assert (report["container"], report["conversations"]) == ("json-objects", 3)


@pytest.mark.parametrize(
    "data", [b"[" + b",".join(ROWS) + b"]", b"question,answer\nWhy,So\nHow,Thus\n", parquet([{"text": "a"}])]
)
@packers
def test_any_container_may_be_the_one_file(pack, data, tmp_path):
    plain = report_of(data, tmp_path / "plain")

    report = report_of(pack({"a": data}), tmp_path / "packed")

    assert (report["container"], report["conversations"]) == (plain["container"], plain["conversations"])
    assert report["status"] == "ready"


def test_a_byte_order_mark_of_a_later_file_is_no_part_of_its_first_row(tmp_path):
    report = report_of(zipped({"a.jsonl": ROWS[0], "b.jsonl": BYTE_ORDER_MARK + ROWS[1]}), tmp_path)

    assert (report["status"], report["finding_counts"]) == ("ready", {})


def test_several_processes_read_the_same(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a.jsonl": OPENAI}))
    (tmp_path / "out").mkdir()

    assert profile_path(path, tmp_path / "out", RULES, workers=4).statistics.conversations == 20


def test_convert_reads_archives():
    written: list[bytes] = []

    done = convert_stream(io.BytesIO(zipped({"a.jsonl": OPENAI})), written.append, "native", None, Limits())

    assert (done.written, done.is_whole, len(written) > 0) == (20, True, True)


@pytest.mark.parametrize(
    ("files", "code", "fault"),
    [
        (
            {"README.md": b"a", "cat.png": b"b"},
            "archive-without-data",
            "expected a file of rows, found none beside README.md and 1 more file",
        ),
        (
            {"a.jsonl": OPENAI, "b.parquet": parquet([{"text": "a"}])},
            "mixed-archive",
            "expected files of lines, arrays, tables or Parquet files, of one format, found lines in a.jsonl "
            "and parquet in b.parquet",
        ),
        (
            {"a.jsonl": OPENAI, "b.jsonl": lines("alpaca", 3)},
            "mixed-archive",
            "expected files of lines, arrays, tables or Parquet files, of one format, found openai in "
            "a.jsonl and alpaca in b.jsonl",
        ),
        (
            {"a.json": b"[" + ROWS[0] + b"]", "b.jsonl": OPENAI},
            "mixed-archive",
            "expected files of lines, arrays, tables or Parquet files, of one format, found json-array in a.json and "
            "lines in b.jsonl (jq -c '.[]' *.json > all.jsonl joins arrays)",
        ),
        (
            {"a.csv": b"question,answer\nWhy,So\n", "b.csv": b"question;answer\nHow;Thus\n"},
            "mixed-archive",
            "expected files of lines, arrays, tables or Parquet files, of one format, found cells between commas in "
            "a.csv and cells between semicolons in b.csv",
        ),
        (
            {"a.jsonl.gz": gz(gz(OPENAI))},
            "archive-not-read",
            "expected no archive in the archive, found a.jsonl.gz, a gzip archive (unpack that one, and upload it)",
        ),
        ({"a.zip": zipped({"a": OPENAI})}, "archive-not-read", ""),
        ({"../a.jsonl": OPENAI}, "archive-not-read", "expected paths inside the archive, found ../a.jsonl"),
        ({"/etc/a.jsonl": OPENAI}, "archive-not-read", ""),
        ({"C:/a.jsonl": OPENAI}, "archive-not-read", ""),
        ({"..\\a.jsonl": OPENAI}, "archive-not-read", ""),
        ({"a.pdf": b"%PDF-1.7\n"}, "binary-file", "expected JSON Lines text, found a PDF in a.pdf"),
        (
            {"a.jsonl": OPENAI, "notes.pdf": b"%PDF-1.7\n"},
            "archive-not-read",
            "expected files of rows alone, found notes.pdf, a PDF (take that file out of the archive)",
        ),
        (
            {"a.jsonl": OPENAI, "weights.bin": b"\0\1\2\3" * 100},
            "archive-not-read",
            "expected files of rows alone, found weights.bin, which is no text (take that file out of the archive)",
        ),
        (
            {"a.jsonl": OPENAI, "b.zip": zipped({"a": OPENAI})},
            "archive-not-read",
            "expected no archive in the archive, found b.zip, a ZIP archive (unpack that file, or take it out of",
        ),
        ({"a.jsonl": b""}, "empty-file", ""),
        (
            {"a.jsonl.gz": gz(OPENAI)[:12]},
            "broken-archive",
            "expected the archive's end, found it cut off (in a.jsonl.gz",
        ),
        (
            {"a.gz": gz(OPENAI), "b.gz": gz(tarred({"a": OPENAI}))},
            "archive-not-read",
            "expected no archive in the archive",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@packers
def test_what_is_not_plainly_data_is_refused_whole(pack, files, code, fault, tmp_path):
    found = finding_of(pack(files), tmp_path)

    assert (found[0], found[1].startswith(fault)) == (code, True), found


def test_a_zip_of_nothing_is_refused(tmp_path):
    """An empty tar is nothing but zeros."""
    found = finding_of(zipped({}), tmp_path)

    assert (found[0], found[1].startswith("expected a file of rows, found none")) == ("archive-without-data", True), (
        found
    )


def test_one_that_needs_a_password_is_refused(tmp_path):
    data = bytearray(zipped({"a.jsonl": OPENAI}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1

    assert finding_of(bytes(data), tmp_path) == (
        "archive-not-read",
        "expected files without a password, found a.jsonl encrypted (unpack it with its password, and pack it again "
        "without one)",
    )


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack_a_zip_are_refused(method, tmp_path):
    code, fault = finding_of(zipped({"a.jsonl": OPENAI}, method), tmp_path)

    assert (code, fault.endswith(f"packed by method {method} (pack it again: zip -Z deflate)")) == (
        "archive-not-read",
        True,
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_a_tar_are_refused(kind, tmp_path):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        info = tarfile.TarInfo("a.jsonl")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)

    assert finding_of(made.getvalue(), tmp_path)[0] == "archive-not-read"


def test_a_path_that_stands_twice_is_refused(tmp_path):
    data = zipped({"a.jsonl": OPENAI, "b.jsonl": OPENAI}).replace(b"b.jsonl", b"a.jsonl")

    assert finding_of(data, tmp_path) == ("archive-not-read", "expected each path once, found a.jsonl twice")


def test_one_that_grows_too_much_is_not_read_on(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "FREE_BYTES", 1_000)

    report = report_of(zipped({"a.jsonl": b" " * 10_000_000}), tmp_path)

    assert (report["finding_counts"]["expands-too-much"], report["status"]) == (1, "error")


def test_a_parquet_file_in_it_is_not_copied_beyond_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "FREE_BYTES", 1_000)

    report = report_of(zipped({"a.parquet": b"PAR1" + b" " * 10_000_000}), tmp_path)

    assert report["finding_counts"].get("expands-too-much") == 1


def test_more_text_than_an_installation_takes_is_not_read_on(tmp_path):
    report = report_of(zipped({"a.jsonl": OPENAI}), tmp_path, Rules(Limits(max_unpacked_bytes=100)).structure_only())

    assert report["finding_counts"]["unpacked-too-large"] == 1


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_text, "MAX_DATA_FILES", 2)
    files = {f"{n}.jsonl": ROWS[n] for n in range(3)}

    assert finding_of(zipped(files), tmp_path / "data")[1] == "expected at most 2 data files, found 3 (join them first)"

    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    assert finding_of(tarred(files), tmp_path / "all")[1] == "expected at most 2 files, found more"


def test_what_an_archive_says_of_itself_may_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_MOST_AT_ONCE", 10_000)
    files = {f"{n:0200}.jsonl": ROWS[0] for n in range(100)}

    assert finding_of(zipped(files), tmp_path)[0] == "archive-not-read"


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9])
def test_a_zip_that_was_cut_off_says_so(left, tmp_path):
    data = zipped({"a.jsonl": OPENAI, "b.jsonl": OPENAI})

    assert finding_of(data[: int(len(data) * left)], tmp_path)[0] == "broken-archive"


def test_of_a_tar_that_was_cut_off_the_rows_before_are_read(tmp_path):
    data = tarred({"a.jsonl": ROWS[0] * 5})

    report = report_of(data[: 512 + 3 * len(ROWS[0])], tmp_path)

    assert (report["finding_counts"]["broken-archive"], report["conversations"]) == (1, 3)


def test_a_damaged_header_does_not_end_a_tar_in_silence(tmp_path):
    data = bytearray(tarred({"a.jsonl": ROWS[0], "b.jsonl": ROWS[1]}))
    data[data.index(b"b.jsonl")] ^= 1

    report = report_of(bytes(data), tmp_path)

    assert (report["finding_counts"]["broken-archive"], report["conversations"]) == (1, 1)


def test_any_damage_is_a_finding(tmp_path):
    random = Random(1)
    for number in range(200):
        data = bytearray((zipped if number % 2 else tarred)({"a.jsonl": OPENAI, "b.jsonl": OPENAI}))
        for _ in range(random.randint(1, 5)):
            data[random.randrange(len(data))] = random.randrange(256)

        report = report_of(bytes(data), tmp_path / str(number))

        assert report["status"] in ("ready", "error")


def test_an_office_document_is_named(tmp_path):
    document = {"[Content_Types].xml": b"<a/>", "word/document.xml": b"<b/>"}

    assert finding_of(zipped(document), tmp_path)[1] == "expected JSON Lines text, found an Office document"


@pytest.mark.parametrize(
    "name",
    ["readme.jsonl", "Citation.csv", "LICENSE.json", "notice.parquet", "changelog.tsv", "copying.ndjson", "a.md.jsonl"],
)
def test_what_is_named_as_data_is_read_whatever_else_its_name_says(name, tmp_path):
    data = {"csv": b"question,answer\nWhy,So\n", "tsv": b"question\tanswer\nWhy\tSo\n"}.get(name[-3:], OPENAI)

    report = report_of(zipped({name: parquet([{"text": "a"}]) if name.endswith("parquet") else data}), tmp_path)

    assert report["conversations"] > 0
    assert f"the file {name} of the archive" in report["format_why"]


@pytest.mark.parametrize("name", ["README", "readme.TXT", "LICENCE.md", "CITATION.cff", "NOTICE.html", "COPYING.rst"])
def test_texts_about_data_are_passed_over(name, tmp_path):
    report = report_of(zipped({name: b"a", "a.jsonl": OPENAI}), tmp_path)

    assert (report["status"], report["finding_counts"]) == ("ready", {})


@packers
def test_hidden_data_is_a_warning_that_names_it(pack, tmp_path):
    hidden = {".b.jsonl": OPENAI, ".cache/c.csv": b"a", ".d/e.parquet.gz": b"a"}
    litter = {"._a.jsonl": b"\0", "__MACOSX/._a.jsonl": b"\0", "dataset_info.json": b"{}", ".git/HEAD": b"a"}

    report = report_of(pack({"a.jsonl": OPENAI, **hidden, **litter}), tmp_path)

    assert (report["status"], report["conversations"]) == ("ready", 20)
    [found] = report["findings"]
    assert (found["code"], found["severity"]) == ("data-passed-over", "warning")
    assert found["found"] == "not read: .b.jsonl, .cache/c.csv, .d/e.parquet.gz"


def test_many_hidden_files_are_counted(tmp_path):
    hidden = {f".{number}.jsonl": b"a" for number in range(23)}

    [found] = report_of(zipped({"a.jsonl": OPENAI, **hidden}), tmp_path)["findings"]

    assert found["found"].endswith(", .19.jsonl and 3 more")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["data/train.jsonl", "data/test.jsonl", "data/validation.jsonl"],) * 2,
        (["Train-00.jsonl", "Train-01.jsonl", "dev_00.jsonl"], ["Train-00.jsonl", "dev_00.jsonl"]),
        (["test/train-1.jsonl", "train/train-1.jsonl"],) * 2,
        (["my-test/train-1.jsonl", "my-test/train-2.jsonl"], []),
        (["train.jsonl", "more.jsonl"], []),
        (["latest.jsonl", "trained.jsonl", "value.jsonl"], []),
    ],
)
def test_files_of_several_splits_are_a_warning_that_names_one_of_each(names, found, tmp_path):
    files = {name: ROWS[number] for number, name in enumerate(names)}

    report = report_of(zipped(files), tmp_path)

    assert report["status"] == "ready"
    assert [each["found"] for each in report["findings"]] == (
        [f"one after the other: {', '.join(sorted(found, key=str.lower))}"] if found else []
    )
    assert set(report["finding_counts"]) == ({"splits-in-archive"} if found else set())


@packers
def test_archives_one_behind_the_other_are_refused(pack, tmp_path):
    first, second = pack({"a.jsonl": OPENAI}), pack({"b.jsonl": OPENAI})

    assert finding_of(first + second, tmp_path) == (
        "archive-not-read",
        "expected one archive and no more, found bytes that it does not name (pack all files into one archive)",
    )


def test_bytes_that_no_list_of_a_zip_names_are_refused(tmp_path):
    data = zipped({"a.jsonl": OPENAI})
    empty = zipped({})

    for number, more in enumerate([data + b"more", data + empty, empty + data, data + data, data[:100] + data]):
        assert finding_of(more, tmp_path / str(number))[0] == "archive-not-read"


def test_a_zip_may_have_a_comment_and_be_written_as_a_stream(tmp_path):
    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data, /) -> int:
            self.written += data
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.jsonl", "b.jsonl"):
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(OPENAI)
        archive.comment = b"of one day"

    report = report_of(bytes(stream.written), tmp_path)

    assert (report["status"], report["conversations"]) == ("ready", 40)


def test_a_tar_may_end_in_many_zeros(tmp_path):
    assert report_of(tarred({"a.jsonl": OPENAI}) + b"\0" * 1_000_000, tmp_path)["status"] == "ready"
