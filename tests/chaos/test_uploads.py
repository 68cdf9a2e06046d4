"""What the uploads of the chaos runs claim of themselves is what the engine says of them."""

import io

import pyarrow.parquet as pq
import pytest

from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.intake import new_uploads
from pipeline.flow.validation import Validator
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import LocalLake
from pipeline.state.store import make_store, safe_key
from tests.chaos.uploads import make_uploads

MANY = make_uploads(60, seed=7)
# One of each kind of file; what is said of it is reckoned for all in the same way.
EACH = {(upload.file_name.split("-")[0], upload.file_name.split(".", 1)[1]): upload for upload in MANY}


def test_there_are_all_kinds_and_no_two_of_a_name():
    kinds = {upload.file_name.partition("-")[0] for upload in MANY}

    assert kinds == {
        "good",
        "large",
        "bad",
        "packed",
        "array",
        "one_line_array",
        "odd_name",
        "cut_short",
        "binary",
        "empty",
    }
    assert len({upload.file_name for upload in MANY}) == len(MANY)
    assert {upload.way for upload in MANY} == {"dropped", "service"}


def test_the_same_seed_makes_the_same_bytes():
    assert make_uploads(10, seed=3) == make_uploads(10, seed=3) != make_uploads(10, seed=4)


@pytest.mark.parametrize("upload", EACH.values(), ids=lambda upload: upload.file_name)
def test_each_gets_the_verdict_it_claims(upload, settings, tmp_path):
    store, lake = make_store(settings), LocalLake(tmp_path / "lake")
    validator = Validator(store, lake, Rules(), settings.max_upload_bytes, run_id="run")
    stored = store.put(safe_key(upload.owner, upload.file_name), io.BytesIO(upload.content), len(upload.content))
    [new] = new_uploads(store, [stored], settings.max_upload_bytes)
    with Catalog.open(settings.catalog_url) as catalog:
        catalog.register_uploads([new], utc_now())
        validated = validator.validate(catalog.get(new.dataset_id))

    rows = {table: pq.ParquetFile(uri).metadata.num_rows for table, uri in validated.lake_uris.items()}
    assert (validated.verdict().status, rows["conversations"], rows["turns"]) == (
        upload.status,
        upload.conversations,
        upload.turns,
    )
    assert rows["findings"] == upload.findings or (upload.findings is None and rows["findings"] > 0)
