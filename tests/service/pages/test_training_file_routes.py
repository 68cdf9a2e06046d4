"""Training files at their pages: counted before they are built, built in versions, sent to the datasets."""

import re

import pytest

from tests.made import ITEMS
from tests.service.pages.signed_in import PAGE

NAME, WRITTEN = "Money <talk>", "<bdi>Money &lt;talk&gt;"


@pytest.fixture
def built(ann):
    """The address of a file of all that is accepted."""
    answer = ann.post("/training-files", data={"name": NAME}, headers=PAGE)
    assert answer.status_code == 303
    return answer.headers["location"].partition("?")[0]


def test_what_a_file_would_have_is_counted_and_nothing_is_built(ann, made_catalog):
    page = ann.get("/training-files/new?tier=edge_case").text
    every = ann.get("/training-files/new").text
    none = ann.get("/training-files/new?text=nowhere").text

    counts = [int(re.search(r'<div class="fit good"><h2>(\d+) conversations?</h2>', each)[1]) for each in (page, every)]
    assert 0 < counts[0] < counts[1] < ITEMS
    assert "Making them did cost" in every
    assert 'href="/conversations?status=accepted"' in every
    assert "No accepted conversation fits" in none
    assert "Your first training file" in ann.get("/training-files").text
    assert made_catalog.count_training_files(None) == 0


def test_a_file_is_built_added_to_as_its_next_version_and_downloaded(ann, built, made):
    page = ann.get(built).text
    add = re.search(r'href="(/training-files/new\?[^"]+)">Add conversations', page)[1]
    again = ann.get(add).text
    second = ann.post("/training-files", data={"name": NAME, "score_min": "4"}, headers=PAGE)
    newest = ann.get(second.headers["location"]).text

    assert WRITTEN in page
    assert f'<a href="{built}"><bdi>The training file Money' in page
    assert "Meant: <bdi>every accepted conversation</bdi>" in page
    assert "It is version 2 of this name" in again
    assert "<span>version 2</span>" in newest
    assert "score of at least 4" in newest
    assert f'href="{built}"' in newest
    link = re.search(r'href="(/api/training-files/\w+/files/native.jsonl)"', page)[1]
    assert len(ann.get(link).text.splitlines()) == page.count('<a href="/conversations/')
    assert built in ann.get(f"/generation/{made.batch_id}").text
    assert built in ann.get("/training-files").text


@pytest.mark.parametrize(("typed", "said"), [({"name": " "}, "a name"), ({"name": "x", "text": "nowhere"}, "none")])
def test_a_file_that_cannot_be_built_says_why(ann, typed, said):
    answer = ann.post("/training-files", data=typed, headers=PAGE)

    assert answer.status_code == 400
    assert "Not built" in answer.text
    assert said in answer.text


def test_a_file_becomes_a_dataset_whose_page_says_what_making_it_did_cost(ann, built, made_catalog):
    sent = ann.post(f"{built}/send", headers=PAGE)
    again = ann.post(f"{built}/send", headers=PAGE)
    file = made_catalog.get_training_file(built.rpartition("/")[2])
    page, dataset = ann.get(built).text, ann.get(f"/datasets/{file.dataset_id}").text

    assert (sent.status_code, again.headers["location"]) == (303, built)
    assert f'href="/datasets/{file.dataset_id}"' in page
    assert "Send to datasets" not in page
    origin = re.search(rf'<a href="{built}">{WRITTEN}, version (\d)</bdi></a>; (.*)</p>', dataset)
    assert int(origin[1]) == file.version
    assert origin[2] == f"making its conversations did cost ${file.cost_nano_usd / 1e9:.2f}."
