"""Validating one dataset: the verdict, the rows, what the catalog and the owner are told. No orchestrator here."""

import hashlib
from dataclasses import asdict, replace

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.clock import utc_now
from pipeline.dataset.profiles import parallel
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.tokens import TokenizerError
from pipeline.errors import LakeError, StoreError
from pipeline.flow.intake import look
from pipeline.flow.scan import Cursor
from pipeline.flow.upload_lines import UploadLines
from pipeline.flow.validation import Validator, rules_of
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import PUBLISH_ORDER, LocalLake, make_lake
from pipeline.state.store import make_store
from tests.installation import bad_file, conversation, valid_file

ROWS = ("conversations", "turns", "findings", "splits")


@pytest.fixture
def place(tmp_path):
    """Settings, an upload folder, and a validator over them."""
    settings = load_settings(data_dir=tmp_path / "data", settle_s=0)
    return settings, Validator(make_store(settings), make_lake(settings), Rules(), settings.max_upload_bytes, "run-1")


def _register(settings, content, name="file.jsonl"):
    path = settings.data_dir / "uploads" / "ana" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with Catalog.open(settings.catalog_url) as catalog:
        [dataset_id] = look(make_store(settings), catalog, settings, Cursor(), utc_now()).registered
        return path, catalog.get(dataset_id)


def test_an_installation_whose_tokenizer_is_not_there_gives_no_verdict(place):
    """That is a matter of the operator's, and none of the dataset's."""
    settings, validator = place
    _, dataset = _register(settings, valid_file(4))

    with pytest.raises(TokenizerError):
        replace(validator, rules=Rules(tokenizer="none.json")).validate(dataset)


def test_a_rejected_row_keeps_how_it_begins_in_the_lake_alone(place):
    settings, validator = place
    settings = settings.model_copy(update={"rejected_text_chars": 5})
    _, dataset = _register(settings, bad_file())

    outcome = replace(validator, rules=rules_of(settings)).validate(dataset)

    with make_lake(settings).fetch("findings", dataset.id) as path:
        kept = pq.read_table(path).filter(pc.field("severity") == "error").to_pylist()
    assert {row["row_text"] for row in kept} == {"{not "}
    assert all("row_text" not in error for error in outcome.verdict().validation_errors)


def test_a_ready_dataset_comes_with_its_figures_and_samples(place):
    """The whole verdict, as the catalog records it."""
    settings, validator = place
    content = valid_file(4)
    _, dataset = _register(settings, content)

    outcome = validator.validate(dataset)

    verdict = asdict(outcome.verdict())
    assert len(verdict.pop("sample_data")) == 3
    assert verdict == {
        "dataset_id": dataset.id,
        "content_version": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "status": "ready",
        "format": "native",
        "finding_counts": {},
        "mapping": None,
        "answers_to_learn": 4,
        "total_training_pairs": outcome.profile.statistics.training_pairs,
        "total_validation_pairs": 0,
        "total_tokens": 48,
        "token_method": outcome.verdict().token_method,
        "avg_turns_per_conversation": 2.0,
        "avg_tokens_per_turn": 6.0,
        "line_count": 4,
        "rejected_line_count": 0,
        "conversation_count": 4,
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "validation_errors": [],
        "run_id": "run-1",
        "title": "file is ready",
        "message": "4 conversations, 48 tokens.",
    }
    assert sorted(outcome.lake_uris) == sorted(PUBLISH_ORDER)
    assert outcome.upload_uri == str(settings.data_dir / "uploads/ana/file.jsonl")


@pytest.mark.parametrize("is_local", [True, False])
def test_a_large_upload_is_read_by_several_processes_with_the_same_result(place, is_local, monkeypatch):
    """From the file itself, or from a copy where the store has none on this machine."""
    monkeypatch.setattr(parallel, "MIN_RANGE_BYTES", 2_000)
    settings, alone = place
    if not is_local:
        monkeypatch.setattr(type(alone.store), "local_path", lambda _store, _key: None)
    _, dataset = _register(settings, valid_file(200) + bad_file(3))
    workers = replace(alone, large_upload_bytes=dataset.file_size - 1, workers=3)
    parts = []

    def counted(*arguments, **named):
        profile = parallel.profile_path(*arguments, **named)
        parts.append(len(profile.parts))
        return profile

    monkeypatch.setattr("pipeline.flow.validation.profile_path", counted)

    outcomes, rows = [], []
    for each in (alone, workers):
        outcomes.append(each.validate(dataset))
        rows.append({table: pq.read_table(outcomes[-1].lake_uris[table]) for table in ROWS})  # before the next replaces

    assert parts == [3]
    assert asdict(outcomes[0].verdict()) == asdict(outcomes[1].verdict())
    assert all(rows[0][table].equals(rows[1][table]) for table in ROWS)
    assert list((settings.data_dir / "lake" / "_staging").iterdir()) == []


def test_a_large_upload_that_changes_while_it_is_read_is_none(place, monkeypatch):
    settings, alone = place
    path, dataset = _register(settings, valid_file(200))

    def changed(*arguments, **named):
        profile = parallel.profile_path(*arguments, **named)
        path.write_bytes(valid_file(201))  # where the hash cannot tell: it was of the bytes before
        return profile

    monkeypatch.setattr("pipeline.flow.validation.profile_path", changed)

    outcome = replace(alone, large_upload_bytes=1, workers=2).validate(dataset)

    assert dict(outcome.profile.finding_counts) == {"upload-changed": 1}


def test_a_bad_dataset_lists_its_first_ten_errors(place):
    """The rest is in the lake."""
    settings, validator = place
    _, dataset = _register(settings, bad_file(25))

    outcome = validator.validate(dataset)

    assert [row["line"] for row in outcome.verdict().validation_errors] == list(range(3, 13))
    assert pq.ParquetFile(outcome.lake_uris["findings"]).metadata.num_rows == 25
    assert outcome.summary() == "25 of 27 lines rejected; first: line 3, malformed-json."


def test_some_rejected_lines_can_be_allowed(place):
    """An installation may take a dataset with few faults; its message says how many lines are left out."""
    settings, validator = place
    content = valid_file(9) + b"{not json\n"
    _, dataset = _register(settings, content)

    strict = validator.validate(dataset)
    lenient = replace(validator, rules=Rules(max_rejected_share=0.1)).validate(dataset)

    assert (strict.is_ready, lenient.is_ready) == (False, True)
    assert lenient.summary().endswith(", 1 lines rejected.")


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (b"", "empty-file", "Expected at least one line, found an empty file; "),
        (b"\n\n", "no-conversations", "Expected at least one conversation, found only blank lines; "),
        ('{"a": "ö"}\n'.encode("utf-16"), "utf16-file", "Expected UTF-8, found the byte order mark of UTF-16; "),
    ],
)
def test_a_file_that_is_no_dataset_says_so_in_a_sentence(place, content, code, sentence):
    """There is no line to point at."""
    settings, validator = place
    _, dataset = _register(settings, content)

    outcome = validator.validate(dataset)

    assert [row["code"] for row in outcome.verdict().validation_errors] == [code]
    assert outcome.summary().startswith(sentence)
    assert outcome.summary().endswith(".")


def test_a_missing_and_a_changed_upload_are_verdicts(place):
    """The owner uploads again; no operator is needed."""
    settings, validator = place
    gone, missing = _register(settings, valid_file(3), "gone.jsonl")
    gone.unlink()
    path, changed = _register(settings, valid_file(3, seed=5), "changed.jsonl")
    path.write_bytes(valid_file(3, seed=6))

    outcomes = [validator.validate(missing), validator.validate(changed)]

    assert [row["code"] for each in outcomes for row in each.verdict().validation_errors] == [
        "upload-missing",
        "upload-changed",
    ]
    assert [each.verdict().content_sha256 for each in outcomes] == [None, None]
    assert [pq.ParquetFile(each.lake_uris["turns"]).metadata.num_rows for each in outcomes] == [0, 0]


def test_a_file_that_grew_is_not_read(place):
    """Other bytes lie there, perhaps very many: their size already says so."""
    settings, validator = place
    path, dataset = _register(settings, valid_file(3))
    with path.open("r+b") as file:
        file.truncate(2**40)

    outcome = validator.validate(dataset)

    assert [row["code"] for row in outcome.verdict().validation_errors] == ["upload-changed"]


def test_too_large_an_upload_is_refused_by_its_size(place):
    """A terabyte is refused as fast as a byte."""
    settings, validator = place
    path, dataset = _register(settings, conversation(1).encode())
    with path.open("r+b") as file:
        file.truncate(2**40)

    outcome = validator.validate(replace(dataset, file_size=2**40))

    [error] = outcome.verdict().validation_errors
    assert error["code"] == "upload-too-large"
    assert "expected at most 500,000,000 bytes, found 1,099,511,627,776" in error["message"]


def test_a_lake_or_store_that_is_broken_raises(place, tmp_path):
    """That is not the owner's fault, and worth another try."""
    settings, validator = place
    _, dataset = _register(settings, valid_file(3))
    (tmp_path / "in the way").write_text("")
    (settings.data_dir / "uploads" / "link").symlink_to(settings.data_dir / "uploads" / "ana")

    with pytest.raises(LakeError):
        replace(validator, lake=LocalLake(tmp_path / "in the way")).validate(dataset)
    with pytest.raises(StoreError):
        validator.validate(replace(dataset, storage_path="uploads/link/file.jsonl"))


def test_nothing_is_put_into_a_lake_that_is_not_the_one_that_is_meant(place):
    """What goes into the folder below a disk that is not mounted is out of sight when the disk is back."""
    settings, validator = place
    _, dataset = _register(settings, valid_file(4))

    with pytest.raises(LakeError, match="not mounted"):
        replace(validator, lake_problem=lambda: "not mounted").validate(dataset)

    assert not validator.lake.has(dataset.id)


def test_validating_twice_gives_the_same_rows(place):
    """Re-running a partition changes nothing that anybody reads."""
    settings, validator = place
    _, dataset = _register(settings, bad_file())
    tables = ("conversations", "turns", "findings")

    first = validator.validate(dataset).lake_uris
    rows = {table: pq.ParquetFile(first[table]).read() for table in tables}
    second = validator.validate(dataset).lake_uris

    assert second == first
    assert {table: pq.ParquetFile(second[table]).read() for table in tables} == rows


def test_a_store_that_goes_away_once_the_rows_are_published_costs_the_lines_and_not_the_verdict(place, monkeypatch):
    settings, validator = place
    _, dataset = _register(settings, bad_file())

    def gone(*_):
        raise StoreError("the store does not answer")

    monkeypatch.setattr(UploadLines, "marked", gone)
    outcome = validator.validate(dataset)

    assert (outcome.verdict().status, set(outcome.lines)) == ("error", {None})
    assert len(outcome.lines) == len(outcome.shown_findings) > 0
