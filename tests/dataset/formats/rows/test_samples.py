"""The samples of formats are what their script makes, and each is ready in the format of its name."""

import gzip
import io

import pytest
import zstandard

from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.samples_of_formats import FOLDER, TALKS, files

NAMES = sorted(files())


def test_the_folder_holds_what_the_script_makes():
    """`python -m tests.samples_of_formats` would change nothing; packed files may differ by their library's version."""
    made = files()

    assert sorted(path.name for path in FOLDER.iterdir()) == NAMES
    for name in NAMES:
        content = (FOLDER / name).read_bytes()
        if name.endswith(".gz"):
            assert gzip.decompress(content) == made["openai.jsonl"]
        elif name.endswith(".zst"):
            assert zstandard.decompress(content) == made["openai.jsonl"]
        else:
            assert content == made[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_ready_without_a_finding(name, tmp_path):
    report = profile_stream(io.BytesIO((FOLDER / name).read_bytes()), tmp_path, Rules().structure_only()).as_dict(name)

    form = "alpaca" if name == "array.json" else name.split(".")[0]
    assert (report["format"], report["status"], report["conversations"]) == (form, "ready", len(TALKS))
    assert report["finding_counts"] == {}
